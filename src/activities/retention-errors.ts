/** Thrown instead of deleting anything: by one of the two clocks everything would look older than it is. */
export class ClocksDisagreeError extends Error {
  readonly code = 'store-clock-skew';
  constructor(skewMs: number) {
    super(`the clocks of this recorder and of the store differ by ${Math.round(skewMs / 60_000)} minutes`);
    this.name = 'ClocksDisagreeError';
  }
}
