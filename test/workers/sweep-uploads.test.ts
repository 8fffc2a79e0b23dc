import { randomBytes } from 'node:crypto';
import { expect, inject, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { type CameraId, parseCameraId, parseObjectKey } from '../../src/domain/ids.js';
import { createLogger } from '../../src/log.js';
import { createS3Store } from '../../src/object-store/s3.js';
import { sweepUploads } from '../../src/workers/sweep-uploads.js';
import { MemorySpool, sealedSegment } from '../support/memory-spool.js';
import { tempDir } from '../support/temp-dir.js';

const HOUR_MS = 3_600_000;
const log = createLogger({ level: 'silent', name: 'test' });

/** A bucket of its own on the real store, two cameras of which are ours, and a spool that is in the middle of an upload. */
async function scene() {
  const store = createS3Store({
    ...inject('s3'),
    bucket: `sweep-${randomBytes(4).toString('hex')}`,
    region: 'us-east-1',
  });
  onTestFinished(() => store.close());
  const signal = AbortSignal.timeout(20_000);
  await store.ensureBucket(signal);
  const cameras = [parseCameraId('camera-1'), parseCameraId('camera-2')];
  const begin = async (text: string): Promise<string> => {
    const key = parseObjectKey(text);
    const { uploadId } = await store.createUpload(key, {}, signal);
    await store.putPart(
      { key, uploadId, partSizeBytes: 5 },
      { number: 1, offsetBytes: 0, sizeBytes: 5, crc32Hex: '3610a686' },
      Buffer.from('hello'),
      signal,
    );
    return key;
  };
  const left = async (): Promise<readonly string[]> => {
    const keys: string[] = [];
    for await (const { key } of store.listUploads('', signal)) keys.push(key);
    return keys.sort();
  };
  const spool = new MemorySpool('recorder-1', await tempDir());
  const swept: CameraId[] = [];
  const sweep = async (options: { readonly abandonedAfterMs: number; readonly laterMs?: number }) => {
    const clock = { ...systemClock, wallMs: () => Date.now() + (options.laterMs ?? 0) };
    const { abandonedAfterMs } = options;
    const forsakenAfterMs = 30 * abandonedAfterMs;
    const onSwept = (camera: CameraId): void => void swept.push(camera);
    await sweepUploads({ spool, store, cameras, abandonedAfterMs, forsakenAfterMs, clock, log, onSwept }, signal);
  };
  return { store, signal, spool, begin, left, sweep, swept };
}

it('ends uploads of our cameras that no checkpoint names, and nobody else’s', async () => {
  const { store, signal, spool, begin, left, sweep, swept } = await scene();
  const mine = await begin('camera-1/20251214/01-30-00_camera-1.mp4');
  const rival = await begin('camera-2/20251214/01-30-00_camera-2_20251214T013002Z-7f3a-0.mp4');
  const others = [
    await begin('camera-1/20251214/holiday.mp4'),
    await begin('camera-3/20251214/01-30-00_camera-3.mp4'),
    await begin('elsewhere/01-30-00_camera-1.mp4'),
  ];
  const segment = sealedSegment(parseCameraId('camera-1'), spool.recorder, 1, Date.UTC(2025, 11, 14, 1, 45));
  spool.add(segment);
  const key = parseObjectKey('camera-1/20251214/01-45-00_camera-1.mp4');
  const { uploadId } = await store.createUpload(key, {}, signal);
  await spool.recordCheckpoint(segment.id, { key, uploadId, partSizeBytes: 8 });
  expect(await left()).toHaveLength(6);
  for (const stored of [mine, rival, key]) await store.putSmall(parseObjectKey(stored), Buffer.from('x'), {}, signal);

  await sweep({ abandonedAfterMs: 24 * HOUR_MS, laterMs: 25 * HOUR_MS });
  expect(await left()).toEqual([...others, key].sort());
  expect(swept).toEqual(['camera-1', 'camera-2']);
  expect([mine, rival].some((swept) => others.includes(swept))).toBe(false);
});

it('leaves young ones: they may be about to be noted', async () => {
  const { store, signal, begin, left, sweep, swept } = await scene();
  const key = await begin('camera-1/20251214/01-30-00_camera-1.mp4');
  await store.putSmall(parseObjectKey(key), Buffer.from('x'), {}, signal);
  await sweep({ abandonedAfterMs: 24 * HOUR_MS, laterMs: 23 * HOUR_MS });
  expect(await left()).toEqual([key]);
  await sweep({ abandonedAfterMs: 24 * HOUR_MS, laterMs: 25 * HOUR_MS });
  expect(await left()).toEqual([]);
  expect(swept).toEqual(['camera-1']);
});

it('leaves one for a month whose segment is not stored: another recorder may want it, whose store was away', async () => {
  const { begin, left, sweep } = await scene();
  const key = await begin('camera-1/20251214/01-30-00_camera-1.mp4');
  await sweep({ abandonedAfterMs: 24 * HOUR_MS, laterMs: 29 * 24 * HOUR_MS });
  expect(await left()).toEqual([key]);
  await sweep({ abandonedAfterMs: 24 * HOUR_MS, laterMs: 31 * 24 * HOUR_MS });
  expect(await left()).toEqual([]);
});

it('leaves those whose age the store does not tell', async () => {
  const { spool, swept } = await scene();
  const camera = parseCameraId('camera-1');
  const aborted: string[] = [];
  await sweepUploads(
    {
      spool,
      cameras: [camera],
      store: {
        listUploads: async function* () {
          yield { key: parseObjectKey('camera-1/20251214/01-30-00_camera-1.mp4'), uploadId: 'x', initiatedAtMs: null };
        },
        head: async () => undefined,
        abort: async ({ uploadId }) => void aborted.push(uploadId),
      },
      abandonedAfterMs: 0,
      forsakenAfterMs: 0,
      clock: systemClock,
      log,
      onSwept: (of) => void swept.push(of),
    },
    AbortSignal.timeout(5_000),
  );
  expect(aborted).toEqual([]);
});
