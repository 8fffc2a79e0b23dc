import type { Box } from './box.js';
import { box, FieldWriter, fullBox } from './box-writer.js';
import type { Movie } from './movie.js';
import { type RecordingPlace, sampleTableBox } from './sample-table-writer.js';
import type { SealedTimeline, SealedTrack } from './sealed-timeline.js';

/** Seconds from 1904, where MP4 counts from, to 1970. */
const EPOCH_1904_SEC = 2_082_844_800;

/** The movie box of an ordinary file with all samples in tables. Header boxes are version 1 throughout: one way for every length. */
export function movieBox(
  movie: Movie,
  timeline: SealedTimeline,
  place: RecordingPlace,
  createdAtMs: number | null,
): Uint8Array {
  const createdSec = createdAtMs === null ? 0 : Math.floor(createdAtMs / 1000) + EPOCH_1904_SEC;
  const traks = timeline.tracks.map((track) => trackBox(track, place, createdSec));
  const udta = movie.udta === null ? [] : [movie.udta.whole];
  return box('moov', movieHeader(movie.mvhd, timeline, createdSec), ...traks, ...udta);
}

function movieHeader(recorded: Box, { timescale, tracks }: SealedTimeline, createdSec: number): Uint8Array {
  const durationTicks = Math.max(...tracks.map(trackDurationTicks));
  const fields = times(createdSec).u32(timescale).u64(durationTicks);
  return fullBox('mvhd', 1, 0, fields.bytes(tail(recorded, { v0: 20, v1: 32 })));
}

function trackBox(track: SealedTrack, place: RecordingPlace, createdSec: number): Uint8Array {
  const { samples } = track;
  const { tkhd, hdlr, mediaHeader, dinf, mdhd } = samples.movieTrack;
  const header = times(createdSec).u32(samples.id).u32(0).u64(trackDurationTicks(track));
  const media = times(createdSec)
    .u32(samples.timescale)
    .u64(samples.endDtsTicks - samples.firstDtsTicks);
  return box(
    'trak',
    // Flags 3: the track is enabled and part of the presentation.
    fullBox('tkhd', 1, 3, header.bytes(tail(tkhd, { v0: 24, v1: 36 }))),
    box('edts', editList(track)),
    box(
      'mdia',
      fullBox('mdhd', 1, 0, media.bytes(tail(mdhd, { v0: 20, v1: 32 }))),
      hdlr.whole,
      box('minf', mediaHeader.whole, dinf.whole, sampleTableBox(samples, place)),
    ),
  );
}

function trackDurationTicks({ emptyTicks, shownTicks }: SealedTrack): number {
  return emptyTicks + shownTicks;
}

/** The recorder's durations are never copied: it writes 0, "to the end", which only a fragmented file may say. */
function editList({ emptyTicks, shownTicks, mediaTimeTicks }: SealedTrack): Uint8Array {
  const hasEmpty = emptyTicks > 0;
  const fields = new FieldWriter().u32(hasEmpty ? 2 : 1);
  if (hasEmpty) fields.u64(emptyTicks).i64(-1).u16(1).u16(0);
  fields.u64(shownTicks).i64(mediaTimeTicks).u16(1).u16(0);
  return fullBox('elst', 1, 0, fields);
}

/** Creation and modification time. */
function times(createdSec: number): FieldWriter {
  return new FieldWriter().u64(createdSec).u64(createdSec);
}

/** What follows the clock fields, which are wider in version 1; the offsets count from version and flags. */
function tail(recorded: Box, from: { readonly v0: number; readonly v1: number }): Uint8Array {
  return recorded.content.subarray(recorded.content[0] === 1 ? from.v1 : from.v0);
}
