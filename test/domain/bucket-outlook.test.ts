import { describe, expect, it } from 'vitest';
import { type BucketUsage, bucketOutlook, outlookWords } from '../../src/domain/bucket-outlook.js';
import { parseCameraId } from '../../src/domain/ids.js';
import { KEEP_ALL, type RetentionPolicies } from '../../src/domain/retention.js';
import { DAY_MS } from '../../src/domain/utc-day.js';
import { fullBucketNotices } from '../../src/http/bucket-words.js';

const GB = 1e9;
const [one, other] = [parseCameraId('camera-1'), parseCameraId('camera-2')];
const NOW_MS = Date.UTC(2025, 11, 14);
/** Two cameras of 2 GB an hour, a day and a half old. */
const USAGE: BucketUsage = {
  cameras: new Map([
    [one, { bytes: 72 * GB, newBytes: 48 * GB }],
    [other, { bytes: 72 * GB, newBytes: 48 * GB }],
  ]),
  others: { bytes: 6 * GB, newBytes: 0 },
  newForMs: DAY_MS,
};
const keeping = (days: number | null, bytes: number | null): RetentionPolicies => ({
  usual: { maxAgeMs: days === null ? null : days * DAY_MS, maxBytes: bytes },
  cameras: {},
});

type Case = [
  string,
  RetentionPolicies,
  { readonly capacity?: number; readonly newForMs?: number; readonly words: string; readonly notices?: number },
];

describe('the outlook of a bucket', () => {
  const NOTHING = 'Nothing is ever deleted: RETENTION_DAYS and RETENTION_BYTES are not set.';
  const STORED = 'Bucket: 150 GB stored, 96.0 GB more a day.';
  const AT_200 = 'At 200 GB (S3_CAPACITY_BYTES) it is full in about 12 h 30 min.';
  const HOLDS_200 = 'The store holds 200 GB (S3_CAPACITY_BYTES).';
  const forOther = { ...keeping(1, null), cameras: { [other]: KEEP_ALL } };

  it.each<Case>([
    [
      'nothing set',
      keeping(null, null),
      { words: `${STORED} When it will be full is told once S3_CAPACITY_BYTES is set. ${NOTHING}` },
    ],
    ['no retention', keeping(null, null), { capacity: 200, words: `${STORED} ${AT_200} ${NOTHING}`, notices: 1 }],
    [
      'retention that fits',
      keeping(2, null),
      { capacity: 200, words: `${STORED} ${HOLDS_200} Retention keeps about 198 GB.` },
    ],
    [
      'retention by bytes',
      keeping(30, 80 * GB),
      { capacity: 200, words: `${STORED} ${HOLDS_200} Retention keeps about 166 GB.` },
    ],
    [
      'too much kept',
      keeping(40, null),
      {
        capacity: 3_000,
        words: `${STORED} At 3.0 TB (S3_CAPACITY_BYTES) it is full in about 29 d 16 h. Retention keeps about 3.8 TB, which is more than that.`,
      },
    ],
    [
      'a camera that is kept for ever',
      forOther,
      { capacity: 200, words: `${STORED} ${AT_200} Of some cameras nothing is ever deleted.`, notices: 1 },
    ],
    [
      'a full bucket',
      keeping(null, null),
      {
        capacity: 100,
        words: `${STORED} It is full: the store holds 100 GB (S3_CAPACITY_BYTES). ${NOTHING}`,
        notices: 1,
      },
    ],
    [
      'a bucket of twelve minutes',
      keeping(null, null),
      { capacity: 200, newForMs: 720_000, words: `Bucket: 150 GB stored. ${HOLDS_200} ${NOTHING}` },
    ],
    [
      'a bucket of twelve hours',
      keeping(null, null),
      {
        capacity: 1_000,
        newForMs: DAY_MS / 2,
        words: `Bucket: 150 GB stored, 192 GB more a day. At 1.0 TB (S3_CAPACITY_BYTES) it is full in about 4 d 10 h. ${NOTHING}`,
      },
    ],
  ])('with %s', (_what, retention, { capacity, newForMs = DAY_MS, words, notices = 0 }) => {
    const capacityBytes = capacity === undefined ? null : capacity * GB;
    const outlook = bucketOutlook({ ...USAGE, newForMs }, { capacityBytes, retention, nowMs: NOW_MS });
    expect(outlookWords(outlook, NOW_MS)).toBe(words);
    expect(fullBucketNotices(outlook, NOW_MS)).toHaveLength(notices);
  });
});
