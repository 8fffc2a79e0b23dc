/** So many starts within so long, then a pause before each further one for as long as that holds. */
export interface RestartRate {
  readonly starts: number;
  readonly withinMs: number;
  readonly waitMs: number;
}

/**
 * How often a worker is started again (Erlang's intensity and period, as two numbers: one for a crash loop, one for a worker that
 * keeps dying all day). The keeper never gives up: recordings go on meanwhile, and a dead keeper would end them.
 */
export interface RestartLimits {
  readonly burst: RestartRate;
  readonly sustained: RestartRate;
  /** After a worker that died before it was ready. */
  readonly startUpWaitMs: number;
}

/** A slip costs no wait; a crash loop starts once in 5 s, and after 20 starts within an hour once a minute. */
export const DEFAULT_RESTART_LIMITS: RestartLimits = {
  burst: { starts: 3, withinMs: 30_000, waitMs: 5_000 },
  sustained: { starts: 20, withinMs: 3_600_000, waitMs: 60_000 },
  startUpWaitMs: 1_000,
};

/** Pure. How long to wait before the next start. `startsMs`: when workers were started, `nowMs` by the same clock. */
export function restartWaitMs(
  limits: RestartLimits,
  startsMs: readonly number[],
  nowMs: number,
  wasReady: boolean,
): number {
  const startUp = wasReady ? 0 : limits.startUpWaitMs;
  return Math.max(startUp, waitOf(limits.burst, startsMs, nowMs), waitOf(limits.sustained, startsMs, nowMs));
}

/** Pure. How many of the starts a rate still looks at. */
export function startsWithin(rate: Pick<RestartRate, 'withinMs'>, startsMs: readonly number[], nowMs: number): number {
  return startsMs.filter((startMs) => nowMs - startMs < rate.withinMs).length;
}

function waitOf(rate: RestartRate, startsMs: readonly number[], nowMs: number): number {
  return startsWithin(rate, startsMs, nowMs) < rate.starts ? 0 : rate.waitMs;
}
