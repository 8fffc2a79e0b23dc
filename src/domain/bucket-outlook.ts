/** How full the bucket is, and when it will be. Pure. */
import type { CameraId } from './ids.js';
import { byteWords, durationWords } from './local-time.js';
import { isDeleting, policyOf, type RetentionPolicies } from './retention.js';
import { DAY_MS } from './utc-day.js';

/** Objects that belong together: a camera's, or those of nobody. */
export interface StoredBytes {
  readonly bytes: number;
  /** Stored within the last day, or since the first one, if that is not as long ago. */
  readonly newBytes: number;
}

/** What one listing of the whole bucket says. */
export interface BucketUsage {
  readonly cameras: ReadonlyMap<CameraId, StoredBytes>;
  readonly others: StoredBytes;
  /** How long `newBytes` took: a day, or less for a bucket that is younger. */
  readonly newForMs: number;
}

export interface BucketOutlook {
  readonly usedBytes: number;
  /** Null when the bucket is too young to tell. */
  readonly growthBytesADay: number | null;
  /** Null when nobody said. */
  readonly capacityBytes: number | null;
  /** What is left to grow to when retention deletes what it is to; null where something is kept for ever, or not known. */
  readonly retainedBytes: number | null;
  /** Of which cameras nothing is ever deleted. */
  readonly keptForEver: 'all' | 'some' | 'none';
  /** Null: never, or not known. */
  readonly fullAtMs: number | null;
}

/** Footage of less says nothing of a day. */
const LEAST_TO_TELL_MS = 3_600_000;

/** At the rate of the last day. */
export function bucketOutlook(
  { cameras, others, newForMs }: BucketUsage,
  given: { readonly capacityBytes: number | null; readonly retention: RetentionPolicies; readonly nowMs: number },
): BucketOutlook {
  const all = [...cameras.values(), others];
  const usedBytes = all.reduce((sum, { bytes }) => sum + bytes, 0);
  const aDay = (newBytes: number): number | null =>
    newForMs < LEAST_TO_TELL_MS ? null : (newBytes / newForMs) * DAY_MS;
  const growthBytesADay = aDay(all.reduce((sum, { newBytes }) => sum + newBytes, 0));
  let retainedBytes: number | null = others.bytes;
  for (const [camera, { newBytes }] of cameras) {
    const { maxAgeMs, maxBytes } = policyOf(given.retention, camera);
    const growth = aDay(newBytes);
    const byAge = maxAgeMs === null || growth === null ? Number.POSITIVE_INFINITY : (growth * maxAgeMs) / DAY_MS;
    const most = Math.min(byAge, maxBytes ?? Number.POSITIVE_INFINITY);
    retainedBytes = retainedBytes === null || most === Number.POSITIVE_INFINITY ? null : retainedBytes + most;
  }
  const forEver = [...cameras.keys()].filter((camera) => !isDeleting(policyOf(given.retention, camera)));
  const isAll = forEver.length === cameras.size && !isDeleting(given.retention.usual);
  const keptForEver: BucketOutlook['keptForEver'] = isAll ? 'all' : forEver.length > 0 ? 'some' : 'none';
  const outlook = { keptForEver, usedBytes, growthBytesADay, capacityBytes: given.capacityBytes, retainedBytes };
  return { ...outlook, fullAtMs: fullAt(outlook, given.nowMs) };
}

function fullAt(
  { usedBytes, growthBytesADay, capacityBytes, retainedBytes }: Omit<BucketOutlook, 'fullAtMs' | 'keptForEver'>,
  nowMs: number,
): number | null {
  if (capacityBytes === null) return null;
  if (usedBytes >= capacityBytes) return nowMs;
  if (retainedBytes !== null && retainedBytes <= capacityBytes) return null;
  if (growthBytesADay === null || growthBytesADay <= 0) return null;
  return nowMs + ((capacityBytes - usedBytes) / growthBytesADay) * DAY_MS;
}

/** For page, status and log. */
export function outlookWords(outlook: BucketOutlook, nowMs: number): string {
  const { usedBytes, growthBytesADay } = outlook;
  const growth = growthBytesADay === null ? '' : `, ${byteWords(growthBytesADay)} more a day`;
  return `Bucket: ${byteWords(usedBytes)} stored${growth}. ${[fullWords(outlook, nowMs), keptWords(outlook)].filter(Boolean).join(' ')}`;
}

function fullWords({ capacityBytes, fullAtMs, usedBytes }: BucketOutlook, nowMs: number): string {
  if (capacityBytes === null) return 'When it will be full is told once S3_CAPACITY_BYTES is set.';
  const capacity = `${byteWords(capacityBytes)} (S3_CAPACITY_BYTES)`;
  if (usedBytes >= capacityBytes) return `It is full: the store holds ${capacity}.`;
  if (fullAtMs === null) return `The store holds ${capacity}.`;
  return `At ${capacity} it is full in about ${durationWords(fullAtMs - nowMs)}.`;
}

function keptWords({ capacityBytes, retainedBytes, keptForEver }: BucketOutlook): string {
  if (keptForEver === 'all') return 'Nothing is ever deleted: RETENTION_DAYS and RETENTION_BYTES are not set.';
  if (keptForEver === 'some') return 'Of some cameras nothing is ever deleted.';
  if (retainedBytes === null) return '';
  const isTooMuch = capacityBytes !== null && retainedBytes > capacityBytes;
  return `Retention keeps about ${byteWords(retainedBytes)}${isTooMuch ? ', which is more than that' : ''}.`;
}

/** A bucket that will be full sooner is worth a notice. */
export const SOON_FULL_MS = 3 * DAY_MS;
