/** The promise of the first page of README: nothing set, one command, and two cameras record into a real bucket. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { measureFolder } from '../../src/embedded/data-budget.js';
import type { StatusView } from '../../src/http/status-view.js';
import { segmentFromMetadata } from '../../src/object-store/coverage-metadata.js';
import type { ObjectStore } from '../../src/object-store/object-store.js';
import { createS3Store } from '../../src/object-store/s3.js';
import { afterFile } from '../support/after-file.js';
import { allProcesses } from '../support/processes.js';
import { tempDirUntil } from '../support/temp-dir.js';
import { waitFor } from '../support/wait-for.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
/** Drawing the picture, where no earlier run has left one in the cache, takes most of it. */
const FIRST_SCREEN_MS = 120_000;
/** The promise; 5 s on a quiet machine. */
const SECOND_START_MS = 15_000;

/** Notes of Temporal, and logs. */
const GROWN_BYTES = 1_000_000;

interface BareStart {
  readonly dir: string;
  /** All that it has printed. */
  said(): string;
  /** Resolves to the first match. */
  says(pattern: RegExp, deadlineMs: number): Promise<RegExpExecArray>;
  status(): Promise<StatusView>;
  /** As Ctrl-C; resolves to the exit code. */
  stop(): Promise<number | null>;
  /** Everything that runs below the folder or on its behalf. */
  processes(): Promise<readonly string[]>;
}

/** `start` as in a fresh terminal of a machine where nothing is set. */
function startBare(dir: string, env: Readonly<Record<string, string>> = {}): BareStart {
  const child = spawn(process.execPath, [MAIN, 'start'], {
    cwd: dir,
    env: { PATH: process.env['PATH'], HOME: dir, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  }
  const says: BareStart['says'] = async (pattern, deadlineMs) =>
    await waitFor(() => pattern.exec(text), { what: `${pattern} in what it prints:\n${text}`, deadlineMs });
  afterFile(async () => void (await endOf(child, 'SIGTERM')));
  return {
    dir,
    said: () => text,
    says,
    status: async () => {
      const [, url] = await says(/Status page +(http:\S+)\//, FIRST_SCREEN_MS);
      return (await (await fetch(`${url}/status.json`)).json()) as StatusView;
    },
    stop: async () => await endOf(child, 'SIGINT'),
    processes: async () => {
      const all = await allProcesses();
      return all.filter((one) => one.cwd.startsWith(dir) || one.command.includes(dir)).map(({ command }) => command);
    },
  };
}

async function endOf(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
  return child.exitCode;
}

async function bucketOf({ dir, said }: BareStart): Promise<ObjectStore> {
  const memory = JSON.parse(await readFile(join(dir, '.data', 'demo.json'), 'utf8')) as Record<string, string>;
  return createS3Store({
    endpoint: /Store \(S3\) +(http:[^,]+),/.exec(said())?.[1] ?? '',
    bucket: 'camera-recordings',
    region: 'us-east-1',
    accessKeyId: memory['accessKeyId'] ?? '',
    secretAccessKey: memory['secretAccessKey'] ?? '',
  });
}

/** The first object of a camera that is whole. */
async function firstObject(store: ObjectStore, camera: string): Promise<{ key: string; sizeBytes: number } | null> {
  const signal = AbortSignal.timeout(10_000);
  for await (const { key } of store.list(`${camera}/`, signal)) {
    const head = await store.head(key, signal);
    const segment = segmentFromMetadata(head?.metadata ?? {});
    if (head === undefined || segment === undefined) throw new Error(`${key} says nothing of what is in it`);
    expect(head.sizeBytes).toBe(segment.sizeBytes);
    return { key, sizeBytes: head.sizeBytes };
  }
  return null;
}

/** Resolves once another program listens there: this one, or whoever did before. */
async function takePort(port: number): Promise<void> {
  const server = createServer();
  afterFile(async () => void server.close());
  await new Promise<void>((resolve) => {
    server.once('error', () => resolve()).listen(port, '127.0.0.1', resolve);
  });
}

describe.sequential('a start with nothing set', () => {
  let dir = '';

  it('records two cameras into a bucket, beside a program that has the usual port', { timeout: 240_000 }, async () => {
    dir = await tempDirUntil(afterFile, 'bare');
    await takePort(9090);
    const start = startBare(dir);
    await start.says(/^Port 9090 is taken: the status page is on \d+\.$/m, FIRST_SCREEN_MS);
    await start.says(/Ctrl-C stops it in order[^]*Try next/, FIRST_SCREEN_MS);
    for (const line of [
      /Temporal Web UI +http:\/\/127\.0\.0\.1:\d+\n/,
      /Cameras +camera-1, camera-2 \(simulated\)\n/,
      /It writes about 4\.0 GB an hour, in segments of 60 s\./,
      /recording stops when that holds 10\.0 GB\./,
    ]) {
      expect(start.said()).toMatch(line);
    }
    const bucket = await bucketOf(start);
    for (const camera of ['camera-1', 'camera-2']) {
      await start.says(new RegExp(`${camera}: recording`), 30_000);
      const { key, sizeBytes } = await waitFor(() => firstObject(bucket, camera), {
        what: `an object of ${camera}`,
        deadlineMs: 90_000,
        pollMs: 500,
      });
      expect(key).toMatch(new RegExp(`^${camera}/\\d{8}/\\d\\d-\\d\\d-\\d\\d_${camera}\\.mp4$`));
      expect(sizeBytes).toBeGreaterThan(0);
    }
    expect(await ffmpegsOf(start)).toBe(2);
    await expect(refusal(dir)).resolves.toMatch(/^It runs already, as process \d+, with .*\. Stop that one first\.\n$/);
    expect(await start.stop()).toBe(0);
    expect(await start.processes()).toEqual([]);
  });

  it('goes on where it stopped, and stops recording by itself at its limit', { timeout: 180_000 }, async () => {
    const limitBytes = (await measureFolder(join(dir, '.data'))) + 4_000_000;
    const launchedAtMs = performance.now();
    const start = startBare(dir, { CAMERA_RECORDER_DATA_LIMIT: String(limitBytes) });
    await start.says(/camera-[12]: recording[^]*camera-[12]: recording/, SECOND_START_MS);
    console.log(`the second start recorded after ${((performance.now() - launchedAtMs) / 1_000).toFixed(1)} s`);

    await start.says(/Recording has stopped: .* holds .*, the limit for trying it out\./, 60_000);
    await waitFor(async () => (await grownBytes(join(dir, '.data'))) < GROWN_BYTES, {
      what: 'the folder to grow no more, once the last segments are uploaded',
      deadlineMs: 40_000,
    });
    const { notices, cameras } = await start.status();
    expect(notices).toEqual([expect.stringContaining('Recording has stopped')]);
    expect(cameras.map(({ level, state }) => [level, state])).toEqual(
      Array(2).fill(['bad', expect.stringContaining('the limit is reached, last stored')]),
    );
    expect(await ffmpegsOf(start)).toBe(0);
    expect(await firstObject(await bucketOf(start), 'camera-1')).not.toBeNull();

    expect(await start.stop()).toBe(0);
    expect(await start.processes()).toEqual([]);
  });
});

/** Processes that record. */
async function ffmpegsOf(start: BareStart): Promise<number> {
  return (await start.processes()).filter((command) => /ffmpeg\S* -hide_banner/.test(command)).length;
}

/** What a second `start` in the same folder says. */
async function refusal(dir: string): Promise<string> {
  const second = startBare(dir);
  await second.says(/\n$/, 30_000);
  await second.says(/Stop that one/, 30_000);
  return /^It runs already.*\n/m.exec(second.said())?.[0] ?? '';
}

/** What the folder grows by in a while in which two recorded cameras would write 7 MB. */
async function grownBytes(folder: string): Promise<number> {
  const before = await measureFolder(folder);
  await systemClock.sleep(6_000, AbortSignal.timeout(10_000));
  return (await measureFolder(folder)) - before;
}
