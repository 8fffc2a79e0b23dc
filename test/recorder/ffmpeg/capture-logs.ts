/**
 * Runs the recorder's own command against every provocation and keeps what FFmpeg said:
 * `CAPTURE_FFMPEG_LOGS=<path of an FFmpeg> npx vitest run test/recorder/ffmpeg/captured-logs` writes `logs/<version>.json`.
 * Needs `strace` on the `PATH`, for what a kernel on a sound network does not answer.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { DEFAULT_SPEC } from '../../../src/domain/camera.js';
import { recordingCommand } from '../../../src/recorder/ffmpeg/args.js';
import { parseCameraUrl } from '../../../src/recorder/ffmpeg/camera-url.js';
import { redact } from '../../../src/redact.js';
import { loadPicture } from '../../../src/simulator/picture.js';
import { toolPath } from '../../support/tools.js';
import { waitFor } from '../../support/wait-for.js';
import { PROVOCATIONS, type Provocation, type Provoked } from './provocations.js';

/** How one FFmpeg ended. */
export interface CapturedEnd {
  readonly name: string;
  readonly code: number | null;
  readonly signal: string | null;
  readonly log: readonly string[];
}

const SPEC = { ...DEFAULT_SPEC, segmentDurationSec: 2, socketTimeoutMs: 1_000 };
/** More than the header: video is being written. */
const RECORDING_BYTES = 20_000;
/** Of refused keepalives, which come twice a session timeout. */
const NOISE_MS = 5_000;
const END_WITHIN_MS = 60_000;

/** @returns the path of what was written */
export async function captureLogs(ffmpegPath: string, dir: string): Promise<string> {
  const banner = execFileSync(ffmpegPath, ['-version'], { encoding: 'utf8' });
  const version = /ffmpeg version n?(\d+\.\d+(?:\.\d+)?)/.exec(banner)?.[1];
  if (version === undefined) throw new Error(`no version of FFmpeg: ${banner}`);
  const ends: CapturedEnd[] = [];
  for (const provocation of PROVOCATIONS) ends.push(await capture(ffmpegPath, provocation));
  await mkdir(dir, { recursive: true });
  const path = join(dir, `${version}.json`);
  await writeFile(path, `${JSON.stringify(ends, null, 2)}\n`);
  return path;
}

async function capture(ffmpegPath: string, provocation: Provocation): Promise<CapturedEnd> {
  const dir = await mkdtemp(join(tmpdir(), 'captured-'));
  const closing: (() => unknown)[] = [() => rm(dir, { recursive: true, force: true })];
  try {
    const picture = await loadPicture('small', {
      ffmpegPath: toolPath('ffmpeg'),
      cacheDir: new URL('../../../.cache/pictures', import.meta.url).pathname,
    });
    const provoked = await provocation.camera({ picture, register: (close) => closing.unshift(close) });
    if (provocation.fullDisk !== undefined) await symlink('/dev/full', join(dir, provocation.fullDisk));
    return await run({ ffmpegPath, dir, provocation, provoked });
  } finally {
    for (const close of closing) await close();
  }
}

async function run(it: {
  readonly ffmpegPath: string;
  readonly dir: string;
  readonly provocation: Provocation;
  readonly provoked: Provoked;
}): Promise<CapturedEnd> {
  const { dir, provocation, provoked } = it;
  const { args, ffconcat } = recordingCommand(SPEC, parseCameraUrl(provoked.url), null);
  const more = provocation.moreArgs ?? [];
  const [program = '', ...words] = [...injecting(provocation, dir), it.ffmpegPath, ...more, ...args];
  const child = spawn(program, words, {
    cwd: dir,
    env: { TZ: 'UTC', PATH: process.env['PATH'] },
    stdio: ['ignore', 'pipe', 'pipe', 'ignore', 'pipe'],
    timeout: END_WITHIN_MS,
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
  }
  const urlPipe = child.stdio[4];
  if (urlPipe instanceof Writable) urlPipe.on('error', () => undefined).end(ffconcat);
  const closed = once(child, 'close');
  if (provoked.whenRecording !== undefined) {
    await waitFor(async () => (await stat(join(dir, '000000.mp4'))).size > RECORDING_BYTES, {
      what: `${provocation.name}: video on disk`,
      deadlineMs: 20_000,
    });
    await delay(NOISE_MS);
    await provoked.whenRecording();
  }
  await closed;
  const log = tidied(text, dir);
  return { name: provocation.name, code: child.exitCode, signal: child.signalCode, log };
}

function injecting({ inject, injectFor }: Provocation, dir: string): readonly string[] {
  if (inject === undefined) return [];
  const [syscall = ''] = inject.split(':');
  const only = injectFor === undefined ? [] : ['-P', join(dir, injectFor)];
  return ['strace', '-f', '-qq', '-o', '/dev/null', ...only, '-e', `trace=${syscall}`, '-e', `inject=${inject}`];
}

/** Without passwords, addresses and folders, which are of one run. Told again and again is told once. */
function tidied(text: string, dir: string): readonly string[] {
  const lines = text.split('\n').map((line) =>
    redact(line)
      .trimEnd()
      .replaceAll(dir, '.')
      .replaceAll(/0x[0-9a-f]+/g, '0x0')
      .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:554'),
  );
  const shapes = lines.map((line) => line.replaceAll(/\d+/g, '0'));
  return lines.filter((line, index) => line !== '' && shapes[index] !== shapes[index - 1]);
}

/** What was captured, by version. */
export async function readCaptured(path: string): Promise<readonly CapturedEnd[]> {
  return JSON.parse(await readFile(path, 'utf8')) as readonly CapturedEnd[];
}
