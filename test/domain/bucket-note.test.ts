import { describe, expect, it } from 'vitest';
import { type BucketNote, bucketNoteIn, nextNote, whyOnlyReport } from '../../src/domain/bucket-note.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NOW_MS = Date.UTC(2025, 11, 14, 12);
const START = { namespaceId: 'ours', nowMs: NOW_MS, reportForMs: DAY_MS };
const note = (change: Partial<BucketNote>): BucketNote => ({
  schema: 1,
  namespaceId: 'ours',
  sinceMs: NOW_MS - 90 * DAY_MS,
  lastRunMs: NOW_MS - HOUR_MS,
  ...change,
});

describe('whether retention may delete', () => {
  it.each<[string, BucketNote | undefined, string | null]>([
    ['in a bucket without a note', undefined, 'This bucket is new to retention: for a day'],
    ['in one of another Temporal', note({ namespaceId: 'theirs' }), 'Retention of another Temporal'],
    ['in one it knows', note({}), null],
    ['a day after it became known', note({ sinceMs: NOW_MS - DAY_MS }), null],
    ['an hour before that', note({ sinceMs: NOW_MS - 23 * HOUR_MS }), 'only reports for another 60 minutes'],
    ['after it did not run for a day', note({ lastRunMs: NOW_MS - DAY_MS }), null],
    [
      'after more than a day',
      note({ lastRunMs: NOW_MS - 25 * HOUR_MS }),
      'last ran here at 2025-12-13T11:00:00Z, and by',
    ],
    ['after a clock went ahead by years', note({ lastRunMs: NOW_MS - 4_000 * DAY_MS }), 'last ran here at'],
    ['after it went back', note({ lastRunMs: NOW_MS + 2 * HOUR_MS }), 'last ran here at'],
    ['beside another run', note({ lastRunMs: NOW_MS + 60_000 }), null],
  ])('%s: %j', (_when, found, why) => {
    const told = whyOnlyReport(found, START);
    if (why === null) expect(told).toBeNull();
    else expect(told).toContain(why);
  });

  it.each<[string, BucketNote | undefined]>([
    ['new', undefined],
    ['of another Temporal', note({ namespaceId: 'theirs' })],
    ['where time jumped', note({ lastRunMs: 0 })],
    ['where time went back', note({ sinceMs: NOW_MS + 90 * DAY_MS, lastRunMs: NOW_MS + 91 * DAY_MS })],
  ])('a bucket %s is reported on for a day of runs, and no longer', (_what, found) => {
    let left = nextNote(found, START, false);
    expect(left).toEqual(note({ sinceMs: NOW_MS, lastRunMs: NOW_MS }));
    for (let hour = 1; hour < 24; hour += 1) {
      const start = { ...START, nowMs: NOW_MS + hour * HOUR_MS };
      expect(whyOnlyReport(left, start)).toContain('only reports for another');
      left = nextNote(left, start, false);
    }
    expect(whyOnlyReport(left, { ...START, nowMs: NOW_MS + DAY_MS })).toBeNull();
  });

  it('is up to the operator who says that this is the right bucket', () => {
    for (const found of [undefined, note({ namespaceId: 'theirs' }), note({ sinceMs: NOW_MS })]) {
      const left = nextNote(found, START, true);
      expect(whyOnlyReport(left, { ...START, nowMs: NOW_MS + 1 })).toBeNull();
    }
  });

  it('reads its own note, and takes no other text for one', () => {
    expect(bucketNoteIn(JSON.stringify(note({})))).toEqual(note({}));
    for (const text of ['', '{', '{"schema":2}', '{"schema":1,"namespaceId":"","sinceMs":1,"lastRunMs":1}']) {
      expect(bucketNoteIn(text)).toBeUndefined();
    }
  });
});
