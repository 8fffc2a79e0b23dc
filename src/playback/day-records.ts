import { type DayRecord, DayRecordError, dayRecordKeyOf, parseDayRecord } from '../domain/day-record.js';
import type { CameraId } from '../domain/ids.js';
import type { UtcDay } from '../domain/utc-day.js';
import type { ReadableStore } from './stored-objects.js';

/** `etag` and `lastModifiedMs` are of the object: who changes it says what it was. */
export type FoundRecord =
  | { readonly kind: 'record'; readonly record: DayRecord; readonly etag: string }
  | { readonly kind: 'unreadable' | 'newer'; readonly why: string; readonly etag: string };

/** A record is some hundred bytes a segment, and no segment is shorter than two seconds. */
const LARGEST_RECORD_BYTES = 64 * 1024 * 1024;

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
