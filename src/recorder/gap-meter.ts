/**
 * Seconds without footage by cause, as they are counted for metrics: exactly what the claims say, and never less than was told before.
 * Pure.
 */
import type { GapCause, GapClaim } from '../domain/coverage.js';
import { isMissed } from '../domain/gap-causes.js';

/** Milliseconds of missing footage; a cause without any is not in it. */
export type MsByCause = ReadonlyMap<GapCause, number>;

/** To begin with, at the start of a worker: earlier gaps are in the bucket, not in its metrics. */
export const NO_GAPS: MsByCause = new Map();

/** @param sinceMs wall clock; what a claim says of the time before was counted by somebody else */
export function withClaims(sum: MsByCause, claims: readonly GapClaim[], sinceMs: number): MsByCause {
  const more = new Map(sum);
  for (const { cause, fromMs, toMs } of claims.filter(isMissed)) {
    const countedMs = toMs - Math.max(fromMs, sinceMs);
    if (countedMs > 0) more.set(cause, (more.get(cause) ?? 0) + countedMs);
  }
  return more;
}

/** What was told of a count that must not shrink. */
export interface Told {
  readonly ms: number;
  /** Told too much, and kept. */
  readonly forgivenMs: number;
}

/** A better look takes back less than this. More was a clock that was wrong, or footage found later: growth would stand still as long. */
const MOST_OWED_MS = 10_000;

/** Told too much by a little, it stands still until the truth has caught up. */
export function tellMore(told: Told | undefined, trueMs: number): Told {
  const { ms, forgivenMs } = told ?? { ms: 0, forgivenMs: 0 };
  const owedMs = ms - (trueMs + forgivenMs);
  if (owedMs <= 0) return { ms: trueMs + forgivenMs, forgivenMs };
  return owedMs <= MOST_OWED_MS ? { ms, forgivenMs } : { ms, forgivenMs: forgivenMs + owedMs };
}
