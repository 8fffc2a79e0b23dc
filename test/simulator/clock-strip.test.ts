import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { isSlice } from '../../src/simulator/annex-b.js';
import { clockText, drawLetter } from '../../src/simulator/clock-face.js';
import { stripLayout } from '../../src/simulator/clock-strip.js';
import { readSliceHead } from '../../src/simulator/parameter-sets.js';
import type { Picture, PictureName } from '../../src/simulator/picture.js';
import { tempDir } from '../support/temp-dir.js';
import { toolPath } from '../support/tools.js';
import { testPicture } from './test-picture.js';

const run = promisify(execFile);
const MINUTE_MS = Date.UTC(2026, 1, 3, 13, 0);
const FIRST_COUNTER = ((MINUTE_MS - 4_000) * 15) / 1_000;

test.each([
  ['2026-01-02T03:04:05.678Z', 'UTC 03:04:05.6'],
  ['2026-01-02T23:59:59.999Z', 'UTC 23:59:59.9'],
  ['2026-01-03T00:00:00.000Z', 'UTC 00:00:00.0'],
])('a frame of %s shows %s', (time, text) => {
  expect(clockText(Date.parse(time))).toBe(text);
});

test('a frame due a rounding error before a tenth of a second shows that tenth', () => {
  expect(clockText(Date.parse('2026-01-02T03:04:05.200Z') - 0.001)).toBe('UTC 03:04:05.2');
});

test.each(['small', 'small-4s-gop', 'other'] as const)(
  'FFmpeg decodes %s without a complaint, and the clock is right on each frame while the hour changes',
  async (name) => {
    const picture = await testPicture(name);
    const times = Array.from({ length: 120 }, (_, index) => ((FIRST_COUNTER + index) * 1_000) / 15);
    const strips = await decodeDigits(await writeFrames(name, picture, 120), picture);
    expect(strips.length).toBe(120);
    const drawn = times.map((atMs) => drawText(clockText(atMs)));
    expect(strips.findIndex((strip, index) => !strip.equals(drawn[index] ?? Buffer.alloc(0)))).toBe(-1);
  },
);

/** As the camera sends them, from a keyframe 4 s before the hour. */
async function writeFrames(name: PictureName, picture: Picture, frames: number): Promise<string> {
  const nals: Buffer[] = [];
  let shown = '';
  for (let counter = FIRST_COUNTER; counter < FIRST_COUNTER + frames; counter += 1) {
    const unit = picture.accessUnits[counter % picture.accessUnits.length];
    const slice = unit?.nals.find(isSlice);
    if (unit === undefined || slice === undefined) throw new Error('no such frame');
    const text = clockText((counter * 1_000) / 15);
    nals.push(...unit.nals, picture.clock.code(readSliceHead(slice, unit.isKey, picture.frameNumBits), text, shown));
    shown = text;
  }
  const path = join(await tempDir('clock'), `${name}.h264`);
  await writeFile(path, Buffer.concat(nals.flatMap((nal) => [Buffer.from([0, 0, 0, 1]), nal])));
  return path;
}

/** The luma of the letters, frame by frame. */
async function decodeDigits(path: string, { spec }: Picture): Promise<readonly Buffer[]> {
  const layout = stripLayout(spec.widthPx, spec.heightPx);
  const left = Math.floor((layout.columns - 14) / 2) * 16;
  const { stdout, stderr } = await run(
    toolPath('ffmpeg'),
    [
      ...['-v', 'warning', '-err_detect', 'explode', '-i', path],
      ...['-vf', `extractplanes=y,crop=${14 * 16}:16:${left}:${(layout.firstRow + 2) * 16}`],
      ...['-f', 'rawvideo', 'pipe:1'],
    ],
    { encoding: 'buffer', maxBuffer: 100_000_000 },
  );
  expect(stderr.toString('utf8')).toBe('');
  const sizeBytes = 14 * 16 * 16;
  return Array.from({ length: stdout.length / sizeBytes }, (_, index) =>
    stdout.subarray(index * sizeBytes, (index + 1) * sizeBytes),
  );
}

function drawText(text: string): Buffer {
  const letters = [...text].map((letter) => drawLetter(letter, 16));
  const rows = Array.from({ length: 16 }, (_, row) =>
    letters.map((letter) => letter.subarray(row * 16, row * 16 + 16)),
  );
  return Buffer.concat(rows.flat());
}
