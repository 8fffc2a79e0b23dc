/** Placing and releasing holds. The object is the truth; the records of closed days repeat it, for whoever reads them later. */
import { type DayRecord, dayInRecordKey, dayRecordPrefixOf } from '../domain/day-record.js';
import { cameraOfHold, type Hold, type HoldId, holdKeyOf } from '../domain/hold.js';
import type { CameraId } from '../domain/ids.js';
import { daysIn, type UtcDay } from '../domain/utc-day.js';
import type { ObjectStore } from '../object-store/object-store.js';
import { holdsOf, notedIn } from '../playback/holds.js';
import { changeDayRecord, RecordContestedError, type RecordStore } from './day-records.js';

/** Thrown when there is no such hold. */
export class UnknownHoldError extends Error {
  readonly code = 'unknown-hold';
  constructor(id: HoldId) {
    super(`There is no hold ${id}.`);
    this.name = 'UnknownHoldError';
  }
}

type HoldStore = RecordStore & Pick<ObjectStore, 'replaceSmall'>;

/** From the moment it resolves nothing of ours deletes what it holds. Throws what the store throws. */
export async function placeHold(store: HoldStore, hold: Hold, signal: AbortSignal): Promise<void> {
  const stored = await store.replaceSmall(holdKeyOf(hold.id), bytesOf(hold), null, signal);
  if (stored === 'changed') throw new RecordContestedError(holdKeyOf(hold.id));
  await note(store, hold, signal);
}

/** It stays in the bucket, as released. One that was released before is left as it is. @throws UnknownHoldError */
export async function releaseHold(
  store: HoldStore,
  id: HoldId,
  releasedAtMs: number,
  signal: AbortSignal,
): Promise<Hold> {
  const key = holdKeyOf(id);
  const hold = (await holdsOf(store, cameraOfHold(id), signal)).find((one) => one.id === id);
  const head = await store.head(key, signal);
  if (hold === undefined || head === undefined) throw new UnknownHoldError(id);
  if (hold.releasedAtMs !== null) return hold;
  const released = { ...hold, releasedAtMs };
  const stored = await store.replaceSmall(key, bytesOf(released), head.etag, signal);
  if (stored === 'changed') throw new RecordContestedError(key);
  await note(store, released, signal);
  return released;
}

async function note(store: HoldStore, { camera, ...range }: Hold, signal: AbortSignal): Promise<void> {
  const holds = await holdsOf(store, camera, signal);
  const change = (record: DayRecord): DayRecord => ({ ...record, holds: notedIn(record, holds) });
  const recorded = await recordedDays(store, camera, signal);
  for (const day of daysIn(range).filter((one) => recorded.has(one))) {
    await changeDayRecord(store, { camera, day }, change, signal);
  }
}

async function recordedDays(store: HoldStore, camera: CameraId, signal: AbortSignal): Promise<ReadonlySet<UtcDay>> {
  const days = new Set<UtcDay>();
  for await (const { key } of store.list(dayRecordPrefixOf(camera), signal)) {
    const day = dayInRecordKey(camera, key);
    if (day !== undefined) days.add(day);
  }
  return days;
}

function bytesOf(hold: Hold): Uint8Array {
  return Buffer.from(`${JSON.stringify(hold)}\n`);
}
