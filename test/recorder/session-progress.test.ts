import { mkdir, open, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import type { Clock } from '../../src/clock.js';
import { DEFAULT_SPEC } from '../../src/domain/camera.js';
import { parseCameraId, parseSessionId } from '../../src/domain/ids.js';
import type { RecordingIndex } from '../../src/mp4/recording-index.js';
import type { ProbeDisk } from '../../src/recorder/disk-probe.js';
import { type ClosedFile, SessionProgress } from '../../src/recorder/session-progress.js';
import type { Progress } from '../../src/recorder/supervisor-state.js';
import { startOf } from '../../src/recorder/times.js';
import { readSessionFile, writeSessionFile } from '../../src/spool/session-files.js';
import { watchPower } from '../support/power/power-watch.js';
import { tempDir } from '../support/temp-dir.js';

const T = Date.UTC(2026, 0, 2, 3, 4, 5);

const SESSION = {
  schema: 1,
  session: parseSessionId('20260102T030405Z-0001'),
  camera: parseCameraId('x'),
  spec: { ...DEFAULT_SPEC, source: { kind: 'secret', name: 'x' } },
} as const;

/** Time that passes only when it is told to. */
class TestClock implements Clock {
  wall = T;
  monotonic = 1_000;
  wallMs = () => this.wall;
  monotonicMs = () => this.monotonic;
  sleep = async () => undefined;
  pass(ms: number) {
    this.wall += ms;
    this.monotonic += ms;
  }
}

/** A session whose files say what the test wants: a file of n bytes holds n frames, 100 ms each. */
async function followed(probeDisk: ProbeDisk = async () => 'in-time', leftIn?: string) {
  const dir = leftIn ?? join(await tempDir('progress'), 'session');
  await mkdir(dir, { recursive: true });
  const clock = new TestClock();
  const seen: Progress[] = [];
  const closed: ClosedFile[] = [];
  const progress = new SessionProgress(
    { id: SESSION.session, dir, spec: SESSION.spec },
    {
      clock,
      probeDisk,
      log: pino({ level: 'silent' }),
      createWalker: () => {
        let frames = 0;
        return {
          get index() {
            return indexOf(frames);
          },
          advance: async (sizeBytes: number) => {
            if (sizeBytes > 100) throw new Error('not what FFmpeg writes');
            frames = sizeBytes;
          },
        };
      },
      policies: { lookEveryMs: 500, syncEveryMs: 5_000, probeLimitMs: 2_000 },
    },
    { progressed: (one) => seen.push(one), closed: (file) => closed.push(file) },
  );
  return {
    dir,
    clock,
    closed,
    progress,
    write: async (index: number, frames: number) => {
      const path = join(dir, `${String(index).padStart(6, '0')}.mp4`);
      await writeFile(path, 'x'.repeat(frames));
      await utimes(path, new Date(clock.wall), new Date(clock.wall));
    },
    look: async (afterMs: number) => {
      clock.pass(afterMs);
      await progress.look();
      const last = seen.at(-1);
      if (last === undefined) throw new Error('nothing was said');
      return last;
    },
  };
}

function indexOf(frames: number): RecordingIndex {
  return {
    tracks: [],
    fragments: [],
    initBytes: frames > 0 ? 1 : 0,
    completeBytes: frames,
    video: { codec: 'h264', widthPx: 640, heightPx: 360 },
    videoFrames: frames,
    videoStartMs: 0,
    videoEndMs: frames * 100,
    mediaEndMs: frames * 100,
    hasParametersChanged: frames === 99,
    isFinished: true,
  };
}

test('frames add up over a cut, and the file before it is closed with its successor', async () => {
  const { write, look, closed, progress } = await followed();
  expect(await look(0)).toMatchObject({ frames: 0 });
  await write(0, 10);
  expect(await look(500)).toMatchObject({ frames: 10, mediaMs: 1_000, completeBytes: 10 });
  await write(0, 15);
  await write(1, 3);
  expect(await look(500)).toMatchObject({ frames: 15, silentMs: 0 });
  await look(500);
  expect(await look(500)).toMatchObject({ frames: 18, completeBytes: 3, silentMs: 0 });
  expect(closed.map(({ index, successor }) => [index, successor?.index])).toEqual([[0, 1]]);
  await write(1, 7);
  await progress.finish();
  expect(closed.map(({ recording }) => recording.videoFrames)).toEqual([15, 7]);
  expect(closed.at(-1)?.successor).toBeNull();
});

test('silence grows while nothing comes, and only by time in which we were awake', async () => {
  const { write, look } = await followed();
  await write(0, 10);
  await look(500);
  expect((await look(500)).silentMs).toBe(500);
  expect((await look(60_000)).silentMs).toBe(2_000);
  await write(0, 11);
  expect((await look(500)).silentMs).toBe(0);
});

test('a disk that is late is not the camera’s silence', async () => {
  const answers: ('in-time' | 'late')[] = ['late', 'in-time'];
  const { write, look } = await followed(async () => answers.shift() ?? 'in-time');
  await write(0, 10);
  await look(500);
  for (let looks = 0; looks < 7; looks += 1) await look(500);
  expect((await look(500)).silentMs).toBe(0);
  for (let looks = 0; looks < 7; looks += 1) await look(500);
  expect((await look(500)).silentMs).toBe(4_000);
});

test('frames that come while the disk is being probed end the silence', async () => {
  let write: (index: number, frames: number) => Promise<void> = async () => undefined;
  const bench = await followed(async () => {
    await write(0, 12);
    return 'in-time';
  });
  write = bench.write;
  await write(0, 10);
  await bench.look(500);
  for (let looks = 0; looks < 7; looks += 1) await bench.look(500);
  expect(await bench.look(500)).toMatchObject({ frames: 12, silentMs: 0 });
});

test.each([5_000, -5_000])('a wall clock that is set by %i ms moves the start of the open file, once', async (byMs) => {
  const { write, look, clock, closed, progress } = await followed();
  clock.pass(1_000);
  await write(0, 10);
  await look(0);
  clock.wall += byMs;
  await look(500);
  await look(500);
  await progress.finish();
  const [file] = closed;
  if (file === undefined) throw new Error('nothing was closed');
  expect(file.times.steppedMs).toBe(byMs);
  expect(startOf(file.times)).toBe(T + byMs);
});

test('when the media of a session begins is noted when it is seen and when it is sure, and believed by those who see its file later', async () => {
  const { dir, write, look, clock, progress } = await followed();
  const session = { ...SESSION, startedAtMs: T };
  await writeSessionFile(dir, session);
  const lookAt = async (atMs: number, frames: number) => {
    clock.pass(T + atMs - clock.wall);
    await write(0, frames);
    await look(0);
    return (await readSessionFile(dir))?.mediaStartMs;
  };
  expect(await lookAt(1_300, 10)).toBe(T + 300);
  expect(await lookAt(2_200, 20)).toBe(T + 300);
  expect(await lookAt(3_000, 30)).toBe(T);
  expect(await lookAt(3_900, 40)).toBe(T);
  expect(await readSessionFile(dir)).toEqual({ ...session, mediaStartMs: T });
  await progress.finish();

  const later = await followed(undefined, dir);
  clock.pass(60_000);
  await utimes(join(dir, '000000.mp4'), new Date(clock.wall), new Date(clock.wall));
  await later.progress.finish();
  expect(later.closed.map(({ times }) => startOf(times))).toEqual([T]);
});

test('a file is on the disk with its name from the first look at it, again every 5 s, and to its end when it is closed', async () => {
  const { dir, write, look } = await followed();
  const power = await watchPower(dir);
  onTestFinished(() => power.end());
  const kept = () => {
    const { root, folders, files } = power.moment('now').synced;
    return [...(folders.get(root) ?? [])].map(([name, id]) => [name, files.get(id)?.bytes.length ?? 0]);
  };
  await write(0, 10);
  await look(500);
  expect(kept()).toEqual([['000000.mp4', 10]]);
  await write(0, 12);
  await look(4_500);
  expect(kept()).toEqual([['000000.mp4', 10]]);
  await look(500);
  expect(kept()).toEqual([['000000.mp4', 12]]);
  await write(0, 15);
  await write(1, 3);
  for (let looks = 0; looks < 3; looks += 1) await look(500);
  expect(kept()).toEqual([['000000.mp4', 15]]);
  await look(5_000);
  expect(kept()).toEqual([
    ['000000.mp4', 15],
    ['000001.mp4', 3],
  ]);
});

test('a file the walker gives up is closed with the reason, and the session goes on', async () => {
  const { write, look, closed } = await followed();
  await write(0, 10);
  await look(500);
  await write(0, 101);
  await look(500);
  await write(1, 5);
  await look(500);
  expect(await look(500)).toMatchObject({ frames: 15 });
  expect(closed[0]?.unreadable?.message).toBe('not what FFmpeg writes');
});

test('changed parameters are told, also of a file that is closed already', async () => {
  const { write, look } = await followed();
  await write(0, 98);
  expect(await look(500)).toMatchObject({ hasParametersChanged: false });
  await write(0, 99);
  await write(1, 1);
  expect(await look(500)).toMatchObject({ hasParametersChanged: true });
});

test('FFmpeg’s log is emptied when it is long, without FFmpeg noticing, but not when FFmpeg is gone', async () => {
  const { dir, look, progress, clock } = await followed();
  const path = join(dir, 'ffmpeg.log');
  const log = await open(path, 'a', 0o600);
  onTestFinished(() => log.close());
  const sizeBytes = async () => (await stat(path)).size;
  await log.write(Buffer.alloc(1024 ** 2, 'x'));
  await look(5_000);
  expect(await sizeBytes()).toBe(1024 ** 2);
  await log.write('y');
  await look(5_000);
  expect(await sizeBytes()).toBe(0);
  await log.write('z'.repeat(1024 ** 2 + 1));
  expect((await readFile(path, 'utf8')).startsWith('z')).toBe(true);
  expect(((await stat(path)).mode & 0o777).toString(8)).toBe('600');
  clock.pass(5_000);
  await progress.lookAfterExit();
  expect(await sizeBytes()).toBe(1024 ** 2 + 1);
});
