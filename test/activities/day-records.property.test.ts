import fc from 'fast-check';
import { expect, it } from 'vitest';
import { keepDayRecord } from '../../src/activities/day-records.js';
import { GAP_CAUSES } from '../../src/domain/coverage.js';
import { parseCameraId } from '../../src/domain/ids.js';
import { DAY_MS, daysIn } from '../../src/domain/utc-day.js';
import { MemoryStore } from '../../src/object-store/memory.js';
import { readTimeline } from '../../src/playback/timeline.js';
import { at, claim, gapObject, segment, store, storeGap } from '../playback/story.js';

const camera = parseCameraId('camera-1');
const FIRST_MS = at('2025-12-13T00:00:00Z');
const SLOT_MS = 3_600_000;
const SLOTS = 72;
const soon = (): AbortSignal => AbortSignal.timeout(20_000);
const iso = (atMs: number): string => new Date(atMs).toISOString();
const cause = fc.constantFrom(...GAP_CAUSES.filter((one) => one !== 'expired'));

/** A slot of an hour: footage (early or late, with or without a claim for what is missing before it), a gap object, or nothing. */
const anySlot = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ kind: 'footage', lateMin: 0, longMin: 60, cause: null } as const) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('footage' as const),
      lateMin: fc.integer({ min: 0, max: 30 }),
      longMin: fc.integer({ min: 1, max: 60 }),
      cause: fc.option(cause, { nil: null }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('gap' as const), cause }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'nothing' } as const) },
);

it('days tell the same story from their records as from their objects', { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anySlot, { minLength: SLOTS, maxLength: SLOTS }),
      fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
      fc.tuple(fc.integer({ min: 0, max: SLOTS - 1 }), fc.integer({ min: 1, max: SLOTS })),
      async (slots, isRecorded, [first, length]) => {
        const bucket = new MemoryStore();
        let endedMs = FIRST_MS - 5 * SLOT_MS;
        for (const [index, slot] of slots.entries()) {
          const fromMs = FIRST_MS + index * SLOT_MS;
          const range = [iso(fromMs), iso(fromMs + SLOT_MS)] as const;
          if (slot.kind === 'gap') await storeGap(bucket, gapObject(camera, ...range, [claim(slot.cause, ...range)]));
          if (slot.kind !== 'footage') continue;
          const startMs = fromMs + slot.lateMin * 60_000;
          // What is missing since the footage before it, however long ago that was.
          const claims =
            slot.cause === null || endedMs >= startMs ? [] : [claim(slot.cause, iso(endedMs), iso(startMs))];
          endedMs = startMs + slot.longMin * 60_000;
          await store(bucket, [segment(camera, iso(startMs), iso(startMs + slot.longMin * 60_000), claims)]);
        }
        const nowMs = FIRST_MS + 10 * DAY_MS;
        const range = {
          fromMs: FIRST_MS + first * SLOT_MS,
          toMs: FIRST_MS + Math.min(SLOTS, first + length) * SLOT_MS,
        };
        const read = async () => await readTimeline(camera, range, { store: bucket, nowMs }, soon());
        const before = await read();
        const days = daysIn({ fromMs: FIRST_MS, toMs: FIRST_MS + 3 * DAY_MS });
        for (const day of days.filter((_, index) => isRecorded[index])) {
          await keepDayRecord(bucket, { camera, day, nowMs }, soon());
          const again = await keepDayRecord(bucket, { camera, day, nowMs }, soon());
          if (again.kind !== 'nothing') expect(again).toMatchObject({ kind: 'kept', wrong: [] });
        }
        const after = await read();
        expect(after.spans).toEqual(before.spans);
        expect(after.beganAtMs).toBe(before.beganAtMs);
      },
    ),
    { numRuns: 40 },
  );
});
