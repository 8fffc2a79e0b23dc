/** What every measurement stands on: a folder that goes away, tools, options, and a table at the end. */
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { findTool, readKnownTools } from '../src/embedded/tools.js';

type ToolName = Parameters<typeof findTool>[0];

/** Set-up wrote down which tools it fetched. */
export async function toolPath(name: ToolName): Promise<string> {
  const known = await readKnownTools(resolve('.tools', 'tools.json'));
  return (await findTool(name, { searchPath: process.env['PATH'] ?? '', known })).path;
}

/** Runs the measurement in an empty folder and undoes, newest first, what it asked to be undone. */
export async function withWorkbench(
  measure: (bench: { readonly dir: string; onEnd(undo: () => Promise<unknown>): void }) => Promise<void>,
): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'camera-recorder-bench-'));
  const undos: (() => Promise<unknown>)[] = [
    async () => await rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }),
  ];
  try {
    await measure({ dir, onEnd: (undo) => undos.push(undo) });
  } finally {
    for (const undo of undos.reverse()) await undo();
  }
}

/** `--window-seconds 30` as a number; every measurement takes the options of all of them. */
export function numberOption(name: string, fallback: number): number {
  const { values } = parseArgs({ strict: false, options: { [name]: { type: 'string' } } });
  const given = values[name];
  return typeof given === 'string' ? Number(given) : fallback;
}

/** `--picture small` as it is. */
export function textOption(name: string, fallback: string): string {
  const { values } = parseArgs({ strict: false, options: { [name]: { type: 'string' } } });
  const given = values[name];
  return typeof given === 'string' ? given : fallback;
}

export interface Result {
  readonly what: string;
  readonly measured: string;
  /** The number to hold; empty where there is none. */
  readonly toHold: string;
  /** Null where there is none to hold. */
  readonly isHeld: boolean | null;
}

/** As a Markdown table, ready for `docs/measurements.md`; a number that is not held is said to be missed. */
export function printResults(title: string, results: readonly Result[]): void {
  const rows = results.map(({ what, measured, toHold, isHeld }) => {
    const verdict = isHeld === null ? '' : isHeld ? 'held' : '**missed**';
    return `| ${what} | ${measured} | ${toHold} | ${verdict} |`;
  });
  const machine = `${cpus().length} cores, ${cpus()[0]?.model.trim() ?? 'unknown'}, load ${loadavg()[0]?.toFixed(1)}`;
  const head = ['| what | measured | to hold | |', '|---|---|---|---|'];
  process.stdout.write(`\n${title}\n${new Date().toISOString()}, Node ${process.version}, ${machine}\n\n`);
  process.stdout.write(`${[...head, ...rows].join('\n')}\n`);
}

/** The middle one; the mean of the two middle ones of an even number. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2;
}
