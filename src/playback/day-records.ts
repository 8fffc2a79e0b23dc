import {
  type DayRecord,
  DayRecordError,
  dayInRecordKey,
  dayRecordKeyOf,
  dayRecordPrefixOf,
  parseDayRecord,
} from '../domain/day-record.js';
import type { CameraId } from '../domain/ids.js';
import { objectNameIn } from '../domain/object-key.js';
import { rangeOfDay, type UtcDay } from '../domain/utc-day.js';
import { type ListedObject, listDay, type ReadableStore } from './stored-objects.js';

/** `etag` and `lastModifiedMs` are of the object: who changes it says what it was. */
export type FoundRecord =
  | { readonly kind: 'record'; readonly record: DayRecord; readonly etag: string }
  | { readonly kind: 'unreadable' | 'newer'; readonly why: string; readonly etag: string };

/** A record is some hundred bytes a segment, and no segment is shorter than two seconds. */
const LARGEST_RECORD_BYTES = 64 * 1024 * 1024;

/**
 * The camera's objects whose keys are of the day, those included that have expired: what once told of a slot need not be told again. One
 * listing, and one GET for a day that is over. Throws what the store throws.
 */
export async function listToldDay(
  store: ReadableStore,
  { camera, day, nowMs }: { readonly camera: CameraId; readonly day: UtcDay; readonly nowMs: number },
  signal: AbortSignal,
): Promise<readonly ListedObject[]> {
  const { fromMs, toMs } = rangeOfDay(day);
  const listed = await listDay(store, camera, fromMs, signal);
  const found = toMs > nowMs ? undefined : await readDayRecord(store, camera, day, signal);
  if (found?.kind !== 'record') return listed;
  const there = new Set(listed.map(({ key }) => key));
  const gone = found.record.objects.flatMap(({ key, sizeBytes, expiredAtMs }) => {
    const name = objectNameIn(camera, key);
    return expiredAtMs === null || there.has(key) || name === undefined ? [] : [{ ...name, key, sizeBytes }];
  });
  return [...listed, ...gone].sort((one, other) => one.nominalStartMs - other.nominalStartMs);
}

/** The newest day that has a record, up to a moment; undefined when there is none. One listing. Throws what the store throws. */
export async function lastRecordedDay(
  store: ReadableStore,
  camera: CameraId,
  untilMs: number,
  signal: AbortSignal,
): Promise<UtcDay | undefined> {
  let last: UtcDay | undefined;
  for await (const { key } of store.list(dayRecordPrefixOf(camera), signal)) {
    const day = dayInRecordKey(camera, key);
    if (day !== undefined && rangeOfDay(day).toMs <= untilMs) last = day;
  }
  return last;
}

/** One GET; undefined when the day has none. Throws what the store throws. */
export async function readDayRecord(
  store: ReadableStore,
  camera: CameraId,
  day: UtcDay,
  signal: AbortSignal,
): Promise<FoundRecord | undefined> {
  const found = await store.readSmall(dayRecordKeyOf(camera, day), LARGEST_RECORD_BYTES, signal);
  if (found === undefined) return undefined;
  const { etag, body } = found;
  try {
    return { kind: 'record', record: parseDayRecord(new TextDecoder().decode(body), camera, day), etag };
  } catch (error) {
    if (error instanceof DayRecordError) return { kind: error.why, why: error.message, etag };
    throw error;
  }
}
