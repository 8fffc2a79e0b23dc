/** One sample of a track, wherever it is described. */
export interface Sample {
  /** From the start of the file. */
  readonly offsetBytes: number;
  readonly sizeBytes: number;
  readonly dtsTicks: number;
  /** Presentation minus decode time. */
  readonly compositionTicks: number;
  /** Can be decoded alone. */
  readonly isSync: boolean;
}
