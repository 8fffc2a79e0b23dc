/** Retention over 10,000 objects, and a report of 200 cameras over 30 closed days, on a real SeaweedFS: what is left, requests, time. */
import { randomBytes } from 'node:crypto';
import { expect, inject, it, onTestFinished } from 'vitest';
import { keepDayRecord } from '../../src/activities/day-records.js';
import { expireCamera } from '../../src/activities/expire-camera.js';
import { placeHold } from '../../src/activities/hold-footage.js';
import { type DayRecord, dayRecordKeyOf, dayRecordText } from '../../src/domain/day-record.js';
import { holdIdOf } from '../../src/domain/hold.js';
import { parseCameraId, parseObjectKey, segmentIdOf } from '../../src/domain/ids.js';
import { objectKeysOf } from '../../src/domain/object-key.js';
import type { SealedSegment } from '../../src/domain/segment.js';
import { DAY_MS, daysIn, rangeOfDay, utcDayOf } from '../../src/domain/utc-day.js';
import { createLogger } from '../../src/log.js';
import type { ObjectStore } from '../../src/object-store/object-store.js';
import { createS3Store } from '../../src/object-store/s3.js';
import { inParallel } from '../../src/playback/in-parallel.js';
import { readTimeline } from '../../src/playback/timeline.js';
import { store as put, wholeDay } from '../playback/story.js';

const DAYS = 105;
const FIRST_MS = Date.UTC(2025, 6, 1);
const log = createLogger({ level: 'silent', name: 'test' });
const signal = AbortSignal.timeout(1_800_000);

/** A bucket of its own, and what was asked of it. */
async function counted() {
  const asked = new Map<string, number>();
  const store = createS3Store(
    { ...inject('s3'), bucket: `retention-${randomBytes(4).toString('hex')}`, region: 'us-east-1' },
    ({ operation }) => void asked.set(operation, (asked.get(operation) ?? 0) + 1),
  );
  onTestFinished(() => store.close());
  await store.ensureBucket(signal);
  const measure = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    asked.clear();
    const startedAtMs = performance.now();
    const result = await work();
    const seconds = ((performance.now() - startedAtMs) / 1_000).toFixed(1);
    const total = [...asked.values()].reduce((sum, count) => sum + count, 0);
    const operations = [...asked.keys()].sort();
    const each = operations.map((operation) => `${asked.get(operation)} ${operation}`);
    console.log(`${what}: ${seconds} s, ${total} requests (${each.join(', ')})`);
    return result;
  };
  return { store, measure };
}

/** What was stored just now looks a year old to it. */
function later(store: ObjectStore): ObjectStore {
  return new Proxy(store, {
    get: (target, name) => {
      if (name === 'timeMs') return async (ending: AbortSignal) => (await target.timeMs(ending)) + 365 * DAY_MS;
      const found: unknown = Reflect.get(target, name, target);
      return typeof found === 'function' ? found.bind(target) : found;
    },
  });
}

async function keysOf(store: ObjectStore, prefix: string): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix, signal)) keys.push(key);
  return keys;
}

it('deletes exactly what the policy does not keep, of 10,080 objects', async () => {
  const { store, measure } = await counted();
  const camera = parseCameraId('camera-1');
  const segments = Array.from({ length: DAYS }, (_, index) => wholeDay(camera, FIRST_MS + index * DAY_MS)).flat();
  const foreign = ['camera-1/20250701/holiday.mp4', 'camera-10/20250701/00-00-00_camera-10.mp4'].map(parseObjectKey);
  for (const key of foreign) await store.putSmall(key, new Uint8Array(10), {}, signal);
  await measure(`${segments.length} objects stored`, async () => {
    await inParallel(segments, 16, async (segment: SealedSegment) => await put(store, [segment]));
  });
  const old = later(store);
  const nowMs = Date.now() + 365 * DAY_MS;
  await measure(`${DAYS} day records written`, async () => {
    for (const day of daysIn({ fromMs: FIRST_MS, toMs: FIRST_MS + DAYS * DAY_MS })) {
      const kept = await keepDayRecord(old, { camera, day, nowMs }, signal);
      expect(kept).toMatchObject({ kind: 'written', wrong: [] });
    }
  });
  const heldFromMs = FIRST_MS + 10 * DAY_MS + 9 * 3_600_000;
  const held = { fromMs: heldFromMs, toMs: heldFromMs + 3_600_000 };
  const id = holdIdOf(camera, nowMs, 0);
  await placeHold(
    store,
    { schema: 1, id, camera, ...held, reason: 'test', placedAtMs: nowMs, releasedAtMs: null },
    signal,
  );
  // Half of the days by age, then down to a quarter of the bytes.
  const deps = { store: old, clock: { wallMs: () => nowMs }, log, onDay: () => undefined };
  const expire = async (policy: { readonly maxAgeMs: number | null; readonly maxBytes: number | null }) =>
    await expireCamera(deps, { camera, policy, mode: 'delete' }, signal);
  const halfMs = FIRST_MS + 52.5 * DAY_MS;
  const byAge = await measure('expired by age', async () => await expire({ maxAgeMs: nowMs - halfMs, maxBytes: null }));
  const isHeld = ({ fromMs, toMs }: SealedSegment): boolean => fromMs < held.toMs && toMs > held.fromMs;
  const keys = (kept: (segment: SealedSegment) => boolean): readonly string[] => {
    const all: string[] = [...segments.filter(kept).map((one) => objectKeysOf(one).preferred), ...foreign.slice(0, 1)];
    return all.sort();
  };
  // The time between the two clocks moves on while it runs: the cut may be one segment later.
  const cutMs = segments[byAge.expiredObjects + 4]?.fromMs ?? 0;
  expect(Math.abs(cutMs - halfMs)).toBeLessThanOrEqual(900_000);
  expect(byAge).toMatchObject({ heldObjects: 4, problems: [], storedObjects: segments.length - byAge.expiredObjects });
  expect(await keysOf(store, 'camera-1/')).toEqual(keys((one) => one.fromMs >= cutMs || isHeld(one)));
  const byBytes = await measure('expired by bytes', async () => await expire({ maxAgeMs: null, maxBytes: 25_200 }));
  expect(byBytes).toMatchObject({ storedBytes: 25_200, storedObjects: 2_520, heldObjects: 4, problems: [] });
  const newest = new Set(segments.slice(segments.length - 2_516));
  expect(await keysOf(store, 'camera-1/')).toEqual(keys((one) => newest.has(one) || isHeld(one)));
  expect(await keysOf(store, 'camera-10/')).toHaveLength(1);
  await measure('a run with nothing to do', async () => await expire({ maxAgeMs: null, maxBytes: 25_200 }));
  const { spans } = await readTimeline(
    camera,
    { fromMs: FIRST_MS, toMs: FIRST_MS + DAYS * DAY_MS },
    { store, nowMs },
    signal,
  );
  expect(spans.filter(({ kind }) => kind === 'unexplained')).toEqual([]);
  expect(spans[0]).toMatchObject({ kind: 'gap', cause: 'expired', toMs: held.fromMs });
});

it('tells of 200 cameras and 30 closed days each', async () => {
  const { store, measure } = await counted();
  const cameras = Array.from({ length: 200 }, (_, index) => parseCameraId(`camera-${index + 1}`));
  const days = daysIn({ fromMs: FIRST_MS, toMs: FIRST_MS + 30 * DAY_MS });
  const all = cameras.flatMap((camera) => days.map((day) => ({ camera, day })));
  await measure(`${all.length} day records stored`, async () => {
    await inParallel(all, 16, async ({ camera, day }) => {
      const body = Buffer.from(dayRecordText(plainRecord(camera, day)));
      await store.replaceSmall(dayRecordKeyOf(camera, day), body, null, signal);
    });
  });
  const range = { fromMs: FIRST_MS, toMs: FIRST_MS + 30 * DAY_MS };
  const footage = await measure('a report of 200 cameras over 30 days', async () => {
    let totalMs = 0;
    for (const camera of cameras) {
      const { spans, recordedDays } = await readTimeline(camera, range, { store, nowMs: Date.now() }, signal);
      expect(recordedDays).toBe(30);
      for (const span of spans) if (span.kind === 'footage') totalMs += span.toMs - span.fromMs;
    }
    return totalMs;
  });
  expect(footage).toBe(200 * 30 * DAY_MS);
});

/** A day of 96 segments, as the loop writes it. */
function plainRecord(camera: DayRecord['camera'], day: DayRecord['day']): DayRecord {
  const { fromMs } = rangeOfDay(day);
  const objects = wholeDay(camera, fromMs).map((one) => ({
    kind: 'segment' as const,
    key: objectKeysOf(one).preferred,
    sizeBytes: 500_123_456,
    fromMs: one.fromMs,
    toMs: one.toMs,
    expiredAtMs: null,
    segment: segmentIdOf(camera, one.session, one.index),
    sha256Hex: one.recording.sha256Hex,
  }));
  return {
    schema: 1,
    camera,
    day: utcDayOf(fromMs),
    asOfMs: fromMs + DAY_MS,
    objects,
    unreadable: [],
    reachingIn: [],
    claims: [],
    beganAtMs: null,
    isRemovedBefore: false,
    totals: { footageMs: DAY_MS, expiredMs: 0, gapMs: 0, unexplainedMs: 0 },
    holds: [],
  };
}
