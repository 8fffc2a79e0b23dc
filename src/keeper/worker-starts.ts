import type { Supervision, WorkerStartReason } from '../domain/supervision.js';
import { type RestartLimits, restartWaitMs } from './restart-limits.js';

/** How long a worker that hung or crashed is worth telling. */
export const RECENT_FAILURES_MS = 3_600_000;

interface Start {
  readonly reason: WorkerStartReason;
  readonly atMs: number;
}

/** Every start of a worker since the keeper's own, as far as somebody asks for it. Times by a clock that does not step. */
export class WorkerStarts {
  readonly #limits: RestartLimits;
  #counts: Supervision['starts'] = { first: 0, upgrade: 0, memory: 0, hung: 0, crashed: 0 };
  #recent: readonly Start[] = [];

  constructor(limits: RestartLimits) {
    this.#limits = limits;
  }

  get counts(): Supervision['starts'] {
    return this.#counts;
  }

  note(reason: WorkerStartReason, nowMs: number): void {
    const { burst, sustained } = this.#limits;
    const keepMs = Math.max(burst.withinMs, sustained.withinMs, RECENT_FAILURES_MS);
    this.#counts = { ...this.#counts, [reason]: this.#counts[reason] + 1 };
    this.#recent = [...this.#recent.filter(({ atMs }) => nowMs - atMs < keepMs), { reason, atMs: nowMs }];
  }

  /** Before the next one, when nobody asked for it. */
  waitMs(nowMs: number, wasReady: boolean): number {
    const startsMs = this.#recent.map(({ atMs }) => atMs);
    return restartWaitMs(this.#limits, startsMs, nowMs, wasReady);
  }

  /** Workers that hung or crashed within `RECENT_FAILURES_MS`. */
  recentFailures(nowMs: number): number {
    const failures = this.#recent.filter(({ reason }) => reason === 'hung' || reason === 'crashed');
    return failures.filter(({ atMs }) => nowMs - atMs < RECENT_FAILURES_MS).length;
  }
}
