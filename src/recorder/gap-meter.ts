import type { GapCause } from '../domain/coverage.js';

/**
 * Seconds without footage by cause, as they pass: for metrics, which cannot wait for the segment that will carry the claim.
 * Pure; monotonic ms.
 */
export interface GapMeter {
  readonly open: { readonly cause: GapCause; readonly sinceMs: number } | null;
  readonly closedMsByCause: ReadonlyMap<GapCause, number>;
}

export const EMPTY_METER: GapMeter = { open: null, closedMsByCause: new Map() };

/** A gap that is open under another cause goes on under this one from now. */
export function gapOpened(
  meter: GapMeter,
  cause: GapCause,
  at: { readonly sinceMs: number; readonly nowMs: number },
): GapMeter {
  if (meter.open === null) return { ...meter, open: { cause, sinceMs: at.sinceMs } };
  if (meter.open.cause === cause) return meter;
  return { ...gapClosed(meter, at.nowMs), open: { cause, sinceMs: at.nowMs } };
}

export function gapClosed(meter: GapMeter, nowMs: number): GapMeter {
  return { open: null, closedMsByCause: gapMsByCause(meter, nowMs) };
}

/** A gap of before the meter ran, which became known only now. */
export function gapAdded(meter: GapMeter, cause: GapCause, lengthMs: number): GapMeter {
  const sum = (meter.closedMsByCause.get(cause) ?? 0) + lengthMs;
  return { ...meter, closedMsByCause: new Map([...meter.closedMsByCause, [cause, sum]]) };
}

/** The gap that is open now included: grows while it lasts, never shrinks. */
export function gapMsByCause(meter: GapMeter, nowMs: number): ReadonlyMap<GapCause, number> {
  if (meter.open === null) return meter.closedMsByCause;
  const { cause, sinceMs } = meter.open;
  const sum = (meter.closedMsByCause.get(cause) ?? 0) + Math.max(0, nowMs - sinceMs);
  return new Map([...meter.closedMsByCause, [cause, sum]]);
}
