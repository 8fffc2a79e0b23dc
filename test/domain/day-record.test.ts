import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  type DayRecord,
  dayInRecordKey,
  dayRecordKeyOf,
  dayRecordText,
  parseDayRecord,
  storyOfRecord,
  withExpired,
  withReachingExpired,
  withTotals,
} from '../../src/domain/day-record.js';
import { parseCameraId, parseObjectKey, parseSegmentId } from '../../src/domain/ids.js';
import { daysIn, parseUtcDay, rangeOfDay, utcDayOf } from '../../src/domain/utc-day.js';

const camera = parseCameraId('camera-1');
const day = parseUtcDay('20251214');
/** As the first version that had day records wrote it: never to be changed. */
const FIRST = readFileSync(new URL('day-records/schema-1.json', import.meta.url), 'utf8');

describe('a day record', () => {
  it('of the first schema version is read, whole', () => {
    const record = parseDayRecord(FIRST, camera, day);
    expect(JSON.parse(dayRecordText(record))).toEqual(JSON.parse(FIRST));
    const told = storyOfRecord(record).spans.map((span) => (span.kind === 'gap' ? span.cause : span.kind));
    expect(told).toEqual(['expired', 'camera-unreachable', 'unexplained', 'footage']);
    expect(withTotals(record).totals).toEqual(record.totals);
  });

  it.each<[string, string, Partial<Record<keyof DayRecord, unknown>> | string]>([
    ['no JSON', 'unreadable', '{"schema":1,'],
    ['another camera', 'unreadable', { camera: 'camera-2' }],
    ['another day', 'unreadable', { day: '20251215' }],
    ['a day that no calendar has', 'unreadable', { day: '20250230' }],
    ['a cause that nobody knows', 'unreadable', { claims: [{ fromMs: 0, toMs: 1, cause: 'magic', by: 'a' }] }],
    ['a key that leads elsewhere', 'unreadable', { unreadable: [{ key: '../x', sizeBytes: 1 }] }],
    ['no schema', 'unreadable', { schema: undefined }],
    ['a later schema', 'newer', { schema: 2 }],
  ])('with %s is told as %s', (_what, why, change) => {
    const text = typeof change === 'string' ? change : JSON.stringify({ ...JSON.parse(FIRST), ...change });
    expect(() => parseDayRecord(text, camera, day)).toThrow(expect.objectContaining({ code: 'day-record', why }));
  });

  it('has a key that gives its day back, and no other has', () => {
    expect(dayRecordKeyOf(camera, day)).toBe('.coverage/camera-1/20251214.json');
    expect(dayInRecordKey(camera, dayRecordKeyOf(camera, day))).toBe(day);
    for (const other of ['.coverage/camera-2/20251214.json', '.coverage/camera-1/20250230.json', 'camera-1/20251214']) {
      expect(dayInRecordKey(camera, other)).toBeUndefined();
    }
  });

  it('keeps what it marks as deleted in all that it tells', () => {
    const record = parseDayRecord(FIRST, camera, day);
    const all = new Set(record.objects.map(({ key }) => key));
    const gone = withExpired(record, all, 5);
    expect(gone.totals).toEqual({ footageMs: 0, expiredMs: 85_496_000, gapMs: 899_000, unexplainedMs: 5_000 });
    const there = withReachingExpired(
      withExpired(gone, new Set([parseObjectKey('camera-1/20251214/00-00-00_camera-1.mp4')]), null),
      new Set([parseSegmentId('camera-1_20251213T201502Z-7f3a_0014')]),
      null,
    );
    expect(there.totals.footageMs).toBe(901_000);
  });

  it('calls nothing expired that the reader has itself', () => {
    const record = parseDayRecord(FIRST, camera, day);
    const segment = parseSegmentId('camera-1_20251213T201502Z-7f3a_0015');
    const here = { segment, fromMs: 1765670401000, toMs: 1765671301000, where: 'spool' as const };
    const [first, second] = storyOfRecord(record, { footage: [here], claims: [] }).spans;
    expect([first, second]).toMatchObject([
      { kind: 'gap', cause: 'expired' },
      { kind: 'footage', segment },
    ]);
  });
});

describe('a day of UTC', () => {
  it('begins where the one before ends', () => {
    expect(rangeOfDay(day)).toEqual({ fromMs: Date.UTC(2025, 11, 14), toMs: Date.UTC(2025, 11, 15) });
    expect(daysIn({ fromMs: Date.UTC(2025, 11, 13, 23), toMs: Date.UTC(2025, 11, 15) })).toEqual([
      '20251213',
      '20251214',
    ]);
    expect(daysIn({ fromMs: 5, toMs: 5 })).toEqual(['19700101']);
    expect(utcDayOf(rangeOfDay(day).toMs - 1)).toBe(day);
  });
});
