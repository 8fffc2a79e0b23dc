import { expect, it } from 'vitest';
import { parseCameraId, parseObjectKey } from '../../src/domain/ids.js';
import { DAY_MS } from '../../src/domain/utc-day.js';
import { MemoryStore } from '../../src/object-store/memory.js';
import { BucketWatch } from '../../src/workers/bucket-watch.js';
import { at, store, wholeDay } from '../playback/story.js';

it('counts what is in the bucket, whoever put it there, and what came in the last day', async () => {
  const time = { nowMs: at('00:00') };
  const bucket = new MemoryStore({ nowMs: () => time.nowMs });
  const signal = AbortSignal.timeout(5_000);
  const camera = parseCameraId('camera-1');
  for (const segment of wholeDay(camera, time.nowMs, 60)) await store(bucket, [segment]);
  await bucket.putSmall(parseObjectKey('camera-1/holiday.mp4'), new Uint8Array(1_000), {}, signal);
  time.nowMs += 2 * DAY_MS;
  await store(bucket, wholeDay(camera, time.nowMs, 60).slice(0, 12));
  const retention = { usual: { maxAgeMs: 30 * DAY_MS, maxBytes: null }, cameras: {} };
  const watch = new BucketWatch({
    store: bucket,
    clock: { wallMs: () => time.nowMs },
    retention,
    capacityBytes: 5_000,
  });
  expect(watch.outlook).toBeNull();
  await watch.pass(signal);
  expect(watch.outlook).toMatchObject({ usedBytes: 1_360, growthBytesADay: 120, retainedBytes: 4_600, fullAtMs: null });
});
