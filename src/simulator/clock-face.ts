/** Five by seven dots a letter, one string a row; a fresh machine has no fonts that FFmpeg could use. */
const GLYPHS: Readonly<Record<string, readonly string[]>> = {
  '0': ['.###.', '#...#', '#..##', '#.#.#', '##..#', '#...#', '.###.'],
  '1': ['..#..', '.##..', '..#..', '..#..', '..#..', '..#..', '.###.'],
  '2': ['.###.', '#...#', '....#', '...#.', '..#..', '.#...', '#####'],
  '3': ['####.', '....#', '....#', '.###.', '....#', '....#', '####.'],
  '4': ['...#.', '..##.', '.#.#.', '#..#.', '#####', '...#.', '...#.'],
  '5': ['#####', '#....', '####.', '....#', '....#', '#...#', '.###.'],
  '6': ['..##.', '.#...', '#....', '####.', '#...#', '#...#', '.###.'],
  '7': ['#####', '....#', '...#.', '..#..', '.#...', '.#...', '.#...'],
  '8': ['.###.', '#...#', '#...#', '.###.', '#...#', '#...#', '.###.'],
  '9': ['.###.', '#...#', '#...#', '.####', '....#', '...#.', '.##..'],
  ':': ['.....', '..#..', '..#..', '.....', '..#..', '..#..', '.....'],
  '.': ['.....', '.....', '.....', '.....', '.....', '.##..', '.##..'],
  U: ['#...#', '#...#', '#...#', '#...#', '#...#', '#...#', '.###.'],
  T: ['#####', '..#..', '..#..', '..#..', '..#..', '..#..', '..#..'],
  C: ['.###.', '#...#', '#....', '#....', '#....', '#...#', '.###.'],
};

/** Of what `clockText` returns. */
export const CLOCK_TEXT_LENGTH = 'UTC 00:00:00.0'.length;

/** The text burnt into a frame of this moment, in UTC ms: time of day to the tenth of a second. */
export function clockText(atMs: number): string {
  return `UTC ${new Date(Math.round(atMs)).toISOString().slice('2000-01-01T'.length, '2000-01-01T00:00:00.0'.length)}`;
}

/** White on black, one byte of luma a pixel, rows top to bottom; a dot is an eighth of the square. */
export function drawLetter(letter: string, sizePx: number): Buffer {
  const dotPx = sizePx / 8;
  const pixels = Buffer.alloc(sizePx * sizePx, 0x10);
  for (const [row, dots] of (GLYPHS[letter] ?? []).entries()) {
    for (const [column, dot] of [...dots].entries()) {
      if (dot === '#') fillDot(pixels, sizePx, { x: (column + 1) * dotPx, y: row * dotPx, dotPx });
    }
  }
  return pixels;
}

function fillDot(
  pixels: Buffer,
  widthPx: number,
  at: { readonly x: number; readonly y: number; readonly dotPx: number },
): void {
  for (let row = at.y; row < at.y + at.dotPx; row += 1) {
    pixels.fill(0xeb, row * widthPx + at.x, row * widthPx + at.x + at.dotPx);
  }
}
