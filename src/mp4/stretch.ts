import type { Media, MediaTrack } from './media.js';
import type { Sample } from './sample.js';

/** What is taken of one file: whole groups of pictures, and the sound that belongs to them. */
export interface Stretch {
  readonly video: TrackStretch;
  readonly audio: TrackStretch | null;
  /** When its picture begins and ends, milliseconds from the file's start. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** Consecutive samples of one track, at least one. */
export interface TrackStretch {
  readonly track: MediaTrack;
  readonly samples: readonly Sample[];
}

/** What is wanted of a file. */
export interface StretchWish {
  /** Milliseconds from the file's start; with keyframes only at other times it becomes more, never less. */
  readonly fromMs: number;
  readonly toMs: number;
  /** The file before, or after, goes on with the same stream: sound that reaches over the edge belongs to it. */
  readonly isJoinedBefore: boolean;
  readonly isJoinedAfter: boolean;
}

/** When the picture of a track begins and ends, milliseconds from the file's start. Null without a frame. @throws Mp4Error */
export function pictureTimes(track: MediaTrack): { readonly fromMs: number; readonly toMs: number } | null {
  return timesOf(track, picturesOf(track));
}

/**
 * From the last keyframe at or before `fromMs` to the first one at or after `toMs`, or to the edges of the file. Null when the file has no
 * video. Pure. @throws Mp4Error
 */
export function stretchOf({ video, audio }: Media, wish: StretchWish): Stretch | null {
  if (video === null) return null;
  const samples = wholeGroups(video, wish);
  const times = timesOf(video, samples);
  if (times === null) return null;
  const heard = audio === null ? [] : [...audio.samples()].filter(isHeard);
  return { ...times, video: { track: video, samples }, audio: audio && firstOf(audio, heard) };

  function isHeard(sample: Sample): boolean {
    const shownMs = audio?.presentationMs(sample.dtsTicks) ?? 0;
    return (
      (wish.isJoinedBefore || shownMs >= (times?.fromMs ?? 0)) && (wish.isJoinedAfter || shownMs < (times?.toMs ?? 0))
    );
  }
}

function firstOf(track: MediaTrack, samples: readonly Sample[]): TrackStretch | null {
  return samples.length === 0 ? null : { track, samples };
}

/** What the last frame of a file says of its own duration is a guess, often half a frame: as long as the one before is a better one. */
function* picturesOf(track: MediaTrack): Generator<Sample> {
  let before: Sample | null = null;
  let held: Sample | null = null;
  for (const sample of track.samples()) {
    if (held !== null) yield held;
    before = held;
    held = sample;
  }
  if (held !== null) yield before === null ? held : { ...held, durationTicks: before.durationTicks };
}

function wholeGroups(track: MediaTrack, { fromMs, toMs }: StretchWish): readonly Sample[] {
  let taken: Sample[] = [];
  for (const sample of picturesOf(track)) {
    const shownMs = track.presentationMs(sample.dtsTicks + sample.compositionTicks);
    if (sample.isSync && shownMs <= fromMs) taken = [];
    if (sample.isSync && shownMs >= toMs && taken.length > 0) break;
    taken.push(sample);
  }
  return taken;
}

function timesOf(track: MediaTrack, samples: Iterable<Sample>): { fromMs: number; toMs: number } | null {
  let fromMs = Number.POSITIVE_INFINITY;
  let toMs = Number.NEGATIVE_INFINITY;
  for (const { dtsTicks, compositionTicks, durationTicks } of samples) {
    fromMs = Math.min(fromMs, track.presentationMs(dtsTicks + compositionTicks));
    toMs = Math.max(toMs, track.presentationMs(dtsTicks + compositionTicks + durationTicks));
  }
  return toMs > fromMs ? { fromMs, toMs } : null;
}
