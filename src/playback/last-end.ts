import { endsRemoved } from '../domain/coverage-story.js';
import { storyOfRecord } from '../domain/day-record.js';
import type { CameraId } from '../domain/ids.js';
import { DAY_MS, rangeOfDay } from '../domain/utc-day.js';
import { lastRecordedDay, readDayRecord } from './day-records.js';
import { inParallel } from './in-parallel.js';
import { listDay, type ReadableStore, type ReadObject, readObject } from './stored-objects.js';

const FARTHEST_LOOK_DAYS = 31;
/** A camera that is new has none: all its days are asked for, soon, and the store is left room for uploads. */
const DAYS_AT_ONCE = 8;

/**
 * Until when the bucket tells of a camera: the end of its newest footage, or of the claims of its newest gap object, or, when these have
 * expired, what its newest day record tells. UTC ms; null when it
 * says nothing for a month, or that the camera was removed: that then holds until it records again, and needs no other reason.
 * Throws what the store throws.
 */
export async function readLastEnd(
  camera: CameraId,
  { store, nowMs }: { readonly store: ReadableStore; readonly nowMs: number },
  signal: AbortSignal,
): Promise<number | null> {
  for (let days = 0; days <= FARTHEST_LOOK_DAYS; days += DAYS_AT_ONCE) {
    const newestFirst = Array.from({ length: DAYS_AT_ONCE }, (_, index) => nowMs - (days + index) * DAY_MS);
    const list = async (atMs: number) => await listDay(store, camera, atMs, signal);
    const listed = await inParallel(newestFirst, DAYS_AT_ONCE, list);
    for (const object of listed.flatMap((ofDay) => ofDay.toReversed())) {
      const read = await readObject(store, object, signal);
      if (read.kind === 'segment' || read.kind === 'gap') return endIn(read);
    }
  }
  return await recordedEnd(camera, { store, nowMs }, signal);
}

/** All of it may have expired. */
async function recordedEnd(
  camera: CameraId,
  { store, nowMs }: { readonly store: ReadableStore; readonly nowMs: number },
  signal: AbortSignal,
): Promise<number | null> {
  const day = await lastRecordedDay(store, camera, nowMs, signal);
  if (day === undefined || nowMs - rangeOfDay(day).toMs > FARTHEST_LOOK_DAYS * DAY_MS) return null;
  const found = await readDayRecord(store, camera, day, signal);
  if (found?.kind !== 'record') return null;
  const { spans } = storyOfRecord(found.record);
  const last = spans.findLast(({ kind }) => kind !== 'unexplained');
  return last === undefined || endsRemoved(spans) ? null : last.toMs;
}

function endIn(read: Extract<ReadObject, { readonly kind: 'segment' | 'gap' }>): number | null {
  if (read.kind === 'segment') return read.footage.toMs;
  const last = read.claims.at(-1);
  return last === undefined || last.cause === 'removed' ? null : last.toMs;
}
