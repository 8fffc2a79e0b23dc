import { readdir, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isSlice, nalType, splitAccessUnits } from '../../src/simulator/annex-b.js';
import { loadPicture } from '../../src/simulator/picture.js';
import { tempDir } from '../support/temp-dir.js';
import { toolPath } from '../support/tools.js';
import { testPicture } from './test-picture.js';

const FFMPEG = toolPath('ffmpeg');

test('two who make the same picture at once get the same, and leave one file', async () => {
  const cacheDir = await tempDir('picture');
  const shares: number[] = [];
  const options = { ffmpegPath: FFMPEG, cacheDir, onProgress: (share: number) => shares.push(share) };
  const [first, second] = await Promise.all([loadPicture('other', options), loadPicture('other', options)]);
  expect(first.sps.equals(second.sps)).toBe(true);
  expect(await readdir(cacheDir)).toHaveLength(1);
  expect(shares.at(-1)).toBe(1);
  const told = shares.length;
  await loadPicture('other', options);
  expect(shares.length).toBe(told);
});

test('an abort ends FFmpeg and leaves nothing', async () => {
  const cacheDir = await tempDir('picture');
  const abort = new AbortController();
  const onProgress = () => abort.abort(new Error('changed my mind'));
  const loading = loadPicture('2k', { ffmpegPath: FFMPEG, cacheDir, signal: abort.signal, onProgress });
  await expect(loading).rejects.toThrow('changed my mind');
  expect(await readdir(cacheDir)).toEqual([]);
});

test.each([
  ['a missing FFmpeg', '/nowhere/ffmpeg'],
  ['a program that makes no picture', process.execPath],
])('%s is a failure that says so', async (_, ffmpegPath) => {
  const loading = loadPicture('other', { ffmpegPath, cacheDir: await tempDir('picture') });
  await expect(loading).rejects.toMatchObject({ code: 'picture-failed' });
});

test('a torn file in the cache is made anew', async () => {
  const cacheDir = await tempDir('picture');
  const made = await loadPicture('other', { ffmpegPath: FFMPEG, cacheDir });
  const [name = ''] = await readdir(cacheDir);
  await truncate(join(cacheDir, name), 100_000);
  const again = await loadPicture('other', { ffmpegPath: FFMPEG, cacheDir });
  expect(again.accessUnits.length).toBe(made.accessUnits.length);
});

test('every frame of a picture is one access unit without SEI, and keyframes bring their parameter sets', async () => {
  const { accessUnits, spec } = await testPicture();
  expect(accessUnits.length).toBe(spec.fps * spec.loopSec);
  for (const { nals, isKey } of accessUnits) {
    const before = nals.filter((nal) => !isSlice(nal)).map(nalType);
    expect(before).toEqual(isKey ? [7, 8] : []);
    expect(nals.filter(isSlice).length).toBeGreaterThan(0);
  }
});

test('slices of one picture stay together, and start codes of three and four bytes are both seen', () => {
  const first = [0x65, 0x88, 0x01];
  const second = [0x65, 0x40, 0x02];
  const bytes = Buffer.from([
    0,
    0,
    0,
    1,
    0x67,
    1,
    0,
    0,
    1,
    0x68,
    2,
    0,
    0,
    1,
    0x06,
    5,
    0,
    0,
    1,
    ...first,
    0,
    0,
    1,
    ...second,
  ]);
  const units = splitAccessUnits(Buffer.concat([bytes, Buffer.from([0, 0, 0, 1, 0x41, 0x9a])]));
  expect(units.map(({ isKey, nals }) => [isKey, nals.map((nal) => [...nal])])).toEqual([
    [true, [[0x67, 1], [0x68, 2], first, second]],
    [false, [[0x41, 0x9a]]],
  ]);
});
