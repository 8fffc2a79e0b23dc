import { type TrackStart, trackStartOf } from './edit-list.js';
import type { MovieTrack } from './movie.js';
import type { RunSample, SampleRun } from './movie-fragment.js';
import { Mp4Error } from './mp4-error.js';
import { float64Column, int32Column, uint8Column, uint32Column } from './number-column.js';
import type { Sample } from './sample.js';

/** Every sample of one track, in columns: 17 bytes each. */
export class TrackSamples {
  readonly movieTrack: MovieTrack;
  readonly dtsTicks = float64Column();
  readonly sizeBytes = uint32Column();
  readonly compositionTicks = int32Column();
  /** 1 for a sample that can be decoded alone. */
  readonly sync = uint8Column();
  /** One chunk is one run. */
  readonly chunkOffsetBytes = float64Column();
  readonly chunkSamples = uint32Column();
  readonly #movieTimescale: number;
  #syncSamples = 0;
  #lastDurationTicks = 0;
  /** Earliest and latest presentation, from the first decode time; the latest without the last sample, whose end may still change. */
  #firstShownTicks = Number.POSITIVE_INFINITY;
  #endOfAllButLastTicks = 0;

  /** @throws Mp4Error `unsupported-edit` */
  constructor(movieTrack: MovieTrack, movieTimescale: number) {
    this.movieTrack = movieTrack;
    this.#movieTimescale = movieTimescale;
    // Refused here, so that asking for a time later never throws.
    trackStartOf(movieTrack.edits, { movieTimescale, timescale: movieTrack.timescale, firstDtsTicks: 0 });
  }

  get id(): number {
    return this.movieTrack.id;
  }

  get kind(): MovieTrack['kind'] {
    return this.movieTrack.kind;
  }

  get timescale(): number {
    return this.movieTrack.timescale;
  }

  get samples(): number {
    return this.dtsTicks.length;
  }

  get isAllSync(): boolean {
    return this.#syncSamples === this.samples;
  }

  /** The next sample's decode time says how long one lasts; of the last one there is only its own word. */
  durationTicks(sample: number): number {
    if (sample === this.samples - 1) return this.#lastDurationTicks;
    return this.dtsTicks.at(sample + 1) - this.dtsTicks.at(sample);
  }

  /** Decode time of the first sample; 0 without one. */
  get firstDtsTicks(): number {
    return this.samples === 0 ? 0 : this.dtsTicks.at(0);
  }

  /** Where decoding ends. */
  get endDtsTicks(): number {
    return this.samples === 0 ? 0 : this.dtsTicks.at(this.samples - 1) + this.#lastDurationTicks;
  }

  get start(): TrackStart {
    return trackStartOf(this.movieTrack.edits, {
      movieTimescale: this.#movieTimescale,
      timescale: this.timescale,
      firstDtsTicks: this.firstDtsTicks,
    });
  }

  /** From the first decode time: when the first sample is shown, and when the last one ends. */
  get shownTicks(): { readonly from: number; readonly to: number } {
    if (this.samples === 0) return { from: 0, to: 0 };
    const last = this.samples - 1;
    const lastEnd = this.endDtsTicks - this.firstDtsTicks + this.compositionTicks.at(last);
    return { from: this.#firstShownTicks, to: Math.max(this.#endOfAllButLastTicks, lastEnd) };
  }

  /** Every sample, in decode order. */
  *each(): Generator<Sample> {
    let sample = 0;
    for (let chunk = 0; chunk < this.chunkSamples.length; chunk += 1) {
      let offsetBytes = this.chunkOffsetBytes.at(chunk);
      for (let left = this.chunkSamples.at(chunk); left > 0; left -= 1) {
        yield this.#sampleAt(sample, offsetBytes);
        offsetBytes += this.sizeBytes.at(sample);
        sample += 1;
      }
    }
  }

  #sampleAt(sample: number, offsetBytes: number): Sample {
    return {
      offsetBytes,
      sizeBytes: this.sizeBytes.at(sample),
      dtsTicks: this.dtsTicks.at(sample),
      durationTicks: this.durationTicks(sample),
      compositionTicks: this.compositionTicks.at(sample),
      isSync: this.sync.at(sample) === 1,
    };
  }

  /** @throws Mp4Error `dts-backwards`, and then nothing was added. */
  add(run: SampleRun): void {
    if (this.samples > 0 && run.dtsTicks < this.dtsTicks.at(this.samples - 1)) {
      throw new Mp4Error('dts-backwards', `track ${this.id} goes back to ${run.dtsTicks}`);
    }
    if (run.samples.length === 0) return;
    this.chunkOffsetBytes.push(run.offsetBytes);
    this.chunkSamples.push(run.samples.length);
    let dtsTicks = run.dtsTicks;
    for (const sample of run.samples) {
      this.#addSample(sample, dtsTicks);
      dtsTicks += sample.durationTicks;
    }
  }

  #addSample(sample: RunSample, dtsTicks: number): void {
    const previous = this.samples - 1;
    if (previous >= 0) {
      const end = dtsTicks - this.firstDtsTicks + this.compositionTicks.at(previous);
      this.#endOfAllButLastTicks = Math.max(this.#endOfAllButLastTicks, end);
    }
    this.dtsTicks.push(dtsTicks);
    this.sizeBytes.push(sample.sizeBytes);
    this.compositionTicks.push(sample.compositionTicks);
    this.sync.push(sample.isSync ? 1 : 0);
    this.#syncSamples += sample.isSync ? 1 : 0;
    this.#lastDurationTicks = sample.durationTicks;
    this.#firstShownTicks = Math.min(this.#firstShownTicks, dtsTicks - this.firstDtsTicks + sample.compositionTicks);
  }
}
