/** Keeps a machine that only tries the recorder out from being filled: recording stops when the folder is full enough. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, systemClock } from '../clock.js';

/** Five hours of one 2K camera. */
export const DATA_LIMIT_BYTES = 10_000_000_000;
const LOOK_EVERY_MS = 15_000;
/** The unit of `blocks`, whatever the file system's own is. */
const BLOCK_BYTES = 512;
/** Recording goes on again only once a tenth is free, so that it does not start and stop by turns. */
const RESUME_SHARE = 0.9;

export type BudgetState = 'within' | 'exceeded';

/** What holds after seeing that much used; between the two marks it is what it was. */
export function judgeBudget(state: BudgetState, usedBytes: number, limitBytes: number): BudgetState {
  if (usedBytes >= limitBytes) return 'exceeded';
  return usedBytes < limitBytes * RESUME_SHARE ? 'within' : state;
}

export interface DataBudgetOptions {
  readonly dir: string;
  readonly limitBytes?: number;
  /** Called at each change, starting from `within`. What it throws ends the watch. */
  readonly onChange: (state: BudgetState, usedBytes: number) => Promise<void> | void;
  readonly clock?: Clock;
  readonly signal: AbortSignal;
}

/** Looks every 15 s until the signal aborts, and then resolves. */
export async function watchDataBudget(options: DataBudgetOptions): Promise<void> {
  const { clock = systemClock, limitBytes = DATA_LIMIT_BYTES, signal } = options;
  let state: BudgetState = 'within';
  while (!signal.aborted) {
    const usedBytes = await measureFolder(options.dir);
    const next = judgeBudget(state, usedBytes, limitBytes);
    if (next !== state) await options.onChange(next, usedBytes);
    state = next;
    await clock.sleep(LOOK_EVERY_MS, signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }
}

/** Bytes the folder takes from its disk. What vanishes while we look counts as nothing. */
export async function measureFolder(dir: string): Promise<number> {
  const entries = await unlessGone(readdir(dir, { withFileTypes: true, recursive: true }));
  let usedBytes = 0;
  for (const entry of entries ?? []) {
    if (!entry.isFile()) continue;
    const found = await unlessGone(stat(join(entry.parentPath, entry.name)));
    usedBytes += (found?.blocks ?? 0) * BLOCK_BYTES;
  }
  return usedBytes;
}

async function unlessGone<T>(looking: Promise<T>): Promise<T | undefined> {
  try {
    return await looking;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
