/** The records of closed days, as an operator looks at them. */
import { rebuildDayRecord } from '../activities/day-records.js';
import { boundedBy } from '../clock.js';
import type { DayRecord } from '../domain/day-record.js';
import { type Disagreement, disagreements } from '../domain/day-record-check.js';
import { type CameraId, parseCameraId } from '../domain/ids.js';
import type { TimeRange } from '../domain/time-range.js';
import { daysIn, rangeOfDay, type UtcDay } from '../domain/utc-day.js';
import type { ObjectStore } from '../object-store/object-store.js';
import { createS3Store } from '../object-store/s3.js';
import { readDayRecord } from '../playback/day-records.js';
import { settledBefore } from '../playback/settled.js';
import { listDay } from '../playback/stored-objects.js';
import { type BucketPlace, bucketPlace } from './bucket-place.js';
import { lengthWords } from './coverage-text.js';
import { rangeOf } from './time-arguments.js';

const DEADLINE_MS = 120_000;
/** What is printed of one day; the rest is counted. */
const MOST_KEYS = 10;

const WHAT: Readonly<Record<Disagreement['kind'], string>> = {
  missing: 'is in the record and not in the bucket; retention did not delete it',
  changed: 'has another size than in the record',
  unknown: 'was in the bucket before the record was written, and is not in it',
};

/** Sentences for every day of UTC in the range whose record is not as it should be; a day without one is none. Throws what the store throws. */
export async function checkRecords(place: BucketPlace, camera: CameraId, range: TimeRange): Promise<readonly string[]> {
  const store = createS3Store(place.store);
  const signal = boundedBy(undefined, DEADLINE_MS);
  const wrong: string[] = [];
  try {
    for (const day of daysIn(range)) {
      const found = await readDayRecord(store, camera, day, signal);
      if (found?.kind === 'record') wrong.push(...(await wordsOf(store, found.record, signal)));
      else if (found !== undefined) wrong.push(`${found.why}.`);
    }
    return wrong;
  } finally {
    store.close();
  }
}

async function wordsOf(store: ObjectStore, record: DayRecord, signal: AbortSignal): Promise<readonly string[]> {
  const { camera, day } = record;
  const found = disagreements(record, await listDay(store, camera, rangeOfDay(day).fromMs, signal));
  const lines = found.slice(0, MOST_KEYS).map(({ kind, key }) => `${key} ${WHAT[kind]}.`);
  const more = found.length - lines.length;
  return more <= 0 ? lines : [...lines, `… and ${more} more of ${day}.`];
}

/**
 * Makes the records of closed days anew and prints what they say. Resolves to 0, or to 1 when a day has nothing to be made of.
 * @throws ConfigError, TimeArgumentError, StoreError
 */
export async function rebuildCommand(options: {
  readonly camera: string;
  readonly when: string;
  readonly configPath: string | undefined;
}): Promise<number> {
  const camera = parseCameraId(options.camera);
  const place = await bucketPlace(camera, options.configPath);
  const nowMs = Date.now();
  const days = daysIn(rangeOf(options.when, 'UTC', nowMs));
  const closedMs = settledBefore(nowMs, place.segmentDurationSec, 0);
  const open = days.find((day) => rangeOfDay(day).toMs > closedMs);
  if (open !== undefined)
    throw new Error(`${open} has not closed yet: its record is written some minutes after it has.`);
  const store = createS3Store(place.store);
  try {
    let code = 0;
    for (const day of days) {
      const made = await rebuildDayRecord(store, { camera, day, nowMs }, boundedBy(undefined, DEADLINE_MS));
      if (made === undefined) code = 1;
      process.stdout.write(
        `${made === undefined ? `${day}: nothing of ${camera} is in the bucket.` : madeWords(day, made)}\n`,
      );
    }
    return code;
  } finally {
    store.close();
  }
}

function madeWords(day: UtcDay, made: { readonly record: DayRecord; readonly old: DayRecord | undefined }): string {
  const { footageMs, expiredMs, gapMs, unexplainedMs } = made.record.totals;
  const parts = [
    `${lengthWords(footageMs)} recorded`,
    ...(expiredMs === 0 ? [] : [`${lengthWords(expiredMs)} expired`]),
    `${lengthWords(gapMs)} missing`,
    `${lengthWords(unexplainedMs)} unexplained`,
  ];
  const now = new Set(made.record.objects.map(({ key }) => key));
  const gone = made.old?.objects.filter(({ key }) => !now.has(key)) ?? [];
  const what =
    gone.length === 1 ? '1 object that the old record had is' : `${gone.length} objects that the old record had are`;
  const lost = gone.length === 0 ? '' : ` ${what} not in the bucket.`;
  return `${day}: made anew: ${parts.join(', ')}.${lost}`;
}
