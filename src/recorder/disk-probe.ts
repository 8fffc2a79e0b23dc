import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../clock.js';

/** Asks the disk under `dir` to make one byte durable. `late`: it did not within the limit, or failed. */
export type ProbeDisk = (dir: string, limitMs: number) => Promise<'in-time' | 'late'>;

const PROBE_NAME = '.probe';

/** One probe at a time in a folder: a disk that hangs gets no second one. */
export function createDiskProbe(clock: Clock): ProbeDisk {
  const running = new Set<string>();
  return async (dir, limitMs) => {
    if (running.has(dir)) return 'late';
    running.add(dir);
    const written = writeProbe(dir).then(
      () => 'in-time' as const,
      () => 'late' as const,
    );
    const done = written.finally(() => running.delete(dir));
    const patience = new AbortController();
    const tooLate = clock.sleep(limitMs, patience.signal).then(
      () => 'late' as const,
      () => 'late' as const,
    );
    const answer = await Promise.race([done, tooLate]);
    patience.abort();
    return answer;
  };
}

async function writeProbe(dir: string): Promise<void> {
  const file = await open(join(dir, PROBE_NAME), 'w', 0o600);
  try {
    await file.write('.');
    await file.datasync();
  } finally {
    await file.close();
  }
}
