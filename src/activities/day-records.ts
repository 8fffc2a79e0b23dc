/**
 * Writing day records. Several may do it at once, each any number of times (INV-6): a change is made of what is at the key, and stored only if
 * that is still there.
 */

import { type DayRecord, dayRecordKeyOf, dayRecordText } from '../domain/day-record.js';
import { amended, type Disagreement, disagreements, lateIn, rebuilt } from '../domain/day-record-check.js';
import type { CameraId } from '../domain/ids.js';
import { rangeOfDay, type UtcDay } from '../domain/utc-day.js';
import type { ObjectStore } from '../object-store/object-store.js';
import { readDayRecord } from '../playback/day-records.js';
import { deriveDayRecord } from '../playback/derive-day.js';
import { holdsOf, notedIn } from '../playback/holds.js';
import { type DatedObject, listDay, type ReadableStore } from '../playback/stored-objects.js';

/** What is asked of the store to keep records. */
export type RecordStore = ReadableStore & Pick<ObjectStore, 'replaceSmall' | 'timeMs' | 'folders'>;

/** Whose day, and now: UTC ms. */
export interface CameraDay {
  readonly camera: CameraId;
  readonly day: UtcDay;
  readonly nowMs: number;
}

/** What became of a day. `nothing`: of the camera, within a month around it. */
export type KeptDay =
  | {
      readonly kind: 'kept' | 'written' | 'amended';
      readonly record: DayRecord;
      readonly wrong: readonly Disagreement[];
      readonly listed: readonly DatedObject[];
    }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'bad'; readonly why: string };

/** Thrown when a record was changed again and again while it was to be. */
export class RecordContestedError extends Error {
  readonly code = 'day-record-contested';
  constructor(key: string) {
    super(`${key} is being changed by somebody else all the time`);
    this.name = 'RecordContestedError';
  }
}

/** Each try that fails means that somebody else's did not. */
const MOST_TRIES = 5;

/**
 * Writes the record of a day that is over, if it has none; adds what came late, and what explains more of it; says what else differs, and
 * leaves that alone. Throws what the store throws, and RecordContestedError.
 */
export async function keepDayRecord(store: RecordStore, of: CameraDay, signal: AbortSignal): Promise<KeptDay> {
  const found = await readDayRecord(store, of.camera, of.day, signal);
  if (found === undefined) return await writeFirst(store, of, signal);
  if (found.kind !== 'record') return { kind: 'bad', why: found.why };
  const { record, etag } = found;
  const listed = await listedOf(store, of, signal);
  const wrong = disagreements(record, listed);
  const kept = { kind: 'kept', record, wrong, listed } as const;
  if (lateIn(record, listed).length === 0 && record.totals.unexplainedMs === 0) return kept;
  const fresh = await deriveDayRecord(store, of, signal);
  if (fresh === undefined) return kept;
  const more = amended(record, fresh, listed);
  if (isSameStory(more, record)) return kept;
  const stored = await store.replaceSmall(keyOf(of), bytesOf(more), etag, signal);
  // Somebody else has just done it, or the next look does.
  return stored === 'changed' ? kept : { kind: 'amended', record: more, wrong, listed };
}

/**
 * Makes the record anew from what the bucket holds, whatever it said before, but for what was deleted on purpose. Undefined when there is
 * nothing to make it of. Refuses a record that a newer version wrote.
 */
export async function rebuildDayRecord(
  store: RecordStore,
  of: CameraDay,
  signal: AbortSignal,
): Promise<{ readonly record: DayRecord; readonly old: DayRecord | undefined } | undefined> {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const found = await readDayRecord(store, of.camera, of.day, signal);
    if (found?.kind === 'newer') throw new Error(`${found.why}; it is left alone.`);
    const old = found?.kind === 'record' ? found.record : undefined;
    const fresh = (await deriveDayRecord(store, of, signal)) ?? emptied(old);
    if (fresh === undefined) return undefined;
    const record = rebuilt({ ...fresh, holds: notedIn(fresh, await holdsOf(store, of.camera, signal)) }, old);
    const stored = await store.replaceSmall(keyOf(of), bytesOf(record), found?.etag ?? null, signal);
    if (stored === 'stored') return { record, old };
  }
  throw new RecordContestedError(keyOf(of));
}

/** Changes a record that is there; undefined when there is none. `change` may be asked more than once. */
export async function changeDayRecord(
  store: RecordStore,
  of: Pick<CameraDay, 'camera' | 'day'>,
  change: (record: DayRecord) => DayRecord,
  signal: AbortSignal,
): Promise<DayRecord | undefined> {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const found = await readDayRecord(store, of.camera, of.day, signal);
    if (found === undefined) return undefined;
    if (found.kind !== 'record') throw new Error(found.why);
    const changed = change(found.record);
    if (dayRecordText(changed) === dayRecordText(found.record)) return found.record;
    const stored = await store.replaceSmall(keyOf(of), bytesOf(changed), found.etag, signal);
    if (stored === 'stored') return changed;
  }
  throw new RecordContestedError(keyOf(of));
}

/** As the listing shows it now, for one day of the camera. */
export async function listedOf(
  store: RecordStore,
  { camera, day }: Pick<CameraDay, 'camera' | 'day'>,
  signal: AbortSignal,
): Promise<readonly DatedObject[]> {
  return await listDay(store, camera, rangeOfDay(day).fromMs, signal);
}

async function writeFirst(store: RecordStore, of: CameraDay, signal: AbortSignal): Promise<KeptDay> {
  const fresh = await deriveDayRecord(store, of, signal);
  if (fresh === undefined) return { kind: 'nothing' };
  const record = { ...fresh, holds: notedIn(fresh, await holdsOf(store, of.camera, signal)) };
  const stored = await store.replaceSmall(keyOf(of), bytesOf(record), null, signal);
  if (stored === 'changed') return { kind: 'nothing' };
  return { kind: 'written', record, wrong: [], listed: await listedOf(store, of, signal) };
}

/** All of the day may have been deleted: then its record says so, and there is nothing else. */
function emptied(old: DayRecord | undefined): DayRecord | undefined {
  return old === undefined ? undefined : { ...old, objects: [], unreadable: [], reachingIn: [] };
}

function isSameStory(one: DayRecord, other: DayRecord): boolean {
  return dayRecordText({ ...one, asOfMs: 0 }) === dayRecordText({ ...other, asOfMs: 0 });
}

function keyOf({ camera, day }: Pick<CameraDay, 'camera' | 'day'>) {
  return dayRecordKeyOf(camera, day);
}

function bytesOf(record: DayRecord): Uint8Array {
  return Buffer.from(dayRecordText(record));
}
