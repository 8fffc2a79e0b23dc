/** Subtitles as MP4 has them (3GPP timed text, `mov_text` to FFmpeg): one white line over the bottom of the picture. */
import { boxesIn, requireBox } from './box.js';
import { box, FieldWriter, fullBox } from './box-writer.js';
import type { MovieTrack } from './movie.js';

/** Ticks a second of the captions. */
export const CAPTION_TIMESCALE = 1000;

const WHITE = 0xffff_ffff;
const HALF_BLACK = 0x0000_0080;
const FONT = 'Sans-Serif';
/** Of the picture's height. */
const BOX_HEIGHT = 1 / 10;
/** In 2^-16, as headers have it. */
const FIXED_ONE = 0x1_0000;

/** A track of captions below the picture of `video`; without samples yet. */
export function captionTrack(video: MovieTrack, id: number): MovieTrack {
  const picture = { widthPx: video.entry?.widthPx ?? 0, heightPx: video.entry?.heightPx ?? 0 };
  const stsd = boxOf(fullBox('stsd', 0, 0, new FieldWriter().u32(1).bytes(sampleEntry(picture))));
  return {
    id,
    kind: 'text',
    timescale: CAPTION_TIMESCALE,
    edits: [],
    entry: null,
    defaults: { descriptionIndex: 1, durationTicks: 0, sizeBytes: 0, flags: 0 },
    tkhd: boxOf(trackHeader(picture)),
    // 0x55c4: no language in particular.
    mdhd: boxOf(
      fullBox('mdhd', 0, 0, new FieldWriter().u32(0).u32(0).u32(CAPTION_TIMESCALE).u32(0).u16(0x55c4).u16(0)),
    ),
    hdlr: boxOf(fullBox('hdlr', 0, 0, handler())),
    mediaHeader: boxOf(fullBox('nmhd', 0, 0, new FieldWriter())),
    dinf: video.dinf,
    stsd,
    sampleTable: [stsd],
  };
}

/** A caption's sample: its length, and its text in UTF-8. */
export function captionSample(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'utf8');
  return new FieldWriter().u16(bytes.length).bytes(bytes).done();
}

interface Picture {
  readonly widthPx: number;
  readonly heightPx: number;
}

/** Only what follows the clock fields is taken of it: layer, group, volume, matrix, size. */
function trackHeader({ widthPx, heightPx }: Picture): Uint8Array {
  const boxHeightPx = Math.round(heightPx * BOX_HEIGHT);
  const fields = new FieldWriter().u32(0).u32(0).u32(0).u32(0).u32(0);
  fields.u32(0).u32(0).u16(0).u16(0).u16(0).u16(0);
  for (const value of [FIXED_ONE, 0, 0, 0, FIXED_ONE, 0, 0, (heightPx - boxHeightPx) * FIXED_ONE, 0x4000_0000]) {
    fields.u32(value);
  }
  return fullBox('tkhd', 0, 3, fields.u32(widthPx * FIXED_ONE).u32(boxHeightPx * FIXED_ONE));
}

function handler(): FieldWriter {
  return new FieldWriter().u32(0).bytes(latin1('sbtl')).u32(0).u32(0).u32(0).bytes(latin1('Wall clock\0'));
}

/** TextSampleEntry (3GPP TS 26.245, 5.16): centred at the bottom, one style, one font. */
function sampleEntry({ widthPx, heightPx }: Picture): Uint8Array {
  const boxHeightPx = Math.round(heightPx * BOX_HEIGHT);
  const fontPx = Math.max(8, Math.min(255, Math.round(boxHeightPx * 0.6)));
  const fields = new FieldWriter()
    .u32(0)
    .u16(0)
    .u16(1)
    // Displayed as it is; in the middle (1), at the bottom (-1).
    .u32(0)
    .u16(0x01ff)
    .u32(HALF_BLACK)
    .u16(0)
    .u16(0)
    .u16(boxHeightPx)
    .u16(widthPx)
    // From the first character to the last: font 1, no face, its size and colour.
    .u16(0)
    .u16(0)
    .u16(1)
    .u16(fontPx)
    .u32(WHITE);
  const fonts = new FieldWriter().u16(1).u16(1).bytes(Uint8Array.of(FONT.length)).bytes(latin1(FONT));
  return box('tx3g', fields.done(), box('ftab', fonts.done()));
}

function boxOf(bytes: Uint8Array) {
  const [only] = boxesIn(bytes);
  return only ?? requireBox([], 'box');
}

function latin1(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}
