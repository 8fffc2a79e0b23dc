import { readFile } from 'node:fs/promises';

/** What some processes have cost until now. */
export interface Cost {
  readonly cpuMs: number;
  readonly rssBytes: number;
  /** Memory with each shared page counted once, divided among those who share it. */
  readonly pssBytes: number;
  /** What they caused to be written to disk. */
  readonly writtenBytes: number;
}

/** Linux counts in ticks of 10 ms. */
const MS_PER_TICK = 10;
const KIB = 1_024;

/** @throws when one of them is gone: then the difference of two costs would be wrong */
export async function costOf(pids: readonly number[]): Promise<Cost> {
  const costs = await Promise.all(pids.map(costOfOne));
  return costs.reduce(added, { cpuMs: 0, rssBytes: 0, pssBytes: 0, writtenBytes: 0 });
}

/** CPU that all ended children of this process have used, those they waited for included. */
export async function endedChildrenCpuMs(): Promise<number> {
  const fields = fieldsBehindName(await readFile('/proc/self/stat', 'utf8'));
  return (Number(fields[13]) + Number(fields[14])) * MS_PER_TICK;
}

async function costOfOne(pid: number): Promise<Cost> {
  const [stat, rollup, io] = await Promise.all(
    ['stat', 'smaps_rollup', 'io'].map(async (name) => await readFile(`/proc/${pid}/${name}`, 'utf8')),
  );
  const fields = fieldsBehindName(stat ?? '');
  return {
    // utime, stime, and those of children that ended: setpriv, a remux.
    cpuMs: [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index]), 0) * MS_PER_TICK,
    rssBytes: numberAfter('Rss:', rollup) * KIB,
    pssBytes: numberAfter('Pss:', rollup) * KIB,
    writtenBytes: numberAfter('write_bytes:', io) - numberAfter('cancelled_write_bytes:', io),
  };
}

/** Field 3 of proc(5) is the first: the name before it may hold anything. */
function fieldsBehindName(stat: string): readonly string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function numberAfter(label: string, text = ''): number {
  const line = text.split('\n').find((candidate) => candidate.startsWith(label)) ?? '';
  return Number(/\d+/.exec(line)?.[0] ?? 0);
}

function added(a: Cost, b: Cost): Cost {
  return {
    cpuMs: a.cpuMs + b.cpuMs,
    rssBytes: a.rssBytes + b.rssBytes,
    pssBytes: a.pssBytes + b.pssBytes,
    writtenBytes: a.writtenBytes + b.writtenBytes,
  };
}
