import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DayRecord, type RecordedSegment, withTotals } from '../../src/domain/day-record.js';
import type { ListedKey } from '../../src/domain/day-record-check.js';
import { type Hold, holdIdOf } from '../../src/domain/hold.js';
import { parseCameraId, parseObjectKey, parseSegmentId } from '../../src/domain/ids.js';
import {
  candidatesOf,
  chooseExpired,
  isDeleting,
  KEEP_ALL,
  keepingMore,
  type RetentionPolicy,
  YOUNGEST_EXPIRED_MS,
} from '../../src/domain/retention.js';
import { DAY_MS, parseUtcDay } from '../../src/domain/utc-day.js';

const camera = parseCameraId('camera-1');
const MIDNIGHT = Date.UTC(2025, 11, 14);
const HOUR_MS = 3_600_000;

const limit = (most: number) => fc.option(fc.integer({ min: 0, max: most }), { nil: null });
const anyPolicy: fc.Arbitrary<RetentionPolicy> = fc.record({ maxAgeMs: limit(6 * DAY_MS), maxBytes: limit(2_500) });

/** An hour of the day: what the record says of it, and what the bucket has. */
const anyHour = fc.record({
  isRecorded: fc.boolean(),
  isListed: fc.boolean(),
  recordedBytes: fc.constantFrom(100, 101),
  listedBytes: fc.constantFrom(100, 101),
  expiredAtMs: fc.option(fc.integer({ min: MIDNIGHT, max: MIDNIGHT + 5 * DAY_MS }), { nil: null }),
  lastModifiedMs: fc.integer({ min: MIDNIGHT, max: MIDNIGHT + 5 * DAY_MS }),
});
const anyHold = fc
  .record({
    fromMs: fc.integer({ min: MIDNIGHT, max: MIDNIGHT + DAY_MS }),
    lengthMs: fc.integer({ min: 1, max: 5 * HOUR_MS }),
    isReleased: fc.boolean(),
  })
  .map(
    ({ fromMs, lengthMs, isReleased }): Hold => ({
      schema: 1,
      id: holdIdOf(camera, MIDNIGHT, 0),
      camera,
      fromMs,
      toMs: fromMs + lengthMs,
      reason: '',
      placedAtMs: MIDNIGHT,
      releasedAtMs: isReleased ? MIDNIGHT : null,
    }),
  );
const anyCase = fc.record({
  hours: fc.array(anyHour, { minLength: 24, maxLength: 24 }),
  policy: anyPolicy,
  holds: fc.array(anyHold, { maxLength: 3 }),
  nowMs: fc.integer({ min: MIDNIGHT, max: MIDNIGHT + 8 * DAY_MS }),
});
type Case = typeof anyCase extends fc.Arbitrary<infer One> ? One : never;

function keyOf(hour: number) {
  return parseObjectKey(`camera-1/20251214/${String(hour).padStart(2, '0')}-00-00_camera-1.mp4`);
}

function dayOf({ hours }: Case): { readonly record: DayRecord; readonly listed: readonly ListedKey[] } {
  const objects = hours.flatMap(({ isRecorded, recordedBytes, expiredAtMs }, hour): readonly RecordedSegment[] => {
    if (!isRecorded) return [];
    const times = { fromMs: MIDNIGHT + hour * HOUR_MS, toMs: MIDNIGHT + (hour + 1) * HOUR_MS };
    const segment = parseSegmentId(`camera-1_20251214T000000Z-0000_${String(hour).padStart(4, '0')}`);
    const key = keyOf(hour);
    return [{ kind: 'segment', key, sizeBytes: recordedBytes, ...times, segment, sha256Hex: null, expiredAtMs }];
  });
  const listed = hours.flatMap(({ isListed, listedBytes, lastModifiedMs }, hour) =>
    isListed ? [{ key: keyOf(hour), sizeBytes: listedBytes, lastModifiedMs }] : [],
  );
  const record = withTotals({
    schema: 1,
    camera,
    day: parseUtcDay('20251214'),
    asOfMs: MIDNIGHT,
    objects,
    unreadable: [],
    reachingIn: [],
    claims: [],
    beganAtMs: null,
    isRemovedBefore: false,
    holds: [],
  });
  return { record, listed };
}

function choiceOf(one: Case) {
  const { record, listed } = dayOf(one);
  const storedBytes = listed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const candidates = candidatesOf(record, listed);
  const choice = chooseExpired(candidates, { ...one, storedBytes });
  return { record, listed, storedBytes, candidates, choice };
}

describe('what retention chooses', () => {
  it('is always in the bucket, in the record, and what the record says it is', () => {
    fc.assert(
      fc.property(anyCase, (one) => {
        const { record, listed, choice } = choiceOf(one);
        for (const { key, sizeBytes } of choice.chosen) {
          const object = listed.find((other) => other.key === key);
          const known = record.objects.find((other) => other.key === key);
          expect([object?.sizeBytes, known?.sizeBytes]).toEqual([sizeBytes, sizeBytes]);
          expect(known?.expiredAtMs ?? Number.POSITIVE_INFINITY).toBeGreaterThanOrEqual(object?.lastModifiedMs ?? 0);
        }
      }),
    );
  });

  it('is never held, and never younger than a day by the store’s time or its own', () => {
    fc.assert(
      fc.property(anyCase, (one) => {
        for (const { fromMs, toMs, lastModifiedMs } of choiceOf(one).choice.chosen) {
          const holding = one.holds.filter(
            (hold) => hold.releasedAtMs === null && hold.fromMs < toMs && hold.toMs > fromMs,
          );
          expect(holding).toEqual([]);
          expect(one.nowMs - lastModifiedMs).toBeGreaterThanOrEqual(YOUNGEST_EXPIRED_MS);
          expect(one.nowMs - toMs).toBeGreaterThanOrEqual(YOUNGEST_EXPIRED_MS);
        }
      }),
    );
  });

  it('is nothing that the policy keeps: young enough, and within the bytes, counted from the oldest', () => {
    fc.assert(
      fc.property(anyCase, (one) => {
        const { choice, storedBytes } = choiceOf(one);
        let leftBytes = storedBytes;
        for (const { toMs, sizeBytes } of choice.chosen) {
          const isTooOld = one.policy.maxAgeMs !== null && one.nowMs - toMs >= one.policy.maxAgeMs;
          const isTooMuch = one.policy.maxBytes !== null && leftBytes > one.policy.maxBytes;
          expect(isTooOld || isTooMuch).toBe(true);
          leftBytes -= sizeBytes;
        }
        const times = choice.chosen.map(({ fromMs }) => fromMs);
        expect(times).toEqual(times.toSorted((a, b) => a - b));
      }),
    );
  });

  it('is all that the policy asks for and nothing protects', () => {
    fc.assert(
      fc.property(anyCase, (one) => {
        const { choice, candidates } = choiceOf(one);
        const old = candidates.filter(
          ({ toMs }) => one.policy.maxAgeMs !== null && one.nowMs - toMs >= one.policy.maxAgeMs,
        );
        const told = [...choice.chosen, ...choice.held, ...choice.young];
        expect(old.every((candidate) => told.includes(candidate))).toBe(true);
        expect(new Set(told).size).toBe(told.length);
      }),
    );
  });

  it('is nothing when everything is to be kept', () => {
    fc.assert(
      fc.property(anyCase, (one) => {
        expect(choiceOf({ ...one, policy: KEEP_ALL }).choice).toEqual({ chosen: [], held: [], young: [] });
      }),
    );
  });
});

describe('two policies together', () => {
  it('delete only what each of them deletes alone', () => {
    fc.assert(
      fc.property(anyCase, anyPolicy, (one, other) => {
        const keys = (policy: RetentionPolicy) =>
          new Set(choiceOf({ ...one, policy }).choice.chosen.map(({ key }) => key));
        const both = keys(keepingMore(one.policy, other));
        const [alone, otherAlone] = [keys(one.policy), keys(other)];
        for (const key of both) expect([alone.has(key), otherAlone.has(key)]).toEqual([true, true]);
      }),
    );
  });

  it('delete nothing when one keeps everything', () => {
    expect(isDeleting(keepingMore(KEEP_ALL, { maxAgeMs: 1, maxBytes: 1 }))).toBe(false);
    expect(isDeleting({ maxAgeMs: null, maxBytes: 0 })).toBe(true);
  });
});
