import { Mp4Error } from './mp4-error.js';
import type { SampleIndex } from './sample-index.js';
import type { TrackSamples } from './track-samples.js';

/** When what is shown in the sealed file. */
export interface SealedTimeline {
  /** Movie ticks a second. */
  readonly timescale: number;
  readonly tracks: readonly SealedTrack[];
}

/** A track of the sealed file that has samples; one without any is left out. */
export interface SealedTrack {
  readonly samples: TrackSamples;
  /** Movie ticks in which nothing of this track is shown; 0 for all tracks but the delayed one. */
  readonly emptyTicks: number;
  /** Movie ticks of the edit that shows the media. */
  readonly shownTicks: number;
  /** Track ticks. */
  readonly mediaTimeTicks: number;
}

/**
 * The movie's clock is the clock of the delayed track: Firefox reads an empty edit in ticks of the track and everybody
 * else in ticks of the movie, so only equal clocks mean the same to all (with 1000 ticks, as FFmpeg remuxes, a camera
 * joined between keyframes plays 1.7 s out of sync there).
 * @throws Mp4Error `no-complete-fragment` without a sample, `unsupported-edit` when two tracks are delayed
 */
export function sealedTimelineOf(index: SampleIndex): SealedTimeline {
  const sampled = index.tracks.filter((track) => track.samples > 0);
  const [first] = sampled;
  if (first === undefined) throw new Mp4Error('no-complete-fragment', 'the recording has no whole fragment');
  const delaySec = (track: TrackSamples) => track.start.startTicks / track.timescale - index.originSec;
  const latest = sampled.reduce((late, track) => (delaySec(track) > delaySec(late) ? track : late), first);
  const { timescale } = delaySec(latest) > 0 ? latest : (index.videoTrack ?? first);
  const tracks = sampled.map((samples) => {
    const { mediaTimeTicks } = samples.start;
    const mediaTicks = samples.shownTicks.to - mediaTimeTicks;
    return {
      samples,
      emptyTicks: Math.round(delaySec(samples) * timescale),
      // Rounded down, FFmpeg would drop the last frame.
      shownTicks: Math.ceil((mediaTicks * timescale) / samples.timescale),
      mediaTimeTicks,
    };
  });
  if (tracks.filter((track) => track.emptyTicks > 0).length > 1) {
    throw new Mp4Error('unsupported-edit', 'more than one track starts late');
  }
  return { timescale, tracks };
}
