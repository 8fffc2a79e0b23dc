import { z } from 'zod';
import { type ObjectKey, parseObjectKey } from './ids.js';

/**
 * `.coverage/bucket.json`: which Temporal's retention looks after this bucket, and since when. A bucket without it, or with another one's, is
 * unknown: a wrong name of a bucket must cost nothing but a report. So is one where time has jumped since the last run.
 */
export interface BucketNote {
  readonly schema: 1;
  /** Changes when Temporal's database was wiped. */
  readonly namespaceId: string;
  /** By the store's clock, UTC ms. */
  readonly sinceMs: number;
  /** When retention was here last, whatever it did. */
  readonly lastRunMs: number;
}

/** No camera's: their records are one step below. */
export const BUCKET_NOTE_KEY: ObjectKey = parseObjectKey('.coverage/bucket.json');

const schema: z.ZodType<BucketNote, unknown> = z.object({
  schema: z.literal(1),
  namespaceId: z.string().min(1),
  sinceMs: z.number(),
  lastRunMs: z.number(),
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

/** What is known when a run begins. */
export interface RunStart {
  readonly namespaceId: string;
  readonly nowMs: number;
  /** How long a bucket is only reported on after it became known, and how long retention may not have run without becoming a stranger. */
  readonly reportForMs: number;
}

const KNOWING = 'To delete at once, start the workflow Retention by hand with {"mode":"delete","isBucketKnown":true}.';

/** Why nothing may be deleted yet, in words; null when it may. `note`: as found in the bucket. */
export function whyOnlyReport(note: BucketNote | undefined, start: RunStart): string | null {
  const { nowMs, reportForMs } = start;
  const why = whyUnknown(note, start);
  if (why !== null) return `${why}: for a day nothing is deleted. ${KNOWING}`;
  const leftMs = (note?.sinceMs ?? nowMs) + reportForMs - nowMs;
  if (leftMs <= 0) return null;
  return `Retention knows this bucket since ${new Date(note?.sinceMs ?? nowMs).toISOString().slice(0, 19)}Z and only reports for another ${Math.ceil(leftMs / 60_000)} minutes. ${KNOWING}`;
}

/** What the run leaves in the bucket. `isConfirmed`: an operator said that this is the right one. */
export function nextNote(note: BucketNote | undefined, start: RunStart, isConfirmed: boolean): BucketNote {
  const { namespaceId, nowMs, reportForMs } = start;
  const sinceMs = note === undefined || whyUnknown(note, start) !== null ? nowMs : note.sinceMs;
  return {
    schema: 1,
    namespaceId,
    sinceMs: isConfirmed ? Math.min(sinceMs, nowMs - reportForMs) : sinceMs,
    lastRunMs: nowMs,
  };
}

function whyUnknown(note: BucketNote | undefined, { namespaceId, nowMs, reportForMs }: RunStart): string | null {
  if (note === undefined) return 'This bucket is new to retention';
  if (note.namespaceId !== namespaceId) {
    return 'Retention of another Temporal, or of this one before it was wiped, looked after this bucket';
  }
  // The store's clock and this machine's may be one and the same, and jump together.
  const isBack = nowMs < note.lastRunMs - LEAST_STEP_MS || nowMs < note.sinceMs - LEAST_STEP_MS;
  if (isBack || nowMs - note.lastRunMs > reportForMs) {
    return `Retention last ran here at ${new Date(note.lastRunMs).toISOString().slice(0, 19)}Z, and by the store’s clock it is ${new Date(nowMs).toISOString().slice(0, 19)}Z`;
  }
  return null;
}

/** Two runs at once, and clocks of several machines. */
const LEAST_STEP_MS = 3_600_000;
