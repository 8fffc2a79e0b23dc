/** When a recorded file begins and ends. Pure; all times UTC milliseconds. */

/** What was seen of one file while it grew. */
export interface FileTimes {
  /** In the session; 0 was opened by a (re)connect. */
  readonly index: number;
  /** The file system's; null where it has none. The instant the first packet was muxed. */
  readonly bornAtMs: number | null;
  readonly firstSeenAtMs: number;
  /** The smallest (mtime − media end) seen; null before the first whole fragment. */
  readonly earliestStartMs: number | null;
  /** Sum of the steps the wall clock made since the file was opened: a clock that was set is right afterwards. */
  readonly steppedMs: number;
}

export interface SegmentTimes {
  readonly fromMs: number;
  readonly toMs: number;
  readonly nominalStartMs: number;
}

/** Media time zero of the file. */
export function startOf(file: FileTimes): number {
  const openedAtMs = file.bornAtMs ?? file.firstSeenAtMs;
  // First seen may be when the recording was adopted, long after the file was opened.
  const isBirthUnknown = file.index === 0 || file.bornAtMs === null;
  const startMs = isBirthUnknown ? Math.min(file.earliestStartMs ?? openedAtMs, openedAtMs) : openedAtMs;
  return Math.round(startMs + file.steppedMs);
}

/**
 * A cut file ends where its successor is born; the last one of a session ends with its last video frame.
 * @param successor null for the last file of a session
 */
export function timesOf(
  file: FileTimes,
  successor: FileTimes | null,
  media: { readonly videoStartMs: number; readonly videoEndMs: number; readonly segmentDurationSec: number },
): SegmentTimes {
  const zeroMs = startOf(file);
  // Joined between two keyframes, a camera is heard up to a keyframe interval before it is seen. Coverage is of what is seen.
  const fromMs = file.index === 0 ? Math.round(zeroMs + media.videoStartMs) : zeroMs;
  const endMs = successor === null ? earliestOf(file, zeroMs) + media.videoEndMs : startOf(successor);
  return {
    fromMs,
    // A clock set back by more than the file's length would turn it around; its media length is then the better witness.
    toMs: Math.round(endMs > fromMs ? endMs : fromMs + Math.max(media.videoEndMs - media.videoStartMs, 1)),
    nominalStartMs: nominalStartOf(file.index, fromMs, media.segmentDurationSec),
  };
}

/** A cut file is born up to half a second after its first frame came (sound is waited for): its end is better counted from what was seen since. */
function earliestOf(file: FileTimes, zeroMs: number): number {
  return Math.min(zeroMs, (file.earliestStartMs ?? Number.POSITIVE_INFINITY) + file.steppedMs);
}

/** The clock boundary for a cut (FFmpeg cuts at the first keyframe after it), the real second for a (re)connect. */
export function nominalStartOf(index: number, fromMs: number, segmentDurationSec: number): number {
  const gridMs = index === 0 ? 1_000 : segmentDurationSec * 1_000;
  return Math.floor(fromMs / gridMs) * gridMs;
}
