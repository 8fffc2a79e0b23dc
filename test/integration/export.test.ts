/** Three recordings and a gap in a real store, taken out again by the built program: every frame, byte for byte, once. */
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { crc32Hex } from '../../src/domain/crc32.js';
import { parseCameraId, segmentIdOf, sessionIdOf } from '../../src/domain/ids.js';
import { objectKeysOf } from '../../src/domain/object-key.js';
import type { SealedSegment } from '../../src/domain/segment.js';
import { openFileSource } from '../../src/mp4/file-source.js';
import { type ScannedFrame, scanFrames } from '../../src/mp4/frame-scanner.js';
import { metadataOf } from '../../src/object-store/coverage-metadata.js';
import type { ObjectStore } from '../../src/object-store/object-store.js';
import { createS3Store } from '../../src/object-store/s3.js';
import { exportFootage } from '../../src/playback/export-footage.js';
import { planExport } from '../../src/playback/export-plan.js';
import { packetsOf } from '../mp4/support/packets.js';
import {
  FRAMES_PER_SEC,
  ffmpeg,
  makeRecordings,
  makeStampedSource,
  record,
  recordingKinds,
  temporaryFolder,
} from '../mp4/support/recordings.js';
import { sealFile } from '../mp4/support/seal.js';
import { at, claim, segment } from '../playback/story.js';
import { afterFile } from '../support/after-file.js';
import { tempDir } from '../support/temp-dir.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const camera = parseCameraId(`camera-${randomBytes(4).toString('hex')}`);
const soon = (): AbortSignal => AbortSignal.timeout(20_000);

let store: ObjectStore;
/** Sealed: 60, 60 and 15 frames. The third one began 10 s after the second ended. */
let originals: readonly string[];

beforeAll(async () => {
  store = createS3Store({ ...inject('s3'), region: 'us-east-1' });
  afterFile(async () => store.close());
  const folder = await temporaryFolder();
  const files = await record(folder, ['-i', await makeStampedSource(folder)], {});
  originals = await Promise.all(files.map(sealFile));
  const stalled = claim('camera-stalled', '10:00:08', '10:00:18');
  const [first, second, third] = [
    segment(camera, '10:00:00', '10:00:04'),
    ofSession(segment(camera, '10:00:04', '10:00:08'), at('10:00:00')),
    segment(camera, '10:00:18', '10:00:19', [stalled]),
  ];
  for (const [index, one] of [first, second, third].entries()) await put(one, originals[index] ?? '');
});

function ofSession(one: SealedSegment, startedAtMs: number): SealedSegment {
  const session = sessionIdOf(startedAtMs, 0);
  return { ...one, id: segmentIdOf(camera, session, 1), session, index: 1 };
}

async function put(one: SealedSegment, path: string): Promise<void> {
  const bytes = await readFile(path);
  const offsetBytes = bytes.lastIndexOf('ftyp') - 4;
  const sizeBytes = bytes.length - offsetBytes;
  // What is said of the third one is not true.
  const sha256Hex = createHash('sha256').update(bytes.subarray(offsetBytes)).digest('hex');
  const said = one.gapsBefore.length > 0 ? '0'.repeat(64) : sha256Hex;
  const recording = { offsetBytes, sizeBytes, completeBytes: sizeBytes, sha256Hex: said };
  const stored = { ...one, sizeBytes: bytes.length, crc32Hex: crc32Hex(crc32(bytes)), recording };
  await store.putSmall(objectKeysOf(stored).preferred, bytes, metadataOf(stored), soon());
}

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function exportTo(cwd: string, args: readonly string[]): Promise<Ended> {
  const { endpoint, bucket, accessKeyId, secretAccessKey } = inject('s3');
  const env = { PATH: process.env['PATH'], S3_ENDPOINT: endpoint, S3_BUCKET: bucket, SITE_TIMEZONE: 'Europe/Berlin' };
  const keys = { S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey, TEMP_DIR: join(cwd, 'none') };
  return await new Promise((resolve) => {
    const options = { cwd, env: { ...env, ...keys }, timeout: 20_000 };
    const child = execFile(process.execPath, [MAIN, 'export', ...args], options, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr });
    });
  });
}

async function framesOf(path: string): Promise<readonly ScannedFrame[]> {
  const source = await openFileSource(path);
  try {
    const frames: ScannedFrame[] = [];
    for await (const frame of scanFrames(source, await source.sizeBytes())) frames.push(frame);
    return frames;
  } finally {
    await source.close();
  }
}

/** Of one kind of stream, in order. */
async function md5sOf(path: string, stream: number): Promise<readonly string[]> {
  const { packets } = await packetsOf(path);
  return packets.filter((packet) => packet.stream === stream).map(({ md5 }) => md5);
}

const counted = (from: number, to: number): readonly number[] => Array.from({ length: to - from }, (_, i) => from + i);

describe('camera-recorder export', () => {
  it('joins three recordings over a gap: every frame and sound of them once, in time, with the clock below', async () => {
    const dir = await tempDir('export');
    const ended = await exportTo(dir, [camera, '2025-12-14T10:00:00Z', '2025-12-14T10:00:19Z', '-o', 'film.mp4']);
    const path = join(dir, 'film.mp4');
    expect([ended.code, ended.stdout]).toEqual([0, expect.stringContaining(`${camera} from 2025-12-14 11:00:00 to`)]);
    expect(ended.stdout).toContain('135 frames');
    expect(ended.stdout).toContain('missing: 2025-12-14 11:00:08 to 2025-12-14 11:00:18, 10 s, camera-stalled\n');
    expect(await readdir(dir)).toEqual(['film.mp4']);
    const frames = await framesOf(path);
    expect(frames.map(({ counter }) => counter)).toEqual(counted(0, 135));
    for (const { counter, presentationMs } of frames) {
      expect(
        Math.abs(presentationMs - (frames[0]?.presentationMs ?? 0) - (counter * 1_000) / FRAMES_PER_SEC),
      ).toBeLessThan(1);
    }
    const pictures = await Promise.all(originals.map(async (file) => await md5sOf(file, 0)));
    const sounds = await Promise.all(originals.map(async (file) => await md5sOf(file, 1)));
    expect(await md5sOf(path, 0)).toEqual(pictures.flat());
    const heard = await md5sOf(path, 1);
    expect(sounds.flat()).toEqual(expect.arrayContaining([...heard]));
    // At the edges and beside the gap, what is heard without a picture is left out.
    expect(heard.length).toBeGreaterThan(sounds.flat().length - 12);
    const captions = await ffmpeg(['-i', path, '-map', '0:s:0', '-f', 'srt', '-']);
    expect(captions).toContain(`${camera} 2025-12-14 11:00:07 UTC+01:00`);
    expect(captions).toContain(
      `${camera} 2025-12-14 11:00:18 UTC+01:00\n10.0 s are missing before this: camera-stalled`,
    );
  });

  it('cuts at keyframes, and gives more rather than less', async () => {
    const dir = await tempDir('export');
    const range = ['2025-12-14T11:00:03+01:00', '2025-12-14T11:00:05+01:00'];
    const ended = await exportTo(dir, [camera, ...range, '--utc', '-o', 'film.mp4']);
    expect([ended.code, ended.stdout]).toEqual([0, expect.stringContaining('10:00:02 to 2025-12-14 10:00:06 (UTC')]);
    expect((await framesOf(join(dir, 'film.mp4'))).map(({ counter }) => counter)).toEqual(counted(30, 90));
  });

  it('bundles originals, film and manifest, and coreutils finds every file as it should be', async () => {
    const dir = await tempDir('export');
    const range = ['2025-12-14T10:00:03Z', '2025-12-14T10:00:19Z'];
    const ended = await exportTo(dir, [camera, ...range, '--bundle', 'case', '--reason', 'a <b>stolen</b> bicycle']);
    expect([ended.code, ended.stderr.includes('rror')]).toEqual([0, false]);
    const folder = join(dir, 'case');
    const copies = (await readdir(join(folder, 'originals'))).sort();
    expect(copies.map((name) => name.slice(0, 17))).toEqual(
      ['00', '04', '18'].map((second) => `20251214_10-00-${second}`),
    );
    for (const [index, name] of copies.entries()) {
      expect(
        Buffer.compare(await readFile(join(folder, 'originals', name)), await readFile(originals[index] ?? '')),
      ).toBe(0);
    }
    const { stdout } = await promisify(execFile)('sha256sum', ['-c', 'SHA256SUMS'], { cwd: folder });
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.split(': ')[1]),
    ).toEqual(Array.from({ length: 6 }, () => 'OK'));
    const manifest = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'));
    expect(manifest).toMatchObject({
      camera,
      reason: 'a <b>stolen</b> bicycle',
      asked: { from: { utc: '2025-12-14T10:00:03.000Z', local: '2025-12-14 11:00:03 UTC+01:00' } },
      gaps: [{ cause: 'camera-stalled', seconds: 10 }],
      films: [{ file: `${camera}.mp4`, frames: 105 }],
    });
    expect(manifest.originals.map((one: { readonly isAsSealed: boolean }) => one.isAsSealed)).toEqual([
      true,
      true,
      false,
    ]);
    const html = await readFile(join(folder, 'manifest.html'), 'utf8');
    expect(html).toContain('a &#60;b&#62;stolen&#60;/b&#62; bicycle');
    expect(html).toContain('<td>camera-stalled</td>');
  });

  it('says all that is wrong with its input at once, and writes nothing', async () => {
    const dir = await tempDir('export');
    await writeFile(join(dir, 'film.mp4'), 'mine');
    const ended = await exportTo(dir, ['Bad_Camera', 'soon', 'later', '-o', 'film.mp4']);
    expect([ended.code, ended.stdout]).toEqual([1, '']);
    expect(ended.stderr).toMatch(/"Bad_Camera"[^]*"soon" is neither[^]*film\.mp4 is there already/);
    expect(await readFile(join(dir, 'film.mp4'), 'utf8')).toBe('mine');
  });

  it('goes on when a recording is deleted while it is read, and tells that as a gap', async () => {
    const dir = await tempDir('export');
    const range = { fromMs: at('10:00:00'), toMs: at('10:00:19') };
    const items = await planExport(camera, range, { store, nowMs: Date.now() }, soon());
    const path = join(dir, 'film.mp4');
    const failing = deletedInMidRead(items.flatMap((item) => (item.kind === 'piece' ? [item.piece.key] : []))[1] ?? '');
    const options = { store: failing, camera, items, path, clockWords: String };
    const { files, gaps } = await exportFootage(options, soon());
    expect(gaps.map(({ cause, fromMs, toMs }) => [cause, fromMs, toMs])).toEqual([
      ['deleted-meanwhile', at('10:00:04'), at('10:00:08')],
      ['camera-stalled', at('10:00:08'), at('10:00:18')],
    ]);
    expect(files.map(({ frames }) => frames)).toEqual([75]);
    expect((await framesOf(path)).map(({ counter }) => counter)).toEqual([...counted(0, 60), ...counted(120, 135)]);
  });
});

it('begins another file where the picture is encoded in another way', async () => {
  const other = parseCameraId(`${camera}-h`);
  const { hevc } = recordingKinds;
  const [later] = hevc === undefined ? [] : await makeRecordings(await temporaryFolder(), hevc);
  await put(segment(other, '10:00:00', '10:00:04'), originals[0] ?? '');
  await put(segment(other, '10:00:04', '10:00:08'), await sealFile(later ?? ''));
  const range = { fromMs: at('10:00:00'), toMs: at('10:00:08') };
  const items = await planExport(other, range, { store, nowMs: Date.now() }, soon());
  const path = join(await tempDir('export'), 'film.mp4');
  const { files, gaps } = await exportFootage({ store, camera: other, items, path, clockWords: String }, soon());
  expect(gaps).toEqual([]);
  expect(files.map((file) => [basename(file.path), file.frames])).toEqual([
    ['film.mp4', 60],
    ['film-2.mp4', 60],
  ]);
  expect((await md5sOf(files[1]?.path ?? '', 0)).toSorted()).toEqual(
    (await md5sOf(await sealFile(later ?? ''), 0)).toSorted(),
  );
});

it('keeps the order and the time of frames that refer to later ones', async () => {
  const other = parseCameraId(`${camera}-b`);
  const kind = recordingKinds['with B-frames'];
  const files = kind === undefined ? [] : await makeRecordings(await temporaryFolder(), kind);
  const sealed = await Promise.all(files.slice(0, 2).map(sealFile));
  await put(segment(other, '10:00:00', '10:00:04'), sealed[0] ?? '');
  await put(ofSession(segment(other, '10:00:04', '10:00:08'), at('10:00:00')), sealed[1] ?? '');
  const items = await planExport(
    other,
    { fromMs: at('10:00:00'), toMs: at('10:00:08') },
    { store, nowMs: Date.now() },
    soon(),
  );
  const path = join(await tempDir('export'), 'film.mp4');
  await exportFootage({ store, camera: other, items, path, clockWords: String }, soon());
  const expected = await Promise.all(sealed.map(async (file) => await md5sOf(file, 0)));
  const { packets, tickSec } = await packetsOf(path);
  const pictures = packets.filter(({ stream }) => stream === 0);
  expect(pictures.map(({ md5 }) => md5)).toEqual(expected.flat());
  const shown = pictures.map(({ pts }) => pts * (tickSec[0] ?? 0)).sort((one, another) => one - another);
  for (const [index, sec] of shown.entries()) expect(sec).toBeCloseTo((shown[0] ?? 0) + index / FRAMES_PER_SEC, 3);
});

/** Somebody deletes this object when its beginning has been read. */
function deletedInMidRead(key: string): ObjectStore {
  let isGone = false;
  const read: ObjectStore['read'] = async (asked, range, signal) => {
    if (asked !== key) return await store.read(asked, range, signal);
    if (isGone) throw new Error('404');
    isGone = true;
    return (await store.read(asked, range, signal)).subarray(0, 20_000);
  };
  const head: ObjectStore['head'] = async (asked, signal) =>
    asked === key && isGone ? undefined : await store.head(asked, signal);
  return Object.assign(Object.create(store), { read, head });
}
