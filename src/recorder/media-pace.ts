/**
 * Whether media time passes while video frames come. FFmpeg stamps a frame that is older than the one before it a tick after that one: a
 * camera whose stamps went back gives frames of no length until they have caught up. Pure; monotonic ms.
 */
export interface MediaPace {
  /** The sums of the session, as they were when media time last passed. */
  readonly frames: number;
  readonly mediaMs: number;
  /** In which frames came since. */
  readonly comingMs: number;
  readonly seenFrames: number;
  readonly seenAtMs: number;
}

/** Between two frames, or fragments, that came; what is longer than this was silence, of which only this much counts. */
const LONGEST_COMING_MS = 2_000;
/** Of the time in which frames came. A cut alone gives the last frame of each file a length. */
const LEAST_PASSED = 0.1;
/** One or a few frames may be stamped alike. */
const LEAST_FRAMES = 15;

/** From the start of a session, or where media time last passed. */
export function paceFrom(nowMs: number, frames: number, mediaMs: number): MediaPace {
  return { frames, mediaMs, comingMs: 0, seenFrames: frames, seenAtMs: nowMs };
}

/** Frames that came late and at once pass with their media time: only what comes and takes none adds up. */
export function pacedAgain(pace: MediaPace, nowMs: number, frames: number, mediaMs: number): MediaPace {
  if (frames === pace.seenFrames) return pace;
  const comingMs = pace.comingMs + Math.min(nowMs - pace.seenAtMs, LONGEST_COMING_MS);
  if (mediaMs - pace.mediaMs >= comingMs * LEAST_PASSED) return paceFrom(nowMs, frames, mediaMs);
  return { ...pace, comingMs, seenFrames: frames, seenAtMs: nowMs };
}

/** For how long frames have come and media time did not pass; 0 while that are too few to tell. */
export function stoppedMsOf(pace: MediaPace): number {
  return pace.seenFrames - pace.frames < LEAST_FRAMES ? 0 : pace.comingMs;
}
