/** A stretch of time, UTC milliseconds, half-open: `fromMs` belongs to it, `toMs` does not. */
export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}
