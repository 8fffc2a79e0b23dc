import { expect, it } from 'vitest';
import { parseUtcDay } from '../../src/domain/utc-day.js';
import { statusView } from '../../src/http/status-view.js';
import { camera1, statusInput } from './status-inputs.js';

it('a record that disagrees, a bucket that is nearly full, and what retention could not do are told', () => {
  const counts = { expiredObjects: 9, expiredBytes: 90, failures: 0 };
  const bucket = {
    usedBytes: 150e9,
    growthBytesADay: 96e9,
    capacityBytes: 200e9,
    retainedBytes: null,
    keptForEver: 'all',
    fullAtMs: statusInput().nowMs + 45_000_000,
  } as const;
  const worker = {
    ...statusInput().worker,
    bucket,
    wrongDays: new Map([[camera1, new Map([[parseUtcDay('20251214'), '1 missing']])]]),
    retention: new Map([[camera1, { ...counts, problems: 2 }]]),
  };
  const view = statusView(statusInput({ worker }));
  expect(view.bucket).toContain('At 200 GB (S3_CAPACITY_BYTES) it is full in about 12 h 30 min.');
  expect(view.notices).toEqual([
    'The bucket is full in about 12 h 30 min. Then recordings wait in the spool. Give the store more room, or let retention keep less.',
    'camera-1: the record of 20251214 does not agree with the bucket (1 missing). See: camera-recorder coverage camera-1 20251214 --utc --check',
    'camera-1: retention could not do all that it was to. The result of the last workflow Retention says what.',
  ]);
  const none = new Map([[camera1, { ...counts, problems: 0 }]]);
  const fine = { ...worker, bucket: null, wrongDays: new Map(), retention: none };
  expect(statusView(statusInput({ worker: fine }))).toMatchObject({
    notices: [],
    bucket: 'The bucket has not been looked at yet.',
  });
});
