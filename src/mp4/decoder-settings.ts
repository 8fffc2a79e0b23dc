import { type Box, BoxCursor, boxesIn, findBox } from './box.js';
import type { MovieTrack } from './movie.js';
import { Mp4Error } from './mp4-error.js';
import { sampleEntriesIn, VISUAL_ENTRY_BYTES } from './sample-entry.js';

/** AudioSampleEntry up to its boxes (ISO 14496-12, 12.2.3). */
const AUDIO_ENTRY_BYTES = 28;
/** Tags of ISO 14496-1. */
const TAG = { decoderConfig: 4, decoderSpecific: 5 } as const;

/**
 * What a decoder is set up with, as a text to compare: codec, size or rate, parameter sets. Bit rates, names and hints are not in it: they
 * differ from file to file, and no decoder needs them.
 * @throws Mp4Error `bad-box`
 */
export function decoderSettingsOf({ kind, stsd }: MovieTrack): string {
  const [entry] = sampleEntriesIn(stsd);
  if (entry === undefined) throw new Mp4Error('bad-box', 'a track has no sample description');
  const settings = kind === 'video' ? videoSettings(entry) : audioSettings(entry);
  return [entry.type, ...settings].join(' ');
}

function videoSettings(entry: Box): readonly string[] {
  const cursor = new BoxCursor(entry.content).skip(24);
  const size = `${cursor.u16()}x${cursor.u16()}`;
  const boxes = boxesIn(entry.content.subarray(VISUAL_ENTRY_BYTES));
  const configuration = findBox(boxes, 'avcC') ?? findBox(boxes, 'hvcC');
  return [size, hexOf(configuration?.content ?? entry.content)];
}

function audioSettings(entry: Box): readonly string[] {
  const cursor = new BoxCursor(entry.content).skip(16);
  const channels = cursor.u16();
  const rate = cursor.skip(6).u32();
  const esds = findBox(boxesIn(entry.content.subarray(AUDIO_ENTRY_BYTES)), 'esds');
  return [String(channels), String(rate), hexOf(esds === null ? entry.content : (specificOf(esds) ?? esds.content))];
}

/** The AudioSpecificConfig inside, null when it is not where FFmpeg writes it. */
function specificOf(esds: Box): Uint8Array | null {
  const cursor = new BoxCursor(esds.content, 4);
  // The outer descriptor: its tag, its length, an id, no flags.
  cursor.skip(1);
  descriptorBytes(cursor);
  cursor.skip(3);
  if (cursor.u8() !== TAG.decoderConfig) return null;
  descriptorBytes(cursor);
  cursor.skip(13);
  return cursor.u8() === TAG.decoderSpecific ? cursor.bytes(descriptorBytes(cursor)) : null;
}

/** A length of seven bits a byte, the last one without the highest bit. */
function descriptorBytes(cursor: BoxCursor): number {
  let length = 0;
  for (let more = true; more; ) {
    const byte = cursor.u8();
    length = length * 128 + (byte & 0x7f);
    more = byte > 0x7f;
  }
  return length;
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
