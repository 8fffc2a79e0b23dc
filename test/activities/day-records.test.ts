import { describe, expect, it } from 'vitest';
import {
  type CameraDay,
  changeDayRecord,
  type KeptDay,
  keepDayRecord,
  rebuildDayRecord,
} from '../../src/activities/day-records.js';
import type { CoverageSpan } from '../../src/domain/coverage.js';
import { type DayRecord, dayRecordKeyOf, storyOfRecord, withExpired } from '../../src/domain/day-record.js';
import { parseCameraId, parseObjectKey } from '../../src/domain/ids.js';
import { gapObjectKeyOf, objectKeysOf } from '../../src/domain/object-key.js';
import { parseUtcDay } from '../../src/domain/utc-day.js';
import { MemoryStore } from '../../src/object-store/memory.js';
import { readTimeline } from '../../src/playback/timeline.js';
import { at, claim, gapObject, segment, store, storeGap, wholeDay } from '../playback/story.js';

const camera = parseCameraId('camera-1');
const DAY = parseUtcDay('20251214');
const RANGE = { fromMs: at('00:00'), toMs: at('2025-12-15T00:00:00Z') };
const soon = (): AbortSignal => AbortSignal.timeout(10_000);

/** A bucket whose clock can be set; what a test does first happens on the day after, at one in the morning. */
function scene() {
  const asked: string[] = [];
  const time = { nowMs: at('2025-12-15T01:00:00Z') };
  const bucket = new MemoryStore({
    nowMs: () => time.nowMs,
    onRequest: ({ when, operation }) => void (when === 'before' && asked.push(operation)),
  });
  const of: CameraDay = { camera, day: DAY, nowMs: at('2025-12-15T01:00:00Z') };
  const keep = async (): Promise<KeptDay> => await keepDayRecord(bucket, of, soon());
  const read = async () => await readTimeline(camera, RANGE, { store: bucket, nowMs: time.nowMs }, soon());
  const later = (hours: number): void => {
    time.nowMs += hours * 3_600_000;
  };
  return { bucket, of, keep, read, later, asked };
}

function words(spans: readonly CoverageSpan[]): string {
  const word = (span: CoverageSpan): string => (span.kind === 'gap' ? span.cause : span.kind);
  return spans.map((span) => `${new Date(span.fromMs).toISOString().slice(11, 16)} ${word(span)}`).join(', ');
}

function recordIn(kept: KeptDay): DayRecord {
  if (kept.kind === 'nothing' || kept.kind === 'bad') throw new Error(kept.kind);
  return kept.record;
}

const LATE = segment(camera, '12:00', '12:15');
/** The whole day but for a quarter of an hour, that is claimed from half of it on. */
const HOLED = [
  ...wholeDay(camera, RANGE.fromMs).filter(({ fromMs }) => fromMs !== LATE.fromMs),
  segment(camera, '2025-12-15T00:00:00Z', '2025-12-15T00:15:00Z', [claim('camera-stalled', '12:05', '12:15')]),
];

describe('the record of a day', () => {
  it('says what the objects say, for one GET', async () => {
    const { bucket, keep, read, asked } = scene();
    await store(bucket, [segment(camera, '2025-12-13T23:50:00Z', '2025-12-14T00:10:00Z'), ...HOLED.slice(1)]);
    await storeGap(bucket, gapObject(camera, '12:00', '12:15', [claim('paused', '12:00', '12:07')]));
    const before = await read();
    expect(words(before.spans)).toContain('12:00 paused, 12:07 camera-stalled, 12:15 footage');
    const record = recordIn(await keep());
    expect(record.objects).toHaveLength(95);
    expect(record.objects[0]).toMatchObject({ kind: 'segment', sizeBytes: 10, sha256Hex: '0'.repeat(64) });
    expect(record.reachingIn).toHaveLength(1);
    expect(record.totals).toEqual({ footageMs: 85_200_000, expiredMs: 0, gapMs: 900_000, unexplainedMs: 300_000 });
    asked.length = 0;
    const after = await read();
    expect(asked).toEqual(['readSmall']);
    expect(after.spans).toEqual(before.spans);
    expect(after).toMatchObject({ recordedDays: 1, beganAtMs: null, longestMs: before.longestMs, badRecords: [] });
  });

  it('tells footage that expired from time that was never recorded, for ever', async () => {
    const { bucket, of, keep, read } = scene();
    await store(bucket, HOLED);
    await keep();
    const keys = new Set(HOLED.map((one) => objectKeysOf(one).preferred));
    await changeDayRecord(bucket, of, (record) => withExpired(record, keys, at('2025-12-20T00:00:00Z')), soon());
    await bucket.delete([...keys], soon());
    const { spans } = await read();
    expect(words(spans)).toBe('00:00 expired, 12:00 unexplained, 12:05 camera-stalled, 12:15 expired');
    const again = await rebuildDayRecord(bucket, of, soon());
    expect(storyOfRecord(again?.record ?? recordIn(await keep())).spans).toEqual(spans);
  });

  it('made anew keeps what an object told that has expired', async () => {
    const { bucket, of, keep, read } = scene();
    await store(bucket, HOLED);
    await storeGap(bucket, gapObject(camera, '12:00', '12:15', [claim('paused', '12:00', '12:05')]));
    await keep();
    const { spans } = await read();
    const key = gapObjectKeyOf(camera, at('12:00'));
    await changeDayRecord(
      bucket,
      of,
      (record) => withExpired(record, new Set([key]), at('2025-12-20T00:00:00Z')),
      soon(),
    );
    await bucket.delete([key], soon());
    await rebuildDayRecord(bucket, of, soon());
    expect((await read()).spans).toEqual(spans);
  });

  it('is not written when nothing of the camera is known', async () => {
    const { keep } = scene();
    expect(await keep()).toEqual({ kind: 'nothing' });
  });

  it('takes up footage that came late, and claims that did', async () => {
    const { bucket, keep, read, later } = scene();
    await store(bucket, HOLED);
    expect((await keep()).kind).toBe('written');
    await storeGap(bucket, gapObject(camera, '12:00', '12:15', [claim('paused', '12:00', '12:05')]));
    expect((await keep()).kind).toBe('amended');
    expect(words((await read()).spans)).toContain('12:00 paused, 12:05 camera-stalled, 12:15 footage');
    later(70);
    await storeGap(
      bucket,
      gapObject(camera, '12:00', '12:15', [claim('moved', '12:00', '12:02'), claim('paused', '12:02', '12:05')]),
    );
    expect(await keep()).toMatchObject({ kind: 'amended', wrong: [] });
    later(700);
    await store(bucket, [LATE]);
    expect(await keep()).toMatchObject({ kind: 'amended', wrong: [], record: { totals: { footageMs: 86_400_000 } } });
    expect(await keep()).toMatchObject({ kind: 'kept', wrong: [] });
  });

  it('says what somebody else did to the bucket, and never mends it', async () => {
    const { bucket, keep, later } = scene();
    const [first, second, ...others] = HOLED.map((one) => objectKeysOf(one).preferred);
    await store(bucket, HOLED);
    const foreign = gapObjectKeyOf(camera, at('12:00'));
    const written = recordIn(await keep());
    later(-3);
    await bucket.putSmall(foreign, Buffer.from('{}'), {}, soon());
    later(6);
    await bucket.delete([first ?? foreign], soon());
    await bucket.putSmall(second ?? foreign, new Uint8Array(11), {}, soon());
    for (const _look of [1, 2]) {
      const kept = await keep();
      expect(kept).toMatchObject({
        kind: 'kept',
        wrong: [
          { kind: 'missing', key: first },
          { kind: 'changed', key: second },
          { kind: 'unknown', key: foreign },
        ],
      });
      expect(recordIn(kept).objects).toEqual(written.objects);
    }
    expect(others).toHaveLength(94);
  });

  it('is made anew only when it is asked for, and then says what was lost', async () => {
    const { bucket, of, keep, read } = scene();
    await store(bucket, HOLED);
    await keep();
    const gone = objectKeysOf(HOLED[3] ?? LATE).preferred;
    await bucket.delete([gone], soon());
    const made = await rebuildDayRecord(bucket, of, soon());
    expect(made?.old?.objects.some(({ key }) => key === gone)).toBe(true);
    expect(made?.record.objects.some(({ key }) => key === gone)).toBe(false);
    expect(words((await read()).spans)).toContain('00:45 unexplained');
    expect(await keep()).toMatchObject({ kind: 'kept', wrong: [] });
  });

  it('that cannot be read is told, its day is read from the objects, and it is made anew when asked for', async () => {
    const { bucket, of, keep, read } = scene();
    await store(bucket, HOLED);
    const key = dayRecordKeyOf(camera, DAY);
    await bucket.putSmall(key, Buffer.from('{"schema":1}'), {}, soon());
    expect(await keep()).toEqual({ kind: 'bad', why: 'the record of camera-1 of 20251214 cannot be read' });
    expect(await read()).toMatchObject({
      recordedDays: 0,
      badRecords: ['the record of camera-1 of 20251214 cannot be read'],
    });
    await rebuildDayRecord(bucket, of, soon());
    expect(await read()).toMatchObject({ recordedDays: 1, badRecords: [] });
    await bucket.putSmall(key, Buffer.from('{"schema":2}'), {}, soon());
    await expect(rebuildDayRecord(bucket, of, soon())).rejects.toThrow('which a newer version wrote; it is left alone');
  });

  it('loses nothing when two change it at the same time', async () => {
    const { bucket, of, keep } = scene();
    await store(bucket, HOLED);
    await keep();
    const keys = HOLED.slice(0, 8).map((one) => objectKeysOf(one).preferred);
    await Promise.all(
      keys.slice(0, 4).map(async (key, index) => {
        await changeDayRecord(
          bucket,
          of,
          (record) => withExpired(record, new Set([key]), at('2026-01-01T00:00:00Z') + index),
          soon(),
        );
      }),
    );
    const marked = recordIn(await keep()).objects.filter(({ expiredAtMs }) => expiredAtMs !== null);
    expect(marked.map(({ key }) => key)).toEqual(keys.slice(0, 4));
  });

  it('of a camera whose footage has all expired, what follows it is missing and not "before it began"', async () => {
    const { bucket, of, keep, later } = scene();
    await store(bucket, HOLED);
    await keep();
    const keys = HOLED.map((one) => objectKeysOf(one).preferred);
    await changeDayRecord(bucket, of, (record) => withExpired(record, new Set(keys), 1), soon());
    await bucket.delete(keys, soon());
    later(24 * 60);
    const range = { fromMs: at('2026-02-01T00:00:00Z'), toMs: at('2026-02-01T02:00:00Z') };
    await store(bucket, [segment(camera, '2026-02-01T01:00:00Z', '2026-02-01T01:15:00Z')]);
    const timeline = await readTimeline(camera, range, { store: bucket, nowMs: at('2026-02-03T00:00:00Z') }, soon());
    expect(words(timeline.spans)).toBe('00:00 unexplained, 01:00 footage, 01:15 unexplained');
    expect(timeline.beganAtMs).toBeNull();
  });

  it('says nothing of objects that are not named like the camera’s', async () => {
    const { bucket, keep } = scene();
    await store(bucket, HOLED);
    await bucket.putSmall(parseObjectKey('camera-1/20251214/holiday.mp4'), new Uint8Array(5), {}, soon());
    const record = recordIn(await keep());
    expect(record.objects.some(({ key }) => key.includes('holiday'))).toBe(false);
    expect(await keep()).toMatchObject({ wrong: [] });
  });
});
