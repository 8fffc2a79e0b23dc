/** One sample of a track, wherever it is described. */
export interface Sample {
  /** From the start of the file. */
  readonly offsetBytes: number;
  readonly sizeBytes: number;
  readonly dtsTicks: number;
  /** Until the next sample is decoded; of the last one there is only its own word. */
  readonly durationTicks: number;
  /** Presentation minus decode time. */
  readonly compositionTicks: number;
  /** Can be decoded alone. */
  readonly isSync: boolean;
}
