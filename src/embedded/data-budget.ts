/** Keeps a machine that only tries the recorder out from being filled: recording stops when the folder is full enough. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../clock.js';

/** A walk over ten thousand files takes 0.2 s; two 2K cameras write 11 MB meanwhile. */
const LOOK_EVERY_MS = 10_000;
/** The unit of `blocks`, whatever the file system's own is. */
const BLOCK_BYTES = 512;

/** A limit on what a folder holds. Once reached it stays so: recording that starts and stops by turns helps nobody. */
export class DataBudget {
  readonly dir: string;
  readonly limitBytes: number;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  #isUsedUp = false;
  #usedBytes = 0;
  #lookedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: {
    readonly dir: string;
    readonly limitBytes: number;
    readonly clock: Pick<Clock, 'monotonicMs'>;
  }) {
    this.dir = options.dir;
    this.limitBytes = options.limitBytes;
    this.#clock = options.clock;
  }

  /** As of the last look. */
  get isUsedUp(): boolean {
    return this.#isUsedUp;
  }

  /** What the folder held at the last look. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Looks, unless the last look was less than 10 s ago. */
  async look(): Promise<boolean> {
    const nowMs = this.#clock.monotonicMs();
    if (this.#isUsedUp || nowMs - this.#lookedAtMs < LOOK_EVERY_MS) return this.#isUsedUp;
    this.#lookedAtMs = nowMs;
    this.#usedBytes = await measureFolder(this.dir);
    this.#isUsedUp = this.#usedBytes >= this.limitBytes;
    return this.#isUsedUp;
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
