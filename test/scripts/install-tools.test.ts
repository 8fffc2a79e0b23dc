import { cp, mkdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { rootDir } from '../../scripts/paths.mjs';
import { fakeFfmpeg, program } from '../support/fake-ffmpeg.js';
import { tempDir } from '../support/temp-dir.js';

test('an FFmpeg on PATH that was chosen and then goes bad gives way to the pinned one', async () => {
  const { setUp, bin } = await checkout();
  const mine = await program(bin, 'ffmpeg', fakeFfmpeg('6.1.1'));
  expect(await setUp()).toEqual({ ffmpeg: mine, said: '' });
  await program(bin, 'ffmpeg', fakeFfmpeg('7.0.2'));
  const pinned = expect.stringMatching(/\.tools\/[0-9a-f]{16}\/imageio_ffmpeg\/binaries\/ffmpeg-pinned$/);
  expect(await setUp()).toEqual({ ffmpeg: pinned, said: expect.stringContaining(`not using ${mine}: FFmpeg 7.0`) });
  expect(await setUp()).toEqual({ ffmpeg: pinned, said: '' });
});

test('an FFmpeg that is what it was is run again only when asked for', async () => {
  const { setUp, bin } = await checkout();
  const runs = join(bin, 'runs');
  await program(bin, 'ffmpeg', `echo "$*" >> ${runs}\n${fakeFfmpeg('6.1.1')}`);
  await setUp();
  const first = await readFile(runs, 'utf8');
  expect(first).toContain('-version');
  await setUp();
  expect(await readFile(runs, 'utf8')).toBe(first);
  await setUp(true);
  expect(await readFile(runs, 'utf8')).toBe(first + first);
});

/** The scripts of this check-out with no tool yet, and a `PATH` on which pip brings an FFmpeg 9.0. */
async function checkout() {
  const root = await tempDir();
  const bin = join(root, 'bin');
  await cp(join(rootDir, 'scripts'), join(root, 'scripts'), { recursive: true });
  await symlink(join(rootDir, 'dist'), join(root, 'dist'));
  await program(bin, 'python3', FAKE_PIP);
  await mkdir(join(root, 'wheel'));
  await program(join(root, 'wheel'), 'ffmpeg-pinned', fakeFfmpeg('9.0'));
  const setUp = async (judgeAgain = false) => {
    const script = `const { installTools } = await import('${root}/scripts/install-tools.mjs');
      await installTools(['ffmpeg'], { judgeAgain: ${judgeAgain} });`;
    const env = { PATH: `${bin}:/usr/bin:/bin`, WHEEL: join(root, 'wheel', 'ffmpeg-pinned') };
    const { stderr } = await execa(process.execPath, ['--input-type=module', '-e', script], { env, extendEnv: false });
    const tools: unknown = JSON.parse(await readFile(join(root, '.tools', 'tools.json'), 'utf8'));
    return { ...(tools as { ffmpeg: string }), said: stderr };
  };
  return { bin, setUp };
}

/** `python3 -m pip install -q --target <dir> …` */
const FAKE_PIP = `[ "$3" = install ] || exit 0
mkdir -p "$6/imageio_ffmpeg/binaries" && cp "$WHEEL" "$6/imageio_ffmpeg/binaries/"`;
