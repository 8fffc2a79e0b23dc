import { coverageOf, type Footage, overlap } from '../domain/coverage.js';
import { storyOf } from '../domain/coverage-story.js';
import { type DayRecord, type RecordedGap, type RecordedSegment, withTotals } from '../domain/day-record.js';
import { mergedClaims } from '../domain/day-record-check.js';
import type { CameraId } from '../domain/ids.js';
import { objectNameIn } from '../domain/object-key.js';
import type { TimeRange } from '../domain/time-range.js';
import { rangeOfDay, type UtcDay } from '../domain/utc-day.js';
import type { ObjectStore } from '../object-store/object-store.js';
import { claimsIn, firstOf, footageIn, lookAt } from './bucket-look.js';
import type { ReadableStore, ReadObject } from './stored-objects.js';

/**
 * What came so long before a look at the bucket may not have been seen by it: stores date an object from the beginning of its upload, and
 * the clocks of their parts differ.
 */
const LATE_MARGIN_MS = 3_600_000;

/**
 * What the bucket alone says of a day that is over; undefined when nothing of the camera was found within a month around it. Throws what
 * the store throws.
 */
export async function deriveDayRecord(
  store: ReadableStore & Pick<ObjectStore, 'timeMs'>,
  { camera, day, nowMs }: { readonly camera: CameraId; readonly day: UtcDay; readonly nowMs: number },
  signal: AbortSignal,
): Promise<DayRecord | undefined> {
  const asOfMs = (await store.timeMs(signal)) - LATE_MARGIN_MS;
  const range = rangeOfDay(day);
  const found = await lookAt(camera, range, { store, nowMs }, signal);
  const footage = found.all.flatMap(footageIn);
  const claims = found.all.flatMap(claimsIn).filter((claim) => overlap(claim, range));
  const spans = coverageOf(range, footage, claims);
  const before = await found.before(spans);
  const story = storyOf(range, spans, before, firstOf(camera, found.all));
  if (story.spans.length === 0) return undefined;
  const isOwn = (read: ReadObject): boolean => isOfDay(camera, range, read);
  return withTotals({
    schema: 1,
    camera,
    day,
    asOfMs,
    objects: found.near.filter(isOwn).flatMap(recorded).sort(byKey),
    unreadable: found.near.filter(isOwn).flatMap(silent).sort(byKey),
    reachingIn: found.near
      .filter((read) => !isOwn(read))
      .flatMap(footageIn)
      .filter((one) => overlap(one, range))
      .map(reaching),
    claims: mergedClaims([], claims),
    beganAtMs: story.beganAtMs,
    isRemovedBefore: before === 'removed',
    holds: [],
  });
}

function recorded(read: ReadObject): readonly (RecordedSegment | RecordedGap)[] {
  if (read.kind === 'gap') {
    const { key, sizeBytes, slot } = read;
    return [{ kind: 'gap', key, sizeBytes, fromMs: slot.fromMs, toMs: slot.toMs, expiredAtMs: null }];
  }
  if (read.kind !== 'segment') return [];
  const { key, sizeBytes, sha256Hex, footage } = read;
  const { segment, fromMs, toMs } = footage;
  return [{ kind: 'segment', key, sizeBytes, fromMs, toMs, segment, sha256Hex, expiredAtMs: null }];
}

function silent(read: ReadObject): readonly DayRecord['unreadable'][number][] {
  return read.kind === 'unreadable' ? [{ key: read.key, sizeBytes: read.sizeBytes }] : [];
}

function reaching({ segment, fromMs, toMs }: Footage): DayRecord['reachingIn'][number] {
  return { segment, fromMs, toMs, expiredAtMs: null };
}

/** By its key, not by its time: a record is about the objects of one listing. */
function isOfDay(camera: CameraId, { fromMs, toMs }: TimeRange, { key }: ReadObject): boolean {
  const startMs = objectNameIn(camera, key)?.nominalStartMs ?? Number.NaN;
  return startMs >= fromMs && startMs < toMs;
}

function byKey(one: { readonly key: string }, other: { readonly key: string }): number {
  return one.key < other.key ? -1 : 1;
}
