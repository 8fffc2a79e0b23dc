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
  '-': ['.....', '.....', '.....', '.###.', '.....', '.....', '.....'],
  U: ['#...#', '#...#', '#...#', '#...#', '#...#', '#...#', '.###.'],
  T: ['#####', '..#..', '..#..', '..#..', '..#..', '..#..', '..#..'],
  C: ['.###.', '#...#', '#....', '#....', '#....', '#...#', '.###.'],
};

const TEXT_LENGTH = 'UTC --:--:00.00'.length;
const GLYPH_WIDTH = 6;
const MARGIN = 2;

/** Size of one clock picture in dots; a dot is later scaled to several pixels. */
export const CLOCK_FACE = { widthDots: TEXT_LENGTH * GLYPH_WIDTH + 2 * MARGIN - 1, heightDots: 7 + 2 * MARGIN };

/**
 * The text burnt into frame `position` of a loop of whole minutes: the second of the minute and the frame within it. Because the camera
 * counts frames from the UTC epoch, that second is the true one; hour and minute cannot be in a picture made beforehand.
 */
export function clockText(position: number, fps: number): string {
  const second = Math.floor(position / fps) % 60;
  return `UTC --:--:${twoDigits(second)}.${twoDigits(Math.floor(position % fps))}`;
}

/** White on black, one byte a dot, rows top to bottom, all frames of the loop behind each other. */
export function drawClockFaces(frames: number, fps: number): Buffer {
  const sizeBytes = CLOCK_FACE.widthDots * CLOCK_FACE.heightDots;
  const faces = Buffer.alloc(frames * sizeBytes, 0x10);
  for (let position = 0; position < frames; position += 1) {
    drawText(faces.subarray(position * sizeBytes, (position + 1) * sizeBytes), clockText(position, fps));
  }
  return faces;
}

function drawText(face: Buffer, text: string): void {
  for (const [index, letter] of [...text].entries()) {
    for (const [row, dots] of (GLYPHS[letter] ?? []).entries()) {
      for (const [column, dot] of [...dots].entries()) {
        if (dot !== '#') continue;
        face[(MARGIN + row) * CLOCK_FACE.widthDots + MARGIN + index * GLYPH_WIDTH + column] = 0xeb;
      }
    }
  }
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0');
}
