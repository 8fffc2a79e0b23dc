import { type Box, BoxCursor, boxesIn, requireBox } from './box.js';
import { Mp4Error } from './mp4-error.js';

/** What the sample description says of the video. */
export interface VideoEntry {
  readonly codec: 'h264' | 'hevc';
  readonly widthPx: number;
  readonly heightPx: number;
  /** Size of the length in front of every NAL unit. */
  readonly nalLengthBytes: number;
  /** Sequence parameter sets, each a NAL unit. */
  readonly sequenceParameterSets: readonly Uint8Array[];
}

const CODEC_OF_ENTRY: Readonly<Record<string, VideoEntry['codec']>> = {
  avc1: 'h264',
  avc3: 'h264',
  hvc1: 'hevc',
  hev1: 'hevc',
};
const HEVC_SPS = 33;
/** VisualSampleEntry up to its boxes (ISO 14496-12, 12.1.3). */
export const VISUAL_ENTRY_BYTES = 78;

/** The sample descriptions inside an stsd box. @throws Mp4Error */
export function sampleEntriesIn(stsd: Box): readonly Box[] {
  return boxesIn(stsd.content.subarray(8));
}

/** @throws Mp4Error `unsupported-track` for other codecs. */
export function parseVideoEntry(entry: Box): VideoEntry {
  const codec = CODEC_OF_ENTRY[entry.type];
  if (codec === undefined) throw new Mp4Error('unsupported-track', `the video is ${JSON.stringify(entry.type)}`);
  const cursor = new BoxCursor(entry.content).skip(24);
  const size = { widthPx: cursor.u16(), heightPx: cursor.u16() };
  const boxes = boxesIn(entry.content.subarray(VISUAL_ENTRY_BYTES));
  const configuration = requireBox(boxes, codec === 'h264' ? 'avcC' : 'hvcC').content;
  return { codec, ...size, ...(codec === 'h264' ? parseAvcC(configuration) : parseHvcC(configuration)) };
}

type Configuration = Pick<VideoEntry, 'nalLengthBytes' | 'sequenceParameterSets'>;

function parseAvcC(content: Uint8Array): Configuration {
  const cursor = new BoxCursor(content).skip(4);
  const nalLengthBytes = (cursor.u8() & 3) + 1;
  const count = cursor.u8() & 0x1f;
  return { nalLengthBytes, sequenceParameterSets: nalUnits(cursor, count) };
}

function parseHvcC(content: Uint8Array): Configuration {
  const cursor = new BoxCursor(content).skip(21);
  const nalLengthBytes = (cursor.u8() & 3) + 1;
  const sequenceParameterSets: Uint8Array[] = [];
  for (let arrays = cursor.u8(); arrays > 0; arrays -= 1) {
    const type = cursor.u8() & 0x3f;
    const units = nalUnits(cursor, cursor.u16());
    if (type === HEVC_SPS) sequenceParameterSets.push(...units);
  }
  return { nalLengthBytes, sequenceParameterSets };
}

function nalUnits(cursor: BoxCursor, count: number): readonly Uint8Array[] {
  return Array.from({ length: count }, () => cursor.bytes(cursor.u16()));
}
