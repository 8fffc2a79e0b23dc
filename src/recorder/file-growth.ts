/** The file was this much longer when it was modified then. */
export interface GrowthSample {
  readonly modifiedAtMs: number;
  readonly mediaEndMs: number;
}

/** A camera's clock may run fast: what it says after a minute no longer tells when the file began. */
const START_SEEN_WITHIN_MS = 60_000;
/** Lately is the last one to two of these, media time: a camera that stamps 25 frames and ships 21 is a second off after six. */
const LATELY_MS = 2_000;

/**
 * What the growth of one file tells about the time its media began. Frames reach the disk late, never early: every sample is too
 * late or right, so the smallest is the best. Pure.
 */
export class FileGrowth {
  #earliestStartMs: number | null = null;
  #samples = 0;
  #lastGrewAtMs: number | null = null;
  #latelySinceMediaMs = 0;
  #latelyStartMs = Number.POSITIVE_INFINITY;
  #beforeStartMs = Number.POSITIVE_INFINITY;

  note({ modifiedAtMs, mediaEndMs }: GrowthSample): void {
    const startMs = modifiedAtMs - mediaEndMs;
    this.#samples += 1;
    this.#lastGrewAtMs = modifiedAtMs;
    if (this.#earliestStartMs === null || mediaEndMs <= START_SEEN_WITHIN_MS) {
      this.#earliestStartMs = Math.min(this.#earliestStartMs ?? startMs, startMs);
    }
    if (mediaEndMs - this.#latelySinceMediaMs > LATELY_MS) {
      this.#latelySinceMediaMs = mediaEndMs;
      this.#beforeStartMs = this.#latelyStartMs;
      this.#latelyStartMs = Number.POSITIVE_INFINITY;
    }
    this.#latelyStartMs = Math.min(this.#latelyStartMs, startMs);
  }

  /** By its first minute; null before the first sample. */
  get earliestStartMs(): number | null {
    return this.#earliestStartMs;
  }

  get lastGrewAtMs(): number | null {
    return this.#lastGrewAtMs;
  }

  /** As the end of the media has it, drift included; null where growth was not seen: one sample may be of any time after the last frame. */
  get latelyStartMs(): number | null {
    return this.#samples < 2 ? null : Math.min(this.#latelyStartMs, this.#beforeStartMs);
  }
}
