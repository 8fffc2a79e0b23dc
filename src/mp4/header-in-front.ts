/**
 * Sealing without touching the footage: an ordinary MP4 header that is put in front of the recording.
 *
 *     ftyp | moov with full sample tables | uuid with our coverage fields | mdat { the recording, byte for byte }
 *
 * 1. The payload of the single top-level mdat is the recording, from its first to its last byte.
 * 2. Only samples of whole fragments are in the tables; a torn tail stays inside, referenced by nothing.
 * 3. The same index, sizes and fields give the same header, however and in how many steps the index was made.
 */
import { box, FieldWriter, mdatHeader } from './box-writer.js';
import { coverageBox } from './coverage-box.js';
import { movieBox } from './movie-writer.js';
import { Mp4Error } from './mp4-error.js';
import type { RecordingIndex } from './recording-index.js';
import { SampleIndex } from './sample-index.js';
import { sealedTimelineOf } from './sealed-timeline.js';

export { readCoverageBox } from './coverage-box.js';
export { checkHeader } from './header-check.js';
export { locateRecording } from './locate-recording.js';

interface HeaderOptions {
  /** Size of the whole recording, torn tail included. */
  readonly recordingSizeBytes: number;
  /** Plain JSON; goes into our uuid box beside `v` and `recorded`, which are ours. */
  readonly coverageFields: Readonly<Record<string, unknown>>;
  /** UTC; the file then says when it was created. */
  readonly createdAtMs?: number;
}

/** Room for the header below 2^32, before 64-bit offsets are needed: 2 hours of header are about 1 MB. */
const HEADER_ROOM_BYTES = 32 * 1024 * 1024;
const MAX_32_BIT = 2 ** 32 - 1;

/**
 * Pure. About 8 bytes a frame and 17 a fragment.
 * @throws Mp4Error `no-complete-fragment`, `unsupported-edit`, `not-indexed`, or `bad-box` for numbers no table can hold
 */
export function buildHeader(index: RecordingIndex, options: HeaderOptions): Uint8Array {
  if (!(index instanceof SampleIndex)) throw new Mp4Error('not-indexed', 'this index was not made by a walker');
  const { movie } = index;
  if (movie === null) throw new Mp4Error('no-complete-fragment', 'the recording has no movie box');
  const { recordingSizeBytes, coverageFields, createdAtMs = null } = options;
  const isLarge = recordingSizeBytes + HEADER_ROOM_BYTES > MAX_32_BIT;
  const timeline = sealedTimelineOf(index);
  const ftyp = fileTypeBox(index);
  const uuid = coverageBox(index, recordingSizeBytes, coverageFields);
  const mdat = mdatHeader(recordingSizeBytes, isLarge);
  const movieAt = (offsetBytes: number) => movieBox(movie, timeline, { offsetBytes, isLarge }, createdAtMs);
  // The movie's length does not depend on its offsets: the first pass measures, the second one counts.
  const headerBytes = ftyp.length + movieAt(0).length + uuid.length + mdat.length;
  return Buffer.concat([ftyp, movieAt(headerBytes), uuid, mdat], headerBytes);
}

/** No brand of fragmented files: the outer file is none. */
function fileTypeBox(index: SampleIndex): Uint8Array {
  const brands = ['isom', 'iso2', index.video?.codec === 'hevc' ? 'hvc1' : 'avc1', 'mp41'];
  const minorVersion = new FieldWriter().u32(512).done();
  return box('ftyp', Buffer.from('isom', 'latin1'), minorVersion, Buffer.from(brands.join(''), 'latin1'));
}
