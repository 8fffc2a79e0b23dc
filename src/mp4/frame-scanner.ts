import { type FrameStamp, findFrameStamp } from './frame-stamp.js';
import { openMedia } from './media.js';
import type { ReadAt } from './read-at.js';
import type { Sample } from './sample.js';

/** A stamped frame, and when a player shows it. */
export interface ScannedFrame extends FrameStamp {
  /** From the file's start, edit list applied. */
  readonly presentationMs: number;
}

/** A stamp stands in front of the first slice; the second look is for keyframes, which carry parameter sets before it. */
const LOOKED_AT_BYTES = [256, 4096];

/**
 * The stamped frames of the video, in decode order, of a file as it was recorded (also torn), sealed, or remuxed.
 * A frame without a stamp is not among them; a file without a movie box has none.
 * @throws Mp4Error
 */
export async function* scanFrames(source: ReadAt, sizeBytes: number): AsyncGenerator<ScannedFrame> {
  const media = await openMedia(source, sizeBytes);
  if (media === null || media.video === null) return;
  for (const sample of media.video.samples()) {
    const stamp = await stampOf(source, sample);
    if (stamp === null) continue;
    yield { ...stamp, presentationMs: media.video.presentationMs(sample.dtsTicks + sample.compositionTicks) };
  }
}

async function stampOf(source: ReadAt, sample: Sample): Promise<FrameStamp | null> {
  for (const lookedAtBytes of LOOKED_AT_BYTES) {
    const bytes = new Uint8Array(Math.min(lookedAtBytes, sample.sizeBytes));
    const got = await source.read(bytes, sample.offsetBytes);
    const stamp = findFrameStamp(bytes.subarray(0, got));
    if (stamp !== null) return stamp;
  }
  return null;
}
