import { BitWriter } from './bit-string.js';
import { CLOCK_TEXT_LENGTH, drawLetter } from './clock-face.js';
import { type SliceHead, writeSliceHead } from './parameter-sets.js';

/**
 * The black strip along the bottom of a picture that shows the time of day: a slice of its own, written here for each frame, because the
 * scene above it is a loop coded beforehand.
 *
 * - Nothing of it depends on the scene, and the scene does not depend on it: a block of the scene may be predicted from up to 27 px below
 *   its edge, where `GUARD_ROWS` of black continue the black edge of the scene.
 * - Digits are uncoded samples (I_PCM), exact to the pixel; CAVLC lets them be put in anywhere.
 */
export interface ClockStrip {
  /** Slice for a keyframe: all of it. For another: only what differs from `shown`, the text of the frame sent before. */
  readonly code: (head: SliceHead, text: string, shown: string) => Buffer;
}

/** In macroblocks of 16 by 16 px. */
export interface StripLayout {
  readonly columns: number;
  readonly firstRow: number;
  readonly rows: number;
  /** Width and height of one letter. */
  readonly letter: number;
}

const GUARD_ROWS = 2;
/** Black under the letters; of pictures whose height is no multiple of 16 px, a part of it is cropped. */
const MARGIN_ROWS = 1;

/** Letters of one macroblock for 640 px, of three for 2560 px. */
export function stripLayout(widthPx: number, heightPx: number): StripLayout {
  const letter = Math.max(1, Math.floor(widthPx / 800));
  const rows = GUARD_ROWS + letter + MARGIN_ROWS;
  return { columns: widthPx / 16, firstRow: Math.ceil(heightPx / 16) - rows, rows, letter };
}

/** What the clock takes of the bit rate at 15 frames a second and keyframes every 2 s: measured, 54 and 399 kbit/s for letters of 1 and 3. */
export function stripKbps(layout: StripLayout): number {
  return 45 * layout.letter ** 2;
}

/** `macroblock_type` in an I slice (H.264, table 7-11); in a P slice 5 more. */
const I_16X16_DC = 3;
const I_PCM = 25;
const P_SLICE_OFFSET = 5;
const BLACK = 0x10;
const NEUTRAL_CHROMA = Buffer.alloc(128, 0x80);
const BLACK_LUMA = Buffer.alloc(256, BLACK);

/** The luma of macroblock `index` of the strip; `BLACK_LUMA` itself for a black one. */
type Luma = (index: number) => Buffer;

/** Keeps the letters it has drawn and nothing else, so one serves any number of cameras with that layout. */
export function createClockStrip(layout: StripLayout): ClockStrip {
  const lumaOf = createDrawing(layout);
  return {
    code: (head, text, shown) => {
      const to = new BitWriter();
      writeSliceHead(to, head, layout.firstRow * layout.columns);
      if (head.isKey) writeAll(to, layout, lumaOf(text));
      else writeChanges(to, layout, lumaOf(text), lumaOf(shown));
      return to.toNal(head.nalHeader);
    },
  };
}

function writeAll(to: BitWriter, layout: StripLayout, lumaAt: Luma): void {
  const isRaw: boolean[] = [];
  for (let index = 0; index < layout.rows * layout.columns; index += 1) {
    const left = index % layout.columns === 0 ? null : index - 1;
    const above = index < layout.columns ? null : index - layout.columns;
    const luma = lumaAt(index);
    const neighbours = [left, above].filter((neighbour) => neighbour !== null);
    const isPredicted =
      luma === BLACK_LUMA &&
      neighbours.length > 0 &&
      (left === null || isBlack(lumaAt(left), 15, 16)) &&
      (above === null || isBlack(lumaAt(above), 240, 1));
    isRaw.push(!isPredicted);
    if (isPredicted) writePredicted(to, neighbours.filter((neighbour) => isRaw[neighbour]).length);
    else writeRaw(to, I_PCM, luma);
  }
}

/** The mean of the neighbours, which are black, and no residue. How "no coefficients" is coded depends on how many the neighbours have. */
function writePredicted(to: BitWriter, rawNeighbours: number): void {
  to.unsigned(I_16X16_DC);
  to.unsigned(0);
  to.unsigned(0);
  // A raw neighbour counts as one of 16 coefficients: the mean is 8 or more (H.264, table 9-5).
  if (rawNeighbours > 0) to.bits(0b000011, 6);
  else to.bits(1, 1);
}

function writeChanges(to: BitWriter, layout: StripLayout, lumaAt: Luma, shownAt: Luma): void {
  let skipped = 0;
  for (let index = 0; index < layout.rows * layout.columns; index += 1) {
    const luma = lumaAt(index);
    if (luma.equals(shownAt(index))) {
      skipped += 1;
      continue;
    }
    to.unsigned(skipped);
    writeRaw(to, I_PCM + P_SLICE_OFFSET, luma);
    skipped = 0;
  }
  if (skipped > 0) to.unsigned(skipped);
}

function writeRaw(to: BitWriter, type: number, luma: Buffer): void {
  to.unsigned(type);
  to.alignWithZeros();
  to.bytes(luma);
  to.bytes(NEUTRAL_CHROMA);
}

/** 16 samples, `step` apart. */
function isBlack(luma: Buffer, first: number, step: number): boolean {
  for (let index = 0; index < 16; index += 1) if (luma[first + index * step] !== BLACK) return false;
  return true;
}

/** Keeps the letters drawn so far. */
function createDrawing(layout: StripLayout): (text: string) => Luma {
  const drawn = new Map<string, readonly Buffer[]>();
  const firstColumn = Math.floor((layout.columns - CLOCK_TEXT_LENGTH * layout.letter) / 2);
  return (text) => (index) => {
    const row = Math.floor(index / layout.columns) - GUARD_ROWS;
    const column = (index % layout.columns) - firstColumn;
    const letter = text[Math.floor(column / layout.letter)];
    if (letter === undefined || row < 0 || row >= layout.letter) return BLACK_LUMA;
    const blocks = drawn.get(letter) ?? cutBlocks(letter, layout.letter);
    drawn.set(letter, blocks);
    return blocks[row * layout.letter + (column % layout.letter)] ?? BLACK_LUMA;
  };
}

function cutBlocks(letter: string, size: number): readonly Buffer[] {
  const widthPx = size * 16;
  const pixels = drawLetter(letter, widthPx);
  return Array.from({ length: size * size }, (_, index) => {
    const from = Math.floor(index / size) * 16 * widthPx + (index % size) * 16;
    const rows = Array.from({ length: 16 }, (__, row) =>
      pixels.subarray(from + row * widthPx, from + row * widthPx + 16),
    );
    const block = Buffer.concat(rows);
    return block.equals(BLACK_LUMA) ? BLACK_LUMA : block;
  });
}
