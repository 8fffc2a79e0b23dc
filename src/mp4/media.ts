import { type BoxAt, readContent, wholeBoxes } from './box-at.js';
import { trackStartOf } from './edit-list.js';
import { FragmentWalker } from './fragment-walker.js';
import { type Movie, type MovieTrack, parseMovie } from './movie.js';
import type { ReadAt } from './read-at.js';
import type { Sample } from './sample.js';
import { tableSamples } from './sample-table.js';

/** A file to read samples of, however it came to be: as it was recorded (also torn), sealed, remuxed, or exported. */
export interface Media {
  readonly movie: Movie;
  readonly video: MediaTrack | null;
  /** The first track of sound. */
  readonly audio: MediaTrack | null;
}

/** One track that has samples. */
export interface MediaTrack {
  readonly movieTrack: MovieTrack;
  /** Every one, in decode order. @throws Mp4Error `bad-box` when tables disagree */
  samples(): Iterable<Sample>;
  /** When what belongs to this decode time is shown: milliseconds from the file's start, edit list applied. */
  presentationMs(dtsTicks: number): number;
}

/** Null without a movie box. Of a recording it reads every header, of other files the movie box alone. @throws Mp4Error */
export async function openMedia(source: ReadAt, sizeBytes: number): Promise<Media | null> {
  const moov = await findMovie(source, sizeBytes);
  if (moov === null) return null;
  const movie = parseMovie(await readContent(source, moov), 'leave-out');
  const tracks = movie.isFragmented ? await recordedTracks(source, sizeBytes) : ordinaryTracks(movie);
  const first = (kind: MovieTrack['kind']) => tracks.find(({ movieTrack }) => movieTrack.kind === kind) ?? null;
  return { movie, video: first('video'), audio: first('audio') };
}

async function findMovie(source: ReadAt, sizeBytes: number): Promise<BoxAt | null> {
  for await (const box of wholeBoxes(source, sizeBytes)) if (box.type === 'moov') return box;
  return null;
}

async function recordedTracks(source: ReadAt, sizeBytes: number): Promise<readonly MediaTrack[]> {
  const walker = new FragmentWalker(source);
  await walker.advance(sizeBytes);
  const { index } = walker;
  return index.tracks
    .filter(({ samples }) => samples > 0)
    .map((track) => ({
      movieTrack: track.movieTrack,
      samples: () => track.each(),
      presentationMs: (dtsTicks) => index.presentationMs(track, dtsTicks - track.firstDtsTicks),
    }));
}

function ordinaryTracks(movie: Movie): readonly MediaTrack[] {
  return movie.tracks.map((movieTrack) => {
    const { timescale, edits } = movieTrack;
    const start = trackStartOf(edits, { movieTimescale: movie.timescale, timescale, firstDtsTicks: 0 });
    return {
      movieTrack,
      samples: () => tableSamples(movieTrack),
      presentationMs: (dtsTicks) => ((dtsTicks - start.mediaTimeTicks + start.startTicks) / timescale) * 1000,
    };
  });
}
