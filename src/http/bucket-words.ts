import { type BucketOutlook, outlookWords, SOON_FULL_MS } from '../domain/bucket-outlook.js';
import { durationWords } from '../domain/local-time.js';
import type { WorkerStatus } from '../workers/worker-status.js';

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

/** Of cameras whose last turn, by this recorder, could not do all that it was to. Pure. */
export function retentionNotices(retention: WorkerStatus['retention']): readonly string[] {
  return [...retention].flatMap(([camera, { problems }]) =>
    problems === 0
      ? []
      : [`${camera}: retention could not do all that it was to. The result of the last workflow Retention says what.`],
  );
}
