import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keepDayRecord } from '../../src/activities/day-records.js';
import { type ExpireTask, expireCamera, type RetentionStore } from '../../src/activities/expire-camera.js';
import { type Hold, holdIdOf, holdKeyOf } from '../../src/domain/hold.js';
import { type ObjectKey, parseCameraId, parseObjectKey } from '../../src/domain/ids.js';
import { gapObjectKeyOf, objectKeysOf } from '../../src/domain/object-key.js';
import { DAY_MS, parseUtcDay } from '../../src/domain/utc-day.js';
import { createLogger } from '../../src/log.js';
import { MemoryStore } from '../../src/object-store/memory.js';
import { readDayRecord } from '../../src/playback/day-records.js';
import { readTimeline } from '../../src/playback/timeline.js';
import { claim, gapObject, segment, store, storeGap, wholeDay } from '../playback/story.js';

const camera = parseCameraId('camera-1');
const FIRST_MS = Date.UTC(2025, 11, 14);
const DAYS = 4;
const HOUR_MS = 3_600_000;
const soon = (): AbortSignal => AbortSignal.timeout(20_000);
const log = createLogger({ level: 'silent', name: 'test' });
const iso = (atMs: number): string => new Date(atMs).toISOString();

class Crash extends Error {}

/** Four days of six-hour segments, and objects that are nobody's business. */
async function scene() {
  const time = { nowMs: FIRST_MS };
  const crash = { atRequest: Number.POSITIVE_INFINITY, when: 'before' as 'before' | 'after', requests: 0 };
  const bucket = new MemoryStore({
    nowMs: () => time.nowMs,
    onRequest: ({ when }) => {
      if (when === 'before') crash.requests += 1;
      if (crash.requests === crash.atRequest && when === crash.when) throw new Crash(`request ${crash.requests}`);
    },
  });
  const segments = Array.from({ length: DAYS }, (_, index) => wholeDay(camera, FIRST_MS + index * DAY_MS, 360)).flat();
  for (const one of segments) {
    time.nowMs = one.toMs;
    await store(bucket, [one]);
  }
  const foreign = [
    'camera-1/20251214/holiday.mp4',
    'camera-10/20251214/00-00-00_camera-10.mp4',
    'camera-1/notes.txt',
  ].map(parseObjectKey);
  for (const key of foreign) await bucket.putSmall(key, new Uint8Array(3), {}, soon());
  time.nowMs = FIRST_MS + 10 * DAY_MS;
  const deleted: ObjectKey[] = [];
  const watched = new Proxy(bucket, {
    get: (target, name) => {
      if (name === 'delete')
        return async (keys: readonly ObjectKey[], signal: AbortSignal) => await watchedDelete(keys, signal);
      const found: unknown = Reflect.get(target, name, target);
      return typeof found === 'function' ? found.bind(target) : found;
    },
  });
  /** What must be so at the very moment of a deletion. */
  const watchedDelete = async (keys: readonly ObjectKey[], signal: AbortSignal) => {
    const { atRequest } = crash;
    crash.atRequest = Number.POSITIVE_INFINITY;
    const before = crash.requests;
    for (const key of keys) {
      const day = parseUtcDay(key.slice(9, 17));
      const found = await readDayRecord(bucket, camera, day, soon());
      const known = found?.kind === 'record' ? found.record.objects.find((object) => object.key === key) : undefined;
      expect(known?.expiredAtMs, `${key} expired in its record`).toEqual(expect.any(Number));
    }
    crash.requests = before;
    crash.atRequest = atRequest;
    const refused = await bucket.delete(keys, signal);
    deleted.push(...keys);
    return refused;
  };
  const run = async (task: Omit<ExpireTask, 'camera'>) => {
    const deps = { store: watched as RetentionStore, clock: { wallMs: () => time.nowMs }, log, onDay: () => undefined };
    return await expireCamera(deps, { camera, ...task }, soon());
  };
  const left = async (): Promise<readonly string[]> => {
    const keys: string[] = [];
    for await (const { key } of bucket.list('camera-1', soon())) keys.push(key);
    return keys;
  };
  const story = async () => {
    const range = { fromMs: FIRST_MS, toMs: FIRST_MS + DAYS * DAY_MS };
    return await readTimeline(camera, range, { store: bucket, nowMs: time.nowMs }, soon());
  };
  return { bucket, time, crash, run, left, story, deleted, foreign, segments };
}

function holdOn(fromMs: number, toMs: number): Hold {
  const id = holdIdOf(camera, fromMs, 0.5);
  return { schema: 1, id, camera, fromMs, toMs, reason: 'burglary', placedAtMs: fromMs, releasedAtMs: null };
}

async function place(bucket: MemoryStore, hold: Hold): Promise<void> {
  await bucket.putSmall(holdKeyOf(hold.id), Buffer.from(JSON.stringify(hold)), {}, soon());
}

const BY_AGE = { policy: { maxAgeMs: 8 * DAY_MS, maxBytes: null }, mode: 'delete' } as const;

describe('expiring a camera', () => {
  it('deletes what is too old, oldest first, and its time is told as expired', async () => {
    const { run, left, story, foreign, segments } = await scene();
    // Two days and the beginning of the third are over eight days old.
    const report = await run({ ...BY_AGE, policy: { maxAgeMs: 8 * DAY_MS - 6 * HOUR_MS, maxBytes: null } });
    expect(report).toMatchObject({
      expiredObjects: 9,
      expiredBytes: 90,
      storedObjects: 7,
      storedBytes: 70,
      problems: [],
    });
    const keys = segments.map((one) => objectKeysOf(one).preferred);
    expect(await left()).toEqual([...keys.slice(9), ...foreign].sort());
    const { spans } = await story();
    expect(spans[0]).toEqual({
      kind: 'gap',
      cause: 'expired',
      fromMs: FIRST_MS,
      toMs: FIRST_MS + 2 * DAY_MS + 6 * HOUR_MS,
    });
    expect(spans.slice(1).every(({ kind }) => kind === 'footage')).toBe(true);
  });

  it('tells footage that reached into the next day as expired there, too, whether that has a record yet or not', async () => {
    for (const isRecorded of [true, false]) {
      const { run, bucket, story, time } = await scene();
      time.nowMs -= 8 * DAY_MS;
      await store(bucket, [
        segment(camera, iso(FIRST_MS + DAY_MS - HOUR_MS / 2), iso(FIRST_MS + DAY_MS + HOUR_MS / 2)),
      ]);
      time.nowMs += 8 * DAY_MS;
      const of = { camera, day: parseUtcDay('20251215'), nowMs: time.nowMs };
      if (isRecorded) await keepDayRecord(bucket, of, soon());
      await run({ ...BY_AGE, policy: { maxAgeMs: 9 * DAY_MS - HOUR_MS, maxBytes: null } });
      const [first, second] = (await story()).spans;
      expect(first).toMatchObject({ cause: 'expired', toMs: FIRST_MS + DAY_MS + 30 * 60_000 });
      expect(second).toMatchObject({ kind: 'footage' });
    }
  });

  it('takes a mark back when a run that was stopped left it, and a hold was placed since', async () => {
    const { run, bucket, story } = await scene();
    const original = bucket.delete.bind(bucket);
    bucket.delete = async () => {
      throw new Crash('before the first deletion');
    };
    await expect(run(BY_AGE)).rejects.toThrow(Crash);
    expect((await story()).spans[0]).toMatchObject({ kind: 'gap', cause: 'expired' });
    bucket.delete = original;
    await place(bucket, holdOn(FIRST_MS, FIRST_MS + 12 * HOUR_MS));
    expect(await run(BY_AGE)).toMatchObject({ heldObjects: 2, expiredObjects: 6 });
    expect((await story()).spans.slice(0, 3)).toMatchObject([
      { kind: 'footage' },
      { kind: 'footage', toMs: FIRST_MS + 12 * HOUR_MS },
      { kind: 'gap', cause: 'expired' },
    ]);
  });

  it('takes a mark back, and tells of it, when the store refuses to delete', async () => {
    const { run, bucket, story } = await scene();
    bucket.delete = async (keys) => keys.slice(0, 1).map((key) => ({ key, error: 'AccessDenied: no' }));
    const report = await run({ ...BY_AGE, policy: { maxAgeMs: 9 * DAY_MS, maxBytes: null } });
    expect(report.problems).toEqual([
      'The store does not delete camera-1/20251214/00-00-00_camera-1.mp4 (AccessDenied: no).',
    ]);
    expect((await story()).spans[0]).toMatchObject({ kind: 'footage', toMs: FIRST_MS + 6 * HOUR_MS });
  });

  it('deletes until a camera is within its bytes, and no more', async () => {
    const { run, left } = await scene();
    const report = await run({ policy: { maxAgeMs: null, maxBytes: 75 }, mode: 'delete' });
    expect(report).toMatchObject({ expiredObjects: 9, storedBytes: 70, storedObjects: 7 });
    expect((await left()).filter((key) => key.endsWith('_camera-1.mp4'))).toHaveLength(7);
  });

  it('only says what it would do when it is to report, and writes nothing', async () => {
    const { run, bucket, left } = await scene();
    const before = await left();
    expect(await run({ ...BY_AGE, mode: 'report' })).toMatchObject({
      expiredObjects: 8,
      storedObjects: 8,
      problems: [],
    });
    expect(await left()).toEqual(before);
    for await (const { key } of bucket.list('.', soon())) expect(key).toBe('nothing');
  });

  it('lets a hold win, also one that is placed while it runs', async () => {
    const { run, bucket, crash, story, deleted } = await scene();
    await place(bucket, holdOn(FIRST_MS + 7 * HOUR_MS, FIRST_MS + 8 * HOUR_MS));
    const report = await run(BY_AGE);
    expect(report).toMatchObject({ expiredObjects: 7, heldObjects: 1 });
    expect((await story()).spans.map((span) => (span.kind === 'gap' ? span.cause : span.kind)).slice(0, 3)).toEqual([
      'expired',
      'footage',
      'expired',
    ]);
    const late = await scene();
    let isPlaced = false;
    late.crash.atRequest = -1;
    const original = late.bucket.replaceSmall.bind(late.bucket);
    late.bucket.replaceSmall = async (...args) => {
      const answer = await original(...args);
      if (!isPlaced) await place(late.bucket, holdOn(FIRST_MS, FIRST_MS + 1));
      isPlaced = true;
      return answer;
    };
    expect(await late.run(BY_AGE)).toMatchObject({ expiredObjects: 7 });
    expect((await late.story()).spans[0]).toMatchObject({ kind: 'footage', toMs: FIRST_MS + 6 * HOUR_MS });
    expect([deleted.length, crash.requests > 0]).toEqual([7, true]);
  });

  it('deletes nothing of a camera one of whose holds cannot be read', async () => {
    const { run, bucket, deleted } = await scene();
    await bucket.putSmall(parseObjectKey('.holds/camera-1/note.json'), Buffer.from('{}'), {}, soon());
    await expect(run(BY_AGE)).rejects.toMatchObject({ code: 'hold-unreadable' });
    expect(deleted).toEqual([]);
  });

  it('deletes nothing when the clocks differ, nor of a day whose record cannot be read', async () => {
    const { run, bucket, time, deleted } = await scene();
    await bucket.putSmall(parseObjectKey('.coverage/camera-1/20251214.json'), Buffer.from('{}'), {}, soon());
    const deps = { store: bucket, clock: { wallMs: () => time.nowMs - 2 * HOUR_MS }, log, onDay: () => undefined };
    await expect(expireCamera(deps, { camera, ...BY_AGE }, soon())).rejects.toMatchObject({ code: 'store-clock-skew' });
    const report = await run(BY_AGE);
    expect(report.problems).toEqual(['the record of camera-1 of 20251214 cannot be read.']);
    expect(deleted.every((key) => key.startsWith('camera-1/20251215/'))).toBe(true);
  });

  it('leaves what the record does not know, tells of it, and takes what comes late up first', async () => {
    const { run, bucket, time, deleted, left } = await scene();
    const unknown = gapObjectKeyOf(camera, FIRST_MS + HOUR_MS);
    await run({ policy: { maxAgeMs: null, maxBytes: 150 }, mode: 'delete' });
    time.nowMs -= 5 * HOUR_MS;
    await bucket.putSmall(unknown, Buffer.from('{}'), {}, soon());
    time.nowMs += 4 * HOUR_MS + 30 * 60_000;
    const gap = gapObject(camera, iso(FIRST_MS + 2 * HOUR_MS), iso(FIRST_MS + 3 * HOUR_MS), [
      claim('paused', iso(FIRST_MS + 2 * HOUR_MS), iso(FIRST_MS + 3 * HOUR_MS)),
    ]);
    await storeGap(bucket, gap);
    time.nowMs += 2 * DAY_MS;
    const report = await run(BY_AGE);
    expect(report.problems).toEqual(['The record of 20251214 and the bucket disagree about 1 object.']);
    expect(await left()).toContain(unknown);
    expect(deleted).toContain(gapObjectKeyOf(camera, gap.fromMs));
  });

  it('never deletes what is younger than a day, whatever the policy', async () => {
    const { run, bucket, time, deleted, segments } = await scene();
    time.nowMs = FIRST_MS + 3 * DAY_MS + 12 * HOUR_MS;
    await bucket.delete(
      segments.slice(14).map((one) => objectKeysOf(one).preferred),
      soon(),
    );
    const again = segment(camera, iso(FIRST_MS + HOUR_MS), iso(FIRST_MS + 2 * HOUR_MS));
    await store(bucket, [again]);
    const report = await run({ policy: { maxAgeMs: 0, maxBytes: 0 }, mode: 'delete' });
    expect(report.youngObjects).toBeGreaterThan(0);
    // A day that is not over gets no record, so that it cannot be one that is too early.
    expect(await readDayRecord(bucket, camera, parseUtcDay('20251217'), soon())).toBeUndefined();
    expect(deleted).not.toContain(objectKeysOf(again).preferred);
    expect(deleted).toEqual(segments.slice(0, 10).map((one) => objectKeysOf(one).preferred));
  });

  it('ends the same way after a crash at any step, and never deletes what is not to be', {
    timeout: 60_000,
  }, async () => {
    const anyCrash = fc.record({
      crashes: fc.array(
        fc.record({
          atRequest: fc.integer({ min: 1, max: 60 }),
          when: fc.constantFrom('before' as const, 'after' as const),
        }),
        { maxLength: 3 },
      ),
      holdFromMs: fc.option(fc.integer({ min: 0, max: DAYS * DAY_MS }), { nil: null }),
      policy: fc.record({
        maxAgeMs: fc.option(fc.integer({ min: DAY_MS, max: 10 * DAY_MS }), { nil: null }),
        maxBytes: fc.option(fc.integer({ min: 0, max: 160 }), { nil: null }),
      }),
    });
    await fc.assert(
      fc.asyncProperty(anyCrash, async ({ crashes, holdFromMs, policy }) => {
        const { bucket, crash, run, left, story, foreign, segments, time } = await scene();
        const hold = holdFromMs === null ? null : holdOn(FIRST_MS + holdFromMs, FIRST_MS + holdFromMs + HOUR_MS);
        if (hold !== null) await place(bucket, hold);
        const straight = await scene();
        if (hold !== null) await place(straight.bucket, hold);
        for (const { atRequest, when } of crashes) {
          Object.assign(crash, { requests: 0, atRequest, when });
          await run({ policy, mode: 'delete' }).catch((error: unknown) => {
            if (!(error instanceof Crash)) throw error;
          });
          time.nowMs += 60_000;
        }
        crash.atRequest = Number.POSITIVE_INFINITY;
        await run({ policy, mode: 'delete' });
        straight.time.nowMs = time.nowMs;
        await straight.run({ policy, mode: 'delete' });
        expect(await left()).toEqual(await straight.left());
        expect((await story()).spans).toEqual((await straight.story()).spans);
        const kept = await left();
        for (const key of foreign) expect(kept).toContain(key);
        const isHeldBy = (one: (typeof segments)[number]) =>
          hold !== null && hold.fromMs < one.toMs && hold.toMs > one.fromMs;
        for (const one of segments.filter(isHeldBy)) expect(kept).toContain(objectKeysOf(one).preferred);
      }),
      { numRuns: 60 },
    );
  });
});
