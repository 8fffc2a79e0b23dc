import { type Box, BoxCursor, boxesIn, requireBox } from './box.js';
import type { SampleDefaults } from './movie.js';
import { Mp4Error } from './mp4-error.js';

/** Samples of one track that lie one behind the other (a trun box). */
export interface SampleRun {
  readonly trackId: number;
  /** Of the first sample. */
  readonly dtsTicks: number;
  /** Of the first sample's bytes, from the start of the file. */
  readonly offsetBytes: number;
  readonly samples: readonly RunSample[];
}

/** One sample of a run, the fragment's defaults already filled in. */
export interface RunSample {
  readonly sizeBytes: number;
  /** A guess for the last sample of a fragment: the next fragment's decode time is the truth. */
  readonly durationTicks: number;
  /** Presentation minus decode time. */
  readonly compositionTicks: number;
  readonly isSync: boolean;
}

interface TrackFragment {
  readonly trackId: number;
  readonly baseBytes: number;
  readonly defaults: SampleDefaults;
}

const TFHD = { base: 0x1, description: 0x2, duration: 0x8, size: 0x10, flags: 0x20, baseIsMoof: 0x2_0000 } as const;
const TRUN = { offset: 0x1, firstFlags: 0x4, duration: 0x100, size: 0x200, flags: 0x400, composition: 0x800 } as const;
/** A fragment is a quarter of a second; this only keeps a damaged count from filling the memory. */
const MAX_RUN_SAMPLES = 100_000;
const NOT_SYNC = 0x1_0000;

/**
 * All runs of a moof box that starts at `moofOffsetBytes`, in file order.
 * @throws Mp4Error `no-tfdt`, `no-base-offset`, `second-sample-entry`, `bad-box`
 */
export function parseMovieFragment(
  content: Uint8Array,
  moofOffsetBytes: number,
  defaultsOf: (trackId: number) => SampleDefaults,
): readonly SampleRun[] {
  const trafs = boxesIn(content).filter((box) => box.type === 'traf');
  return trafs.flatMap((traf) => parseTrackFragment(boxesIn(traf.content), moofOffsetBytes, defaultsOf));
}

function parseTrackFragment(
  traf: readonly Box[],
  moofOffsetBytes: number,
  defaultsOf: (trackId: number) => SampleDefaults,
): readonly SampleRun[] {
  const fragment = parseHeader(requireBox(traf, 'tfhd'), moofOffsetBytes, defaultsOf);
  let dtsTicks = parseDecodeTime(traf, fragment.trackId);
  let offsetBytes = fragment.baseBytes;
  return traf
    .filter((box) => box.type === 'trun')
    .map((trun) => {
      const run = parseRun(trun, fragment, { dtsTicks, offsetBytes });
      for (const sample of run.samples) {
        dtsTicks += sample.durationTicks;
      }
      offsetBytes = run.offsetBytes + runBytes(run);
      return run;
    });
}

/** How long the bytes of the run are. */
export function runBytes(run: SampleRun): number {
  return run.samples.reduce((sum, sample) => sum + sample.sizeBytes, 0);
}

function parseHeader(
  tfhd: Box,
  moofOffsetBytes: number,
  defaultsOf: (trackId: number) => SampleDefaults,
): TrackFragment {
  const cursor = new BoxCursor(tfhd.content);
  const { flags } = cursor.versionAndFlags();
  const trackId = cursor.u32();
  const track = defaultsOf(trackId);
  const baseBytes = flags & TFHD.base ? cursor.u64() : moofOffsetBytes;
  const defaults = {
    descriptionIndex: flags & TFHD.description ? cursor.u32() : track.descriptionIndex,
    durationTicks: flags & TFHD.duration ? cursor.u32() : track.durationTicks,
    sizeBytes: flags & TFHD.size ? cursor.u32() : track.sizeBytes,
    flags: flags & TFHD.flags ? cursor.u32() : track.flags,
  };
  if ((flags & (TFHD.base | TFHD.baseIsMoof)) === 0) {
    throw new Mp4Error(
      'no-base-offset',
      `fragment at ${moofOffsetBytes}, track ${trackId}: offsets relative to nothing`,
    );
  }
  if (defaults.descriptionIndex !== 1) {
    throw new Mp4Error('second-sample-entry', `fragment at ${moofOffsetBytes}, track ${trackId}: another description`);
  }
  return { trackId, baseBytes, defaults };
}

function parseDecodeTime(traf: readonly Box[], trackId: number): number {
  const tfdt = traf.find((box) => box.type === 'tfdt');
  if (tfdt === undefined) throw new Mp4Error('no-tfdt', `a fragment of track ${trackId} without decode time`);
  const cursor = new BoxCursor(tfdt.content);
  return cursor.versionAndFlags().version === 1 ? cursor.u64() : cursor.u32();
}

function parseRun(
  trun: Box,
  { trackId, baseBytes, defaults }: TrackFragment,
  next: { readonly dtsTicks: number; readonly offsetBytes: number },
): SampleRun {
  const cursor = new BoxCursor(trun.content);
  const { version, flags } = cursor.versionAndFlags();
  const count = cursor.u32();
  if (count > MAX_RUN_SAMPLES) throw new Mp4Error('bad-box', `a run of ${count} samples in track ${trackId}`);
  const offsetBytes = flags & TRUN.offset ? baseBytes + cursor.i32() : next.offsetBytes;
  const firstFlags = flags & TRUN.firstFlags ? cursor.u32() : defaults.flags;
  const samples: RunSample[] = [];
  for (let index = 0; index < count; index += 1) {
    const durationTicks = flags & TRUN.duration ? cursor.u32() : defaults.durationTicks;
    const sizeBytes = flags & TRUN.size ? cursor.u32() : defaults.sizeBytes;
    const sampleFlags = flags & TRUN.flags ? cursor.u32() : index === 0 ? firstFlags : defaults.flags;
    const compositionTicks = flags & TRUN.composition ? (version === 0 ? cursor.u32() : cursor.i32()) : 0;
    samples.push({ sizeBytes, durationTicks, compositionTicks, isSync: (sampleFlags & NOT_SYNC) === 0 });
  }
  return { trackId, dtsTicks: next.dtsTicks, offsetBytes, samples };
}
