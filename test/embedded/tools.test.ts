import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findTool, judgeTool, lookForTool, readKnownTools } from '../../src/embedded/tools.js';
import { fakeFfmpeg, program } from '../support/fake-ffmpeg.js';
import { tempDir } from '../support/temp-dir.js';
import { toolPath } from '../support/tools.js';

test.each(['ffmpeg', 'temporal', 'weed'] as const)('the %s this suite runs with will do', async (name) => {
  expect(await judgeTool(name, toolPath(name))).toMatchObject({ kind: 'good' });
});

test('a program on PATH is preferred to the one set-up fetched', async () => {
  const dir = await tempDir();
  const mine = await program(join(dir, 'bin'), 'ffmpeg', fakeFfmpeg('6.1'));
  const fetched = await program(join(dir, 'fetched'), 'ffmpeg', fakeFfmpeg('9.0'));
  const search = { searchPath: `${join(dir, 'none')}:${join(dir, 'bin')}`, known: { ffmpeg: fetched } };
  expect(await findTool('ffmpeg', search)).toEqual({ path: mine, version: '6.1' });
});

test.each([
  ['is too old', fakeFfmpeg('4.4'), /FFmpeg 4\.4/],
  ['crashes on a host name', fakeFfmpeg('6.0', 'kill -SEGV $$'), /SIGSEGV/],
])('a program on PATH that %s gives way to the fetched one, and is named', async (_how, script, why) => {
  const dir = await tempDir();
  const mine = await program(join(dir, 'bin'), 'ffmpeg', script);
  const fetched = await program(join(dir, 'fetched'), 'ffmpeg', fakeFfmpeg('9.0'));
  const search = { searchPath: join(dir, 'bin'), known: { ffmpeg: fetched } };
  expect(await lookForTool('ffmpeg', search)).toEqual({
    found: { path: fetched, version: '9.0' },
    refused: [{ path: mine, why: expect.stringMatching(why) }],
  });
  const alone = findTool('ffmpeg', { ...search, known: {} });
  await expect(alone).rejects.toMatchObject({ code: 'tool-refused', message: expect.stringMatching(why) });
});

test('a bad program that set-up had chosen from PATH is named once', async () => {
  const dir = await tempDir();
  const ffmpeg = await program(dir, 'ffmpeg', fakeFfmpeg('7.0.2'));
  const { refused } = await lookForTool('ffmpeg', { searchPath: dir, known: { ffmpeg } });
  expect(refused).toEqual([{ path: ffmpeg, why: expect.stringContaining('FFmpeg 7.0') }]);
});

test('without any program the error says what to run', async () => {
  const nowhere = findTool('weed', { searchPath: await tempDir(), known: {} });
  await expect(nowhere).rejects.toMatchObject({
    code: 'tool-missing',
    message: expect.stringContaining('npm run setup'),
  });
});

test('a program that set-up wrote down and somebody deleted is refused, not run', async () => {
  const gone = join(await tempDir(), 'temporal');
  expect(await judgeTool('temporal', gone)).toEqual({ kind: 'refused', why: 'there is no such program' });
});

test('the list of set-up is read; absent is empty; broken is an error that says what to do', async () => {
  const path = join(await tempDir(), 'tools.json');
  expect(await readKnownTools(path)).toEqual({});
  await writeFile(path, JSON.stringify({ weed: '/opt/weed' }));
  expect(await readKnownTools(path)).toEqual({ weed: '/opt/weed' });
  await writeFile(path, '{');
  await expect(readKnownTools(path)).rejects.toMatchObject({ code: 'tool-missing' });
});
