/** When a recorded file begins and ends. Pure; all times UTC milliseconds. */

/** What was seen of one file while it grew. */
export interface FileTimes {
  /** In the session; 0 was opened by a (re)connect. */
  readonly index: number;
  /** The file system's; null where it has none. The instant the first packet was written: after its sound came, or FFmpeg gave the camera up. */
  readonly bornAtMs: number | null;
  readonly firstSeenAtMs: number;
  /** The smallest (mtime − media end) seen; null before the first whole fragment. */
  readonly earliestStartMs: number | null;
  /** Where the media of the file before it ended; null for the first one, and where that was not to be told. Never changes, as the birth. */
  readonly continuesAtMs: number | null;
  /** Its newest mtime seen; null before the first whole fragment. */
  readonly lastGrewAtMs: number | null;
  /** Sum of the steps the wall clock made since the file was opened: a clock that was set is right afterwards. */
  readonly steppedMs: number;
}

/** A file that was cut off, as far as its successor has to do with it. */
export interface EndedFile {
  readonly times: FileTimes;
  /** When its media began, as its end has it; null where nobody saw it grow. */
  readonly latelyStartMs: number | null;
  readonly videoEndMs: number;
}

interface SegmentTimes {
  readonly fromMs: number;
  readonly toMs: number;
  readonly nominalStartMs: number;
}

/** Sound is waited for, a quarter of a second and more on a busy machine: as late a cut file is usually born after its first frame came. */
const BORN_LATE_MS = 500;
/** After so much growth a file has caught up with whatever FFmpeg had waiting for it: its own times are then the better ones. */
const CAUGHT_UP_MS = 2_000;
/** Of a camera's clock, usually; measured elsewhere were 15 s in 4 hours. */
const DRIFT = 0.001;
/** What lies further back than FFmpeg waits for a camera is another kind of camera, not a late birth. */
const LATEST_BIRTH_MS = 10_000;
/** Frames are on disk after they came. Twice as much as looks that were skipped for a clock that was set can hide. */
const MOST_AHEAD_MS = 1_000;

/** Where the file begins: at its media time zero, and where the one before it ends. The two of a cut agree by it. */
export function startOf(file: FileTimes): number {
  const continuesAtMs = file.continuesAtMs ?? Number.POSITIVE_INFINITY;
  const isBornLate = openedAt(file) - continuesAtMs > BORN_LATE_MS;
  return isBornLate ? Math.round(continuesAtMs + file.steppedMs) : ownStartOf(file);
}

/** Media time zero of the file. */
export function mediaStartOf(file: FileTimes): number {
  return hasCaughtUp(file) ? ownStartOf(file) : Math.min(startOf(file), ownStartOf(file));
}

function ownStartOf(file: FileTimes): number {
  // First seen may be when the recording was adopted, long after the file was opened.
  const isBirthUnknown = file.index === 0 || file.bornAtMs === null;
  const openedAtMs = openedAt(file);
  const startMs = isBirthUnknown ? Math.min(file.earliestStartMs ?? openedAtMs, openedAtMs) : openedAtMs;
  return Math.round(startMs + file.steppedMs);
}

function openedAt({ bornAtMs, firstSeenAtMs }: FileTimes): number {
  return bornAtMs ?? firstSeenAtMs;
}

function hasCaughtUp(file: FileTimes): boolean {
  return (file.lastGrewAtMs ?? openedAt(file)) - openedAt(file) >= CAUGHT_UP_MS;
}

/**
 * Where the media before a file ended. A camera may fall silent while FFmpeg still waits for the sound that belongs to the first
 * pictures after a cut: it writes them, and so opens their file, when it gives the camera up, seconds after they came.
 */
export function continuedAt(
  predecessor: EndedFile | null,
  { bornAtMs, modifiedAtMs }: { readonly bornAtMs: number | null; readonly modifiedAtMs: number },
): number | null {
  if (predecessor === null || (bornAtMs !== null && modifiedAtMs - bornAtMs >= CAUGHT_UP_MS)) return null;
  const { times, latelyStartMs, videoEndMs } = predecessor;
  if (latelyStartMs !== null) return latelyStartMs + times.steppedMs + videoEndMs;
  const byBirthMs = (times.bornAtMs ?? Number.POSITIVE_INFINITY) + videoEndMs * DRIFT;
  const endMs = Math.min(times.earliestStartMs ?? Number.POSITIVE_INFINITY, byBirthMs) + times.steppedMs + videoEndMs;
  return bornAtMs !== null && bornAtMs - endMs <= LATEST_BIRTH_MS ? endMs : null;
}

/** When FFmpeg cuts the file off: it looks at the clock since the first packet it wrote, however much older that is. */
export function sealsAtOf(file: FileTimes, segmentDurationSec: number): number {
  return nominalStartOf(1, openedAt(file) + file.steppedMs, segmentDurationSec) + segmentDurationSec * 1_000;
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
  const fromMs = seenFrom(file, media.videoStartMs);
  const endMs = successor === null ? lastEndOf(file, media.videoEndMs) : startOf(successor);
  return {
    fromMs,
    // A clock set back by more than the file's length would turn it around; its media length is then the better witness.
    toMs: Math.round(endMs > fromMs ? endMs : fromMs + Math.max(media.videoEndMs - media.videoStartMs, 1)),
    nominalStartMs: nominalStartOf(file.index, fromMs, media.segmentDurationSec),
  };
}

/** A camera whose clock was set ahead stamps what never was: nothing ends after the last byte of it was written. */
function lastEndOf(file: FileTimes, videoEndMs: number): number {
  const endMs = earliestOf(file) + videoEndMs;
  const writtenMs = file.lastGrewAtMs === null ? Number.POSITIVE_INFINITY : file.lastGrewAtMs + file.steppedMs;
  return endMs - writtenMs > MOST_AHEAD_MS ? writtenMs : endMs;
}

/** Joined between two keyframes, a camera is heard up to a keyframe interval before it is seen. Coverage is of what is seen. */
export function seenFrom(file: FileTimes, videoStartMs: number): number {
  const startMs = startOf(file);
  return file.index === 0 ? Math.round(startMs + videoStartMs) : startMs;
}

/** A cut file is born after its first frame came: its end is better counted from what was seen since, or of the file before it. */
function earliestOf(file: FileTimes): number {
  const seenMs = file.earliestStartMs ?? Number.POSITIVE_INFINITY;
  const continuesAtMs = hasCaughtUp(file) ? Number.POSITIVE_INFINITY : (file.continuesAtMs ?? Number.POSITIVE_INFINITY);
  return Math.min(ownStartOf(file), Math.min(seenMs, continuesAtMs) + file.steppedMs);
}

/** The clock boundary for a cut (FFmpeg cuts at the first keyframe after it), the real second for a (re)connect. */
export function nominalStartOf(index: number, fromMs: number, segmentDurationSec: number): number {
  const gridMs = index === 0 ? 1_000 : segmentDurationSec * 1_000;
  return Math.floor(fromMs / gridMs) * gridMs;
}
