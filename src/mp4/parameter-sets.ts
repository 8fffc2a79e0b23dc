import type { SampleRun } from './movie-fragment.js';
import type { ReadAt } from './read-at.js';
import type { VideoEntry } from './sample-entry.js';
import { spsPictureOf } from './sps-picture.js';
import type { TrackSamples } from './track-samples.js';

/** Parameter sets come first in a frame; with our stamp and an encoder's note they stay well below. */
const LOOKED_AT_BYTES = 4096;
const SPS_TYPE = { h264: 7, hevc: 33 } as const;

/**
 * Tells when a camera was reconfigured: FFmpeg copies on under the old sample description and says nothing.
 *
 * The description may come from the session description, and cameras exist whose frames carry a slightly different SPS
 * from the start. So what the first keyframe carries counts as known too, as long as it describes the same picture.
 */
export class ParameterSetWatch {
  readonly #source: ReadAt;
  #first: readonly Uint8Array[] | null = null;
  constructor(source: ReadAt) {
    this.#source = source;
  }

  /** Whether a sync sample among the runs carries an SPS that was not known. */
  async hasStranger(runs: readonly SampleRun[], trackOf: (id: number) => TrackSamples): Promise<boolean> {
    for (const run of runs) {
      const { entry } = trackOf(run.trackId).movieTrack;
      if (entry === null) continue;
      for (const sample of syncSamplesOf(run)) {
        const units = await this.#parameterSetsIn(sample, entry);
        this.#first ??= units.filter((unit) => isSamePicture(unit, entry));
        const known = [...entry.sequenceParameterSets, ...this.#first];
        if (units.some((unit) => !isKnown(unit, known))) return true;
      }
    }
    return false;
  }

  async #parameterSetsIn(sample: SampleBytes, entry: VideoEntry): Promise<readonly Uint8Array[]> {
    const bytes = new Uint8Array(Math.min(LOOKED_AT_BYTES, sample.sizeBytes));
    const got = await this.#source.read(bytes, sample.offsetBytes);
    return nalUnits(bytes.subarray(0, got), entry.nalLengthBytes).filter(
      (unit) => nalType(unit, entry.codec) === SPS_TYPE[entry.codec],
    );
  }
}

interface SampleBytes {
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

function syncSamplesOf(run: SampleRun): readonly SampleBytes[] {
  let { offsetBytes } = run;
  return run.samples
    .map(({ sizeBytes, isSync }) => {
      const sample = { offsetBytes, sizeBytes, isSync };
      offsetBytes += sizeBytes;
      return sample;
    })
    .filter((sample) => sample.isSync);
}

function isKnown(unit: Uint8Array, known: readonly Uint8Array[]): boolean {
  return known.some((other) => Buffer.compare(unit, other) === 0);
}

function isSamePicture(unit: Uint8Array, entry: VideoEntry): boolean {
  const picture = JSON.stringify(spsPictureOf(unit, entry.codec));
  return entry.sequenceParameterSets.some((known) => JSON.stringify(spsPictureOf(known, entry.codec)) === picture);
}

/** The whole NAL units at the start of a sample; a cut one ends the list. */
function nalUnits(sample: Uint8Array, lengthBytes: number): readonly Uint8Array[] {
  const units: Uint8Array[] = [];
  for (let at = 0; at + lengthBytes < sample.length; ) {
    const size = sample.subarray(at, at + lengthBytes).reduce((value, byte) => value * 256 + byte, 0);
    const end = at + lengthBytes + size;
    if (size === 0 || end > sample.length) break;
    units.push(sample.subarray(at + lengthBytes, end));
    at = end;
  }
  return units;
}

function nalType(unit: Uint8Array, codec: VideoEntry['codec']): number {
  const first = unit[0] ?? 0;
  return codec === 'h264' ? first & 0x1f : (first >> 1) & 0x3f;
}
