import { type BucketOutlook, outlookWords, SOON_FULL_MS } from '../domain/bucket-outlook.js';
import { durationWords } from '../domain/local-time.js';

/** Pure. */
export function bucketWords(bucket: BucketOutlook | null, nowMs: number): string {
  return bucket === null ? 'The bucket has not been looked at yet.' : outlookWords(bucket, nowMs);
}

/** Only of a bucket that will be full within days. Pure. */
export function fullBucketNotices(bucket: BucketOutlook | null, nowMs: number): readonly string[] {
  if (bucket === null || bucket.fullAtMs === null || bucket.fullAtMs - nowMs > SOON_FULL_MS) return [];
  const when =
    bucket.fullAtMs <= nowMs
      ? 'The bucket is full.'
      : `The bucket is full in about ${durationWords(bucket.fullAtMs - nowMs)}.`;
  return [`${when} Then recordings wait in the spool. Give the store more room, or let retention keep less.`];
}
