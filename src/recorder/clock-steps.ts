/** Finds steps of the wall clock by comparing it with the monotonic one. Slewing (NTP's normal way, ≤ 0.05 %) is not a step. */
export interface ClockSample {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

/** Far over what slewing does between two samples, far under what matters to coverage. */
const SMALLEST_STEP_MS = 250;

/** @returns how far the wall clock was set between the samples, milliseconds; 0 when it was not */
export function stepBetween(before: ClockSample, after: ClockSample): number {
  const shiftMs = after.wallMs - before.wallMs - (after.monotonicMs - before.monotonicMs);
  return Math.abs(shiftMs) >= SMALLEST_STEP_MS ? shiftMs : 0;
}
