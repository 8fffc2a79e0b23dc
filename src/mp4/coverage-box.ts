import { type BoxAt, readContent, wholeBoxes } from './box-at.js';
import { box } from './box-writer.js';
import { Mp4Error } from './mp4-error.js';
import type { ReadAt } from './read-at.js';
import type { SampleIndex } from './sample-index.js';

/** Says that a uuid box is ours. */
const COVERAGE_UUID = Buffer.from('5c0b2f6a94e84d3b8a77c1d15e9f3a42', 'hex');
const VERSION = 1;

/**
 * Where the fragments lie inside the recording, which is a byte-range source for HLS. All offsets count from the
 * recording's first byte, so the box does not depend on the length of the header it is part of.
 */
export interface RecordedFields {
  /** Length of the recording, torn tail included: a cross-check of the mdat's. */
  readonly bytes: number;
  /** End of the last whole fragment. */
  readonly complete: number;
  /** Length of ftyp and moov. */
  readonly init: number;
  /** Ticks a second of the video; null without video. */
  readonly timescale: number | null;
  /** Decode time of the first frame. */
  readonly start: number | null;
  /** To be added to each decode time for players that ignore the inner edit list: `start - mediaTime`, less the least of all tracks. */
  readonly tracks: readonly {
    readonly id: number;
    readonly timescale: number;
    readonly start: number;
    readonly mediaTime: number;
  }[];
  /** `[bytes, video ticks, 1 when it starts with a keyframe]`, in order from `init`. */
  readonly frags: readonly (readonly [number, number, 0 | 1])[];
}

/** Our fields come last, so that no coverage field can hide them. */
export function coverageBox(
  index: SampleIndex,
  recordingSizeBytes: number,
  coverageFields: Readonly<Record<string, unknown>>,
): Uint8Array {
  const json = { ...coverageFields, v: VERSION, recorded: recordedFields(index, recordingSizeBytes) };
  return box('uuid', COVERAGE_UUID, Buffer.from(JSON.stringify(json), 'utf8'));
}

function recordedFields(index: SampleIndex, recordingSizeBytes: number): RecordedFields {
  const video = index.videoTrack;
  return {
    bytes: recordingSizeBytes,
    complete: index.completeBytes,
    init: index.initBytes,
    timescale: video?.timescale ?? null,
    start: video?.firstDtsTicks ?? null,
    tracks: index.tracks
      .filter((track) => track.samples > 0)
      .map(({ id, timescale, start }) => ({
        id,
        timescale,
        start: start.startTicks,
        mediaTime: start.mediaTimeTicks,
      })),
    frags: index.fragments.map(({ sizeBytes, videoTicks, isKey }) => [sizeBytes, videoTicks, isKey ? 1 : 0]),
  };
}

/** The JSON of our box in a sealed object, or null when there is none in front of its media. Reads headers and the box only. @throws Mp4Error */
export async function readCoverageBox(source: ReadAt): Promise<Readonly<Record<string, unknown>> | null> {
  for await (const candidate of wholeBoxes(source, Number.MAX_SAFE_INTEGER)) {
    if (candidate.type === 'mdat' || candidate.type === 'moof') return null;
    if (!(await isCoverageBox(source, candidate))) continue;
    return parseJson(Buffer.from(await readContent(source, candidate)).toString('utf8', COVERAGE_UUID.length));
  }
  return null;
}

/** Whether it is our box; reads 16 bytes at most. */
export async function isCoverageBox(source: ReadAt, box: BoxAt): Promise<boolean> {
  if (box.type !== 'uuid') return false;
  const type = new Uint8Array(COVERAGE_UUID.length);
  await source.read(type, box.offsetBytes + box.headerBytes);
  return COVERAGE_UUID.equals(type);
}

function parseJson(text: string): Readonly<Record<string, unknown>> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new Mp4Error('bad-box', 'the coverage box holds no JSON', { cause });
  }
  if (json !== null && typeof json === 'object') return Object.fromEntries(Object.entries(json));
  throw new Mp4Error('bad-box', 'the coverage box holds no JSON object');
}
