import { z } from 'zod';
import { type ObjectKey, parseObjectKey } from './ids.js';

/**
 * `.coverage/bucket.json`: which Temporal's retention looks after this bucket, and since when. A bucket without it, or with another one's, is
 * unknown: a wrong name of a bucket must cost nothing but a report.
 */
export interface BucketNote {
  readonly schema: 1;
  /** Changes when Temporal's database was wiped. */
  readonly namespaceId: string;
  /** By the store's clock, UTC ms. */
  readonly sinceMs: number;
}

/** No camera's: their records are one step below. */
export const BUCKET_NOTE_KEY: ObjectKey = parseObjectKey('.coverage/bucket.json');

const schema: z.ZodType<BucketNote, unknown> = z.object({
  schema: z.literal(1),
  namespaceId: z.string().min(1),
  sinceMs: z.number(),
});

/** `undefined` for everything that is none: the bucket is unknown then. */
export function bucketNoteIn(text: string): BucketNote | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * Why nothing may be deleted yet, in words; null when it may. `note`: as found in the bucket.
 * @param given.reportForMs how long a bucket is only reported on after it became known
 */
export function whyOnlyReport(
  note: BucketNote | undefined,
  given: { readonly namespaceId: string; readonly nowMs: number; readonly reportForMs: number },
): string | null {
  const knowing =
    'To delete at once, start the workflow Retention by hand with {"mode":"delete","isBucketKnown":true}.';
  if (note === undefined) return `This bucket is new to retention: this run only reports. ${knowing}`;
  if (note.namespaceId !== given.namespaceId) {
    return `Retention of another Temporal, or of this one before it was wiped, looked after this bucket: this run only reports. ${knowing}`;
  }
  const leftMs = note.sinceMs + given.reportForMs - given.nowMs;
  if (leftMs <= 0) return null;
  return `Retention knows this bucket since ${new Date(note.sinceMs).toISOString().slice(0, 19)}Z and only reports for another ${Math.ceil(leftMs / 60_000)} minutes. ${knowing}`;
}
