import { createHash } from 'node:crypto';
import { access, copyFile, mkdir, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { pino } from 'pino';
import { beforeAll, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { DEFAULT_SPEC } from '../../src/domain/camera.js';
import { crc32Hex } from '../../src/domain/crc32.js';
import { parseCameraId, parseRecorderId, parseSessionId } from '../../src/domain/ids.js';
import type { SealedSegment } from '../../src/domain/segment.js';
import { boxesIn } from '../../src/mp4/box.js';
import { createRecordingWalker } from '../../src/mp4/recording-index.js';
import { createRemux } from '../../src/recorder/remux.js';
import { SealQueue } from '../../src/recorder/seal-queue.js';
import { type SealDeps, type SealJob, type SealResult, sealFile } from '../../src/recorder/sealer.js';
import { type ClosedFile, SessionProgress } from '../../src/recorder/session-progress.js';
import { redact } from '../../src/redact.js';
import { openSpool } from '../../src/spool/open-spool.js';
import type { SealRequest } from '../../src/spool/spool.js';
import { SpoolError } from '../../src/spool/spool-error.js';
import { ffmpeg, makeRecordings, recordingKinds } from '../mp4/support/recordings.js';
import { afterFile } from '../support/after-file.js';
import { tempDir, tempDirUntil } from '../support/temp-dir.js';
import { toolPath } from '../support/tools.js';

const camera = parseCameraId('camera-1');
const session = parseSessionId('20260102T030405Z-0001');
const log = pino({ level: 'silent' });
const never = new AbortController().signal;
let made: readonly string[] = [];

beforeAll(async () => {
  const plain = recordingKinds['plain'];
  if (plain === undefined) throw new Error('no plain recording');
  made = await makeRecordings(await tempDirUntil(afterFile, 'recordings'), plain);
});

/** A spool with one session in it, as FFmpeg left it. `spoil` may damage its files first. */
async function left(spoil: (dir: string) => Promise<void> = async () => undefined) {
  const root = await tempDir('sealer');
  const spool = await openSpool(root, { log, reserveBytes: 4_096, recorderId: parseRecorderId('box') });
  const dir = spool.layout.sessionDir(camera, session);
  await mkdir(dir, { recursive: true });
  for (const [index, path] of made.entries()) await copyFile(path, join(dir, `${String(index).padStart(6, '0')}.mp4`));
  await spoil(dir);
  const closed: ClosedFile[] = [];
  const spec = { ...DEFAULT_SPEC, segmentDurationSec: 4, source: { kind: 'secret', name: 'camera-1' } } as const;
  const progress = new SessionProgress(
    { id: session, dir, spec },
    {
      clock: systemClock,
      log,
      createWalker: createRecordingWalker,
      probeDisk: async () => 'in-time',
      policies: { lookEveryMs: 500, syncEveryMs: 5_000, probeLimitMs: 2_000 },
    },
    { progressed: () => undefined, closed: (file) => closed.push(file) },
  );
  await progress.finish();
  const deps: SealDeps = { spool, log, remux: createRemux(toolPath('ffmpeg')), claimsBefore: () => [] };
  const jobs = closed.map(
    (file): SealJob => ({ camera, session, segmentDurationSec: 4, file, closed: file.successor ? 'cut' : 'salvaged' }),
  );
  return { spool, dir, jobs, deps };
}

/** The first file has only a part of its bytes. */
function cutOff(how: (path: string, atBytes: number) => Promise<void>) {
  return async (dir: string) => {
    const path = join(dir, '000000.mp4');
    await how(path, Math.floor((await stat(path)).size * 0.6));
  };
}

function firstOf(jobs: readonly SealJob[]): SealJob {
  const [job] = jobs;
  if (job === undefined) throw new Error('nothing was closed');
  return job;
}

function segmentOf(result: SealResult): SealedSegment {
  if (result.kind !== 'sealed') throw new Error(`it is ${result.kind}`);
  return result.segment;
}

async function bytesOf(spool: Awaited<ReturnType<typeof left>>['spool'], segment: SealedSegment): Promise<Buffer> {
  const source = await spool.read(segment.id);
  const bytes = Buffer.alloc(source.sizeBytes);
  await source.read(bytes, 0);
  await source.close();
  return bytes;
}

/** Video frames FFmpeg finds. */
async function framesIn(bytes: Buffer): Promise<number> {
  const path = join(await tempDir('sealed'), 'whole.mp4');
  await writeFile(path, bytes);
  const hashes = await ffmpeg(['-i', path, '-map', '0:v', '-c', 'copy', '-f', 'framemd5', '-']);
  return hashes.split('\n').filter((line) => line.startsWith('0,')).length;
}

test('every file of a session that ended is closed once, in order, with all its frames', async () => {
  const { jobs } = await left();
  expect(jobs.map(({ file }) => [file.index, file.successor?.index ?? null])).toEqual([
    [0, 1],
    [1, 2],
    [2, null],
  ]);
  expect(jobs.reduce((frames, { file }) => frames + file.recording.videoFrames, 0)).toBe(135);
});

test('a sealed segment says the truth about its bytes, and FFmpeg plays it', async () => {
  const { spool, jobs, deps } = await left();
  const segment = segmentOf(await sealFile(firstOf(jobs), deps, never));
  expect(segment).toMatchObject({ container: 'header-in-front', index: 0, closed: 'cut', video: { codec: 'h264' } });
  const bytes = await bytesOf(spool, segment);
  const { offsetBytes, sizeBytes, sha256Hex } = segment.recording;
  expect(crc32Hex(crc32(bytes))).toBe(segment.crc32Hex);
  expect(createHash('sha256').update(bytes.subarray(offsetBytes)).digest('hex')).toBe(sha256Hex);
  expect(bytes.length).toBe(offsetBytes + sizeBytes);
  expect(await framesIn(bytes)).toBe(segment.video.frames);
});

test('sealed twice is sealed once', async () => {
  const { jobs, deps } = await left();
  const first = segmentOf(await sealFile(firstOf(jobs), deps, never));
  expect(segmentOf(await sealFile(firstOf(jobs), deps, never))).toEqual(first);
});

test('a torn file is sealed up to its last whole fragment, the tail stays inside', async () => {
  let tornBytes = 0;
  const { spool, jobs, deps } = await left(async (dir) => {
    const path = join(dir, '000000.mp4');
    tornBytes = Math.floor((await stat(path)).size * 0.6);
    await truncate(path, tornBytes);
  });
  const segment = segmentOf(await sealFile(firstOf(jobs), deps, never));
  expect(segment.recording.sizeBytes).toBe(tornBytes);
  expect(segment.recording.completeBytes).toBeLessThan(tornBytes);
  expect(segment.video.frames).toBeGreaterThan(0);
  expect((await bytesOf(spool, segment)).length).toBe(segment.sizeBytes);
});

test('a file that a power loss cut off ends with its media, though the file after it is there', async () => {
  const { jobs, deps } = await left(cutOff(truncate));
  const [first, second] = jobs;
  expect([first?.file.successor, second?.file.times.continuesAtMs]).toEqual([null, null]);
  const segment = segmentOf(await sealFile(firstOf(jobs), deps, never));
  expect(segment.closed).toBe('salvaged');
  expect(segment.toMs - segment.fromMs).toBeLessThanOrEqual(segment.mediaDurationMs);
});

test('zeros where bytes did not come to the disk are no footage', async () => {
  const torn = await left(cutOff(truncate));
  const fill = async (path: string, atBytes: number) => writeFile(path, (await readFile(path)).fill(0, atBytes));
  const zeros = await left(cutOff(fill));
  const segment = segmentOf(await sealFile(firstOf(zeros.jobs), zeros.deps, never));
  const { video, recording } = segmentOf(await sealFile(firstOf(torn.jobs), torn.deps, never));
  expect(segment.container).toBe('header-in-front');
  expect([segment.video, segment.recording.completeBytes]).toEqual([video, recording.completeBytes]);
});

test('where no header can be built FFmpeg remuxes, and the original goes', async () => {
  const { spool, jobs, deps } = await left();
  const job = unindexed(firstOf(jobs));
  const segment = segmentOf(await sealFile(job, deps, never));
  expect(segment).toMatchObject({ container: 'remuxed', recording: { offsetBytes: 0, sizeBytes: segment.sizeBytes } });
  expect(crc32Hex(crc32(await bytesOf(spool, segment)))).toBe(segment.crc32Hex);
  await expect(access(job.file.path)).rejects.toThrow('ENOENT');
});

test('a header that leads behind the end of the bytes is refused by its check, and FFmpeg remuxes', async () => {
  const { jobs, deps } = await left();
  const job = firstOf(jobs);
  // Shorter than what was indexed: a header can be built, and would lead nowhere.
  await truncate(job.file.path, job.file.recording.completeBytes - 1_000);
  const remux = vi.fn<SealDeps['remux']>(async ({ from, to }) => {
    await copyFile(from, to);
    return (await stat(to)).size;
  });
  expect(segmentOf(await sealFile(job, { ...deps, remux }, never)).container).toBe('remuxed');
  expect(remux).toHaveBeenCalledOnce();
});

test('of a file the walker gave up, torn inside a moof, FFmpeg remuxes all whole fragments', async () => {
  const { spool, jobs, deps } = await left(async (dir) => {
    const path = join(dir, '000000.mp4');
    const bytes = await readFile(path);
    const fragments = boxesOf(bytes).filter(({ type }) => type === 'moof' || type === 'mdat');
    const [, , , damaged] = fragments;
    const torn = fragments.findLast(({ type }) => type === 'moof');
    if (damaged === undefined || torn === undefined) throw new Error('too few fragments');
    bytes.write('free', damaged.offsetBytes + 4, 'latin1');
    await writeFile(path, bytes.subarray(0, torn.offsetBytes + 40));
  });
  const job = firstOf(jobs);
  expect(job.file.unreadable).toMatchObject({ code: 'bad-box' });
  const segment = segmentOf(await sealFile(job, deps, never));
  expect(segment.container).toBe('remuxed');
  expect(await framesIn(await bytesOf(spool, segment))).toBeGreaterThan(segment.video.frames);
});

test('of a file without a whole fragment FFmpeg is not even asked', async () => {
  const { jobs, deps } = await left();
  const job = unindexed(firstOf(jobs));
  await writeFile(job.file.path, Buffer.alloc(job.file.sizeBytes, 7));
  const remux = vi.fn();
  const unreadable = new Error('not what FFmpeg writes');
  const segment = segmentOf(await sealFile({ ...job, file: { ...job.file, unreadable } }, { ...deps, remux }, never));
  expect(segment.container).toBe('as-recorded');
  expect(remux).not.toHaveBeenCalled();
});

test('where that fails too the recording itself is the object', async () => {
  const { spool, jobs, deps } = await left();
  const remux = async () => await Promise.reject(new Error('cannot'));
  const segment = segmentOf(await sealFile(unindexed(firstOf(jobs)), { ...deps, remux }, never));
  expect(segment).toMatchObject({ container: 'as-recorded', recording: { offsetBytes: 0 } });
  expect(crc32Hex(crc32(await bytesOf(spool, segment)))).toBe(segment.crc32Hex);
});

test('what cannot be read at all is quarantined, not deleted', async () => {
  const { spool, jobs, deps } = await left(async (dir) => writeFile(join(dir, '000000.mp4'), Buffer.alloc(5_000, 7)));
  expect(await sealFile(firstOf(jobs), deps, never)).toEqual({ kind: 'quarantined' });
  expect((await readdir(spool.layout.quarantineDir)).length).toBeGreaterThan(0);
});

test.each([0, 700])('a file of %i bytes has no footage in it and goes', async (sizeBytes) => {
  const { jobs, deps } = await left(async (dir) => truncate(join(dir, '000000.mp4'), sizeBytes));
  const job = firstOf(jobs);
  expect(await sealFile(job, deps, never)).toEqual({ kind: 'empty' });
  await expect(access(job.file.path)).rejects.toThrow('ENOENT');
});

test('a file of which only the length came to the disk has no footage in it and goes', async () => {
  const { jobs, deps } = await left(async (dir) => writeFile(join(dir, '000000.mp4'), Buffer.alloc(100_000)));
  expect(await sealFile(firstOf(jobs), deps, never)).toEqual({ kind: 'empty' });
});

test('a disk that refuses is asked again, and the order stays', async () => {
  const { spool, jobs, deps } = await left();
  let refusals = 4;
  const seal = async (request: SealRequest) => {
    refusals -= 1;
    if (refusals >= 0) throw new SpoolError('no-space', redact('full'));
    await spool.seal(request);
  };
  const done = await sealAll(jobs, { ...deps, spool: { ...parts(spool), seal } });
  expect(done).toEqual(['0 sealed', '1 sealed', '2 sealed']);
});

test('a file that cannot be sealed for another reason is put aside after three tries, and blocks nothing', async () => {
  const { spool, jobs, deps } = await left();
  const seal = async (request: SealRequest) => {
    if (request.segment.index === 1) throw new Error('a bug');
    await spool.seal(request);
  };
  const done = await sealAll(jobs, { ...deps, spool: { ...parts(spool), seal } });
  expect(done).toEqual(['0 sealed', '1 quarantined', '2 sealed']);
  expect(await readdir(spool.layout.quarantineDir)).toHaveLength(2);
});

async function sealAll(jobs: readonly SealJob[], deps: SealDeps): Promise<readonly string[]> {
  const done: string[] = [];
  const queue = new SealQueue({
    ...deps,
    clock: systemClock,
    policies: { sealRetryMs: 5 },
    done: (job, result) => done.push(`${job.file.index} ${result.kind}`),
  });
  for (const job of jobs) queue.add(job);
  await queue.settled();
  return done;
}

function parts(spool: SealDeps['spool']): SealDeps['spool'] {
  return {
    recorder: spool.recorder,
    seal: (request) => spool.seal(request),
    find: (id) => spool.find(id),
    quarantine: (path, reason) => spool.quarantine(path, reason),
  };
}

function boxesOf(bytes: Buffer): readonly { readonly type: string; readonly offsetBytes: number }[] {
  let offsetBytes = 0;
  return boxesIn(bytes).map((box) => {
    const at = { type: box.type, offsetBytes };
    offsetBytes += box.whole.length;
    return at;
  });
}

/** As if the walker had refused: the same words, but no sample index behind them. */
function unindexed(job: SealJob): SealJob {
  const { tracks, fragments, initBytes, completeBytes, video, videoFrames, videoEndMs, videoStartMs, mediaEndMs } =
    job.file.recording;
  const recording = {
    ...{ tracks, fragments, initBytes, completeBytes, video, videoFrames, videoEndMs, videoStartMs, mediaEndMs },
    hasParametersChanged: false,
    isFinished: job.file.recording.isFinished,
  };
  return { ...job, file: { ...job.file, recording } };
}
