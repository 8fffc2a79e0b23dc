/**
 * Looks at the memory of the worker, so that it is replaced in order before the kernel kills one of us for it: the worker, or an FFmpeg.
 *
 * 1. Only the worker is ever given up; the keeper and the recordings are what it must leave room for.
 * 2. A limit that is too low makes no loop: after so many replacements the worker stays, and that is said (once in the log, and by it).
 */
import type { WorkerMemory } from '../domain/supervision.js';
import type { KeeperLog } from './keeper-log.js';
import { memoryOf } from './process-memory.js';
import { judgeMemory, type MemoryLimits } from './worker-memory.js';

interface MemoryWatchOptions {
  /** Null: there is none, and nothing is looked at. */
  readonly limitBytes: number | null;
  readonly limits: MemoryLimits;
  readonly log: KeeperLog;
}

/** One for the life of a keeper: how often workers were replaced counts across them. */
export class MemoryWatch {
  readonly #options: MemoryWatchOptions;
  #replacedAtMs: readonly number[] = [];
  #memory: WorkerMemory | null = null;

  constructor(options: MemoryWatchOptions) {
    this.#options = options;
  }

  /** As of the last look. */
  get memory(): WorkerMemory | null {
    return this.#memory;
  }

  /** Whether the worker is to be replaced now: the caller then does so, at once. */
  look(worker: number, others: readonly number[]): boolean {
    const { limitBytes, limits, log } = this.#options;
    const workerBytes = memoryOf(worker);
    if (limitBytes === null || workerBytes === undefined) return false;
    const othersBytes = others.reduce((sum, pid) => sum + (memoryOf(pid) ?? 0), 0);
    const nowMs = performance.now();
    const verdict = judgeMemory({ limitBytes, workerBytes, othersBytes }, limits, this.#replacedAtMs, nowMs);
    const wasTooLow = this.#memory?.isTooLow === true;
    this.#memory = verdict.memory;
    const fields = { pid: worker, ...verdict.memory, othersBytes };
    if (verdict.kind === 'too-low' && !wasTooLow) {
      log('error', 'the memory limit is too low for the worker: it stays, recordings go on', fields);
    }
    if (verdict.kind !== 'replace') return false;
    log('warn', 'the worker is near its memory limit: it is replaced', fields);
    this.#replacedAtMs = [...this.#replacedAtMs.slice(-limits.replacements.starts), nowMs];
    return true;
  }
}
