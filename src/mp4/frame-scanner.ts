import { type BoxAt, readContent, wholeBoxes } from './box-at.js';
import { trackStartOf } from './edit-list.js';
import { FragmentWalker } from './fragment-walker.js';
import { type FrameStamp, findFrameStamp } from './frame-stamp.js';
import { type Movie, parseMovie } from './movie.js';
import type { ReadAt } from './read-at.js';
import type { Sample } from './sample.js';
import { tableSamples } from './sample-table.js';

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
  const moov = await findMovie(source, sizeBytes);
  if (moov === null) return;
  const movie = parseMovie(await readContent(source, moov));
  const video = movie.isFragmented ? await recordedVideo(source, sizeBytes) : ordinaryVideo(movie);
  for (const sample of video.samples) {
    const stamp = await stampOf(source, sample);
    if (stamp === null) continue;
    yield { ...stamp, presentationMs: video.presentationMs(sample.dtsTicks + sample.compositionTicks) };
  }
}

interface ScannedVideo {
  readonly samples: Iterable<Sample>;
  presentationMs(ticks: number): number;
}

const NO_VIDEO: ScannedVideo = { samples: [], presentationMs: () => 0 };

async function findMovie(source: ReadAt, sizeBytes: number): Promise<BoxAt | null> {
  for await (const box of wholeBoxes(source, sizeBytes)) if (box.type === 'moov') return box;
  return null;
}

async function recordedVideo(source: ReadAt, sizeBytes: number): Promise<ScannedVideo> {
  const walker = new FragmentWalker(source);
  await walker.advance(sizeBytes);
  const { index } = walker;
  const track = index.videoTrack;
  if (track === null) return NO_VIDEO;
  return {
    samples: track.each(),
    presentationMs: (ticks) => index.presentationMs(track, ticks - track.firstDtsTicks),
  };
}

function ordinaryVideo(movie: Movie): ScannedVideo {
  const track = movie.tracks.find((candidate) => candidate.kind === 'video');
  if (track === undefined) return NO_VIDEO;
  const { timescale } = track;
  const start = trackStartOf(track.edits, { movieTimescale: movie.timescale, timescale, firstDtsTicks: 0 });
  return {
    samples: tableSamples(track),
    presentationMs: (ticks) => ((ticks - start.mediaTimeTicks + start.startTicks) / timescale) * 1000,
  };
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
