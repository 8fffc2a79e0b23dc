/** The two things that are compared: our program, and the very FFmpeg command lines it runs, alone. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Writable } from 'node:stream';
import { DEFAULT_SPEC } from '../src/domain/camera.js';
import { recordingCommand } from '../src/recorder/ffmpeg/args.js';
import { parseCameraUrl } from '../src/recorder/ffmpeg/camera-url.js';

/** Processes that record, and where to. */
export interface Phase {
  /** The keeper and the worker; none when FFmpeg is alone. */
  readonly ours: readonly number[];
  readonly ffmpegs: readonly number[];
  /** Of all recordings, those that grow included. */
  recordedBytes(): Promise<number>;
  stop(): Promise<void>;
}

export interface PhaseSettings {
  readonly dir: string;
  readonly urls: readonly string[];
  readonly ffmpegPath: string;
  readonly segmentSec: number;
  /** Of store and Temporal, for our program. */
  readonly env: Readonly<Record<string, string>>;
}

const START_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 60_000;
/** Every camera has had a keyframe, and written it. */
const FIRST_BYTES = 100_000;

/** `camera-recorder worker --role all`. Resolves when every camera grows a file. */
export async function startOurs(settings: PhaseSettings): Promise<Phase> {
  const { dir, urls, ffmpegPath, segmentSec, env } = settings;
  await mkdir(dir, { recursive: true });
  const keeper = spawn(process.execPath, [resolve('dist', 'cli', 'main.js'), 'worker', '--role', 'all'], {
    cwd: dir,
    env: {
      PATH: process.env['PATH'],
      TEMP_DIR: join(dir, 'spool'),
      METRICS_PORT: '0',
      FFMPEG_PATH: ffmpegPath,
      SEGMENT_SECONDS: String(segmentSec),
      ...Object.fromEntries(urls.map((url, index) => [`CAMERA${index + 1}_RTSP_URL`, url])),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log = createWriteStream(join(dir, 'output.log'));
  for (const stream of [keeper.stdout, keeper.stderr]) stream.pipe(log, { end: false });
  const stop = async (): Promise<void> => await stopped([keeper]);
  return await started({ stop, spoolDir: join(dir, 'spool'), cameras: urls.length }, async () => {
    const children = await childrenOf(keeper.pid ?? 0);
    const worker = children.filter(({ command }) => command.includes('worker-process'));
    const ffmpegs = children.filter(({ command }) => command.includes('pipe:4'));
    return { ours: [keeper.pid ?? 0, ...worker.map(({ pid }) => pid)], ffmpegs: ffmpegs.map(({ pid }) => pid) };
  });
}

/** One FFmpeg for each camera, with the product's own arguments. Resolves when every camera grows a file. */
export async function startAlone(settings: PhaseSettings): Promise<Phase> {
  const { dir, urls, ffmpegPath, segmentSec } = settings;
  const children = await Promise.all(
    urls.map(async (url, index) => {
      const cwd = join(dir, String(index));
      await mkdir(cwd, { recursive: true });
      const spec = { ...DEFAULT_SPEC, segmentDurationSec: segmentSec };
      const { args, ffconcat } = recordingCommand(spec, parseCameraUrl(url), 'h264');
      const child = spawn(ffmpegPath, args, {
        cwd,
        env: { TZ: 'UTC', PATH: process.env['PATH'] },
        stdio: ['ignore', 'ignore', 'ignore', 'ignore', 'pipe'],
      });
      const pipe = child.stdio[4];
      if (pipe instanceof Writable) pipe.end(ffconcat);
      return child;
    }),
  );
  const stop = async (): Promise<void> => await stopped(children);
  return await started({ stop, spoolDir: dir, cameras: urls.length }, async () => {
    return { ours: [], ffmpegs: children.map(({ pid }) => pid ?? 0) };
  });
}

async function started(
  run: { readonly stop: () => Promise<void>; readonly spoolDir: string; readonly cameras: number },
  processes: () => Promise<Pick<Phase, 'ours' | 'ffmpegs'>>,
): Promise<Phase> {
  const deadlineMs = performance.now() + START_DEADLINE_MS;
  for (;;) {
    const sizes = await recordings(run.spoolDir);
    if (sizes.filter((sizeBytes) => sizeBytes >= FIRST_BYTES).length >= run.cameras) break;
    if (performance.now() > deadlineMs) {
      await run.stop();
      throw new Error(`only ${sizes.length} of ${run.cameras} cameras record`);
    }
    await pause(250);
  }
  const found = await processes();
  if (found.ffmpegs.length !== run.cameras) {
    await run.stop();
    throw new Error(`${found.ffmpegs.length} FFmpegs run for ${run.cameras} cameras`);
  }
  const recordedBytes = async (): Promise<number> => (await recordings(run.spoolDir)).reduce((a, b) => a + b, 0);
  return { ...found, recordedBytes, stop: run.stop };
}

/** Sizes of all recordings below a folder. One that is being moved is met at its old place or at its new one. */
async function recordings(dir: string): Promise<readonly number[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.mp4'));
  const sizes = files.map(async ({ parentPath, name }) => {
    return await stat(join(parentPath, name)).then(
      ({ size }) => size,
      () => 0,
    );
  });
  return await Promise.all(sizes);
}

async function stopped(children: readonly ChildProcess[]): Promise<void> {
  const ended = children.map(async (child) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = new Promise((done) => child.once('exit', done));
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
    await exit;
    clearTimeout(timer);
  });
  await Promise.all(ended);
}

async function childrenOf(pid: number): Promise<readonly { readonly pid: number; readonly command: string }[]> {
  const pids = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ').filter(Boolean);
  return await Promise.all(
    pids.map(async (child) => ({ pid: Number(child), command: await readFile(`/proc/${child}/cmdline`, 'latin1') })),
  );
}

export async function pause(durationMs: number): Promise<void> {
  await new Promise((done) => setTimeout(done, durationMs));
}
