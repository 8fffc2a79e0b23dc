import { boxesIn, readBoxHeader, requireBox } from './box.js';
import { trackStartOf } from './edit-list.js';
import { type Movie, type MovieTrack, parseMovie } from './movie.js';
import { Mp4Error } from './mp4-error.js';
import type { RecordingIndex } from './recording-index.js';
import type { Sample } from './sample.js';
import { SampleIndex } from './sample-index.js';
import { tableSamples } from './sample-table.js';
import type { TrackSamples } from './track-samples.js';

/**
 * Reads a header again as a player would, and compares it with the index: every sample's place, size, time and kind,
 * that all of them lie inside the mdat, and that the tracks start together as they did.
 * @throws Mp4Error `header-mismatch`, and what parsing throws
 */
export function checkHeader(header: Uint8Array, index: RecordingIndex, recordingSizeBytes: number): void {
  if (!(index instanceof SampleIndex)) throw new Mp4Error('not-indexed', 'this index was not made by a walker');
  const boxes = boxesIn(header.subarray(0, mdatStart(header, recordingSizeBytes)));
  const movie = parseMovie(requireBox(boxes, 'moov').content);
  const sampled = index.tracks.filter((track) => track.samples > 0);
  requireEqual('tracks', movie.tracks.length, sampled.length);
  for (const recorded of sampled) {
    const track = movie.tracks.find((candidate) => candidate.id === recorded.id);
    if (track === undefined) throw new Mp4Error('header-mismatch', `track ${recorded.id} is missing`);
    checkStart(movie, track, index);
    checkSamples(track, recorded, { headerBytes: header.length, endBytes: header.length + recordingSizeBytes });
  }
}

/** Where the last box starts, which must be an mdat with its header at the end of these bytes and the recording after it. */
function mdatStart(header: Uint8Array, recordingSizeBytes: number): number {
  let at = 0;
  for (;;) {
    const next = readBoxHeader(header.subarray(at));
    if (next === null) throw new Mp4Error('header-mismatch', 'the header does not end in an mdat');
    if (next.type === 'mdat') {
      requireEqual('start of the recording', at + next.headerBytes, header.length);
      requireEqual('size of the mdat', next.sizeBytes, next.headerBytes + recordingSizeBytes);
      return at;
    }
    at += next.sizeBytes;
  }
}

function checkStart(movie: Movie, track: MovieTrack, index: SampleIndex): void {
  const { timescale } = track;
  const start = trackStartOf(track.edits, { movieTimescale: movie.timescale, timescale, firstDtsTicks: 0 });
  const shownMs = ((start.startTicks - start.mediaTimeTicks) / timescale) * 1000;
  const tickMs = 1000 / Math.min(timescale, movie.timescale);
  const errorMs = Math.abs(shownMs - index.presentationMs(index.track(track.id), 0));
  if (errorMs > tickMs) throw new Mp4Error('header-mismatch', `track ${track.id} starts ${errorMs} ms off`);
}

function checkSamples(
  track: MovieTrack,
  recorded: TrackSamples,
  range: { readonly headerBytes: number; readonly endBytes: number },
): void {
  const { headerBytes, endBytes } = range;
  const expected = recorded.each();
  for (const sample of tableSamples(track)) {
    const next = expected.next();
    if (next.done === true) throw new Mp4Error('header-mismatch', `track ${track.id} has too many samples`);
    const { offsetBytes, dtsTicks } = next.value;
    const moved = { offsetBytes: offsetBytes + headerBytes, dtsTicks: dtsTicks - recorded.firstDtsTicks };
    requireSame(track.id, sample, { ...next.value, ...moved });
    if (sample.offsetBytes + sample.sizeBytes > endBytes) {
      throw new Mp4Error('header-mismatch', `a sample of track ${track.id} ends behind the mdat`);
    }
  }
  if (expected.next().done !== true) throw new Mp4Error('header-mismatch', `track ${track.id} has too few samples`);
}

function requireSame(trackId: number, found: Sample, expected: Sample): void {
  const isSame =
    found.offsetBytes === expected.offsetBytes &&
    found.sizeBytes === expected.sizeBytes &&
    found.dtsTicks === expected.dtsTicks &&
    found.durationTicks === expected.durationTicks &&
    found.compositionTicks === expected.compositionTicks &&
    found.isSync === expected.isSync;
  if (isSame) return;
  throw new Mp4Error(
    'header-mismatch',
    `track ${trackId}: ${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`,
  );
}

function requireEqual(what: string, found: number, expected: number): void {
  if (found !== expected) throw new Mp4Error('header-mismatch', `${what}: ${found} instead of ${expected}`);
}
