import { FragmentWalker } from './fragment-walker.js';
import type { ReadAt } from './read-at.js';

/** One track's samples, in decode order. Column arrays, so that 15 minutes of a camera stay near 1 MB. */
export interface TrackIndex {
  readonly id: number;
  readonly kind: 'video' | 'audio' | 'text';
  /** Media ticks a second. */
  readonly timescale: number;
  readonly samples: number;
}

/** One moof+mdat pair of the recording. */
export interface Fragment {
  readonly sizeBytes: number;
  readonly videoTicks: number;
  /** Starts with a video keyframe. */
  readonly isKey: boolean;
}

/** What is known of a recording so far. Only fragments that are whole on disk are in it. */
export interface RecordingIndex {
  readonly tracks: readonly TrackIndex[];
  readonly fragments: readonly Fragment[];
  /** Bytes of ftyp+moov. */
  readonly initBytes: number;
  /** End of the last whole fragment; 0 before the first. What follows is a torn tail or still being written. */
  readonly completeBytes: number;
  readonly video: { readonly codec: 'h264' | 'hevc'; readonly widthPx: number; readonly heightPx: number } | null;
  readonly videoFrames: number;
  /** Presentation end of the video (edit list applied), milliseconds from the file's start; 0 without a frame. */
  readonly videoEndMs: number;
  /** Presentation time at which the first video frame starts, milliseconds from the file's start. */
  readonly videoStartMs: number;
  /** Presentation end over all tracks, milliseconds. */
  readonly mediaEndMs: number;
  /**
   * An SPS inside a sync sample is unlike the one in the sample description and the one the file began with: the
   * camera was reconfigured. Never seen in an `hvc1` track, out of whose samples FFmpeg takes the parameter sets.
   */
  readonly hasParametersChanged: boolean;
  /** FFmpeg's last box (`mfra`) is there, and so is all that it recorded. */
  readonly isFinished: boolean;
}

/** Follows a growing recording, reading headers only. */
export interface RecordingWalker {
  readonly index: RecordingIndex;
  /**
   * Takes in all fragments that are whole within the first `fileSizeBytes`. Idempotent; cheap when nothing is new.
   * @throws Mp4Error when the file is not what FFmpeg writes for us; the walker is then of no more use.
   */
  advance(fileSizeBytes: number): Promise<void>;
}

/** A walker at the start of the recording, that has read nothing yet. One `advance` at a time. */
export function createRecordingWalker(source: ReadAt): RecordingWalker {
  return new FragmentWalker(source);
}
