/**
 * What is known for good of one camera's UTC day: `.coverage/<camera>/<YYYYMMDD>.json`.
 *
 * 1. Made from the bucket when the day is over; as long as its footage is there it can be made again.
 * 2. It alone tells footage that was deleted on purpose from time that was never recorded: an `expiredAtMs` stays for ever.
 * 3. An object that came after `asOfMs` is late, and may be added. Any other difference from the bucket is an alarm (`day-record-check.ts`).
 */
import { z } from 'zod';
import { type CoverageSpan, coverageOf, type Footage, type GapClaim, gapClaimSchema } from './coverage.js';
import { type Story, storyOf } from './coverage-story.js';
import { type HoldId, parseHoldId } from './hold.js';
import {
  type CameraId,
  InvalidIdError,
  type ObjectKey,
  parseCameraId,
  parseObjectKey,
  parseSegmentId,
  type SegmentId,
} from './ids.js';
import type { TimeRange } from './time-range.js';
import { parseUtcDay, rangeOfDay, type UtcDay } from './utc-day.js';

/** An object of the day, as it was seen in the bucket. */
export interface RecordedObject extends TimeRange {
  readonly kind: 'segment' | 'gap';
  readonly key: ObjectKey;
  readonly sizeBytes: number;
  /** When it was decided that retention deletes it; null as long as it is to stay. UTC ms, by the store's clock. */
  readonly expiredAtMs: number | null;
}

/** Its range is that of the footage. `sha256Hex` is of the recorded bytes, null where the object does not say it. */
export interface RecordedSegment extends RecordedObject {
  readonly kind: 'segment';
  readonly segment: SegmentId;
  readonly sha256Hex: string | null;
}

/** Its range is the clock slot it tells of. */
export interface RecordedGap extends RecordedObject {
  readonly kind: 'gap';
}

/** Footage whose key is of the day before, and that ends in this one. */
export interface ReachingSegment extends TimeRange {
  readonly segment: SegmentId;
  readonly expiredAtMs: number | null;
}

/** A hold as it was when it was noted here; the truth about it is the hold object. */
export interface NotedHold extends TimeRange {
  readonly id: HoldId;
  readonly reason: string;
  readonly releasedAtMs: number | null;
}

/** Milliseconds of the day; together its length, less what lies before the camera's first object. */
export interface DayTotals {
  readonly footageMs: number;
  readonly expiredMs: number;
  readonly gapMs: number;
  readonly unexplainedMs: number;
}

export interface DayRecord {
  readonly schema: 1;
  readonly camera: CameraId;
  readonly day: UtcDay;
  /** What the bucket holds of the day was seen then, by the store's clock. */
  readonly asOfMs: number;
  /** In the order of their keys. */
  readonly objects: readonly (RecordedSegment | RecordedGap)[];
  /** Named like ours, and say nothing of themselves: their time shows as missing, and they are never deleted. */
  readonly unreadable: readonly Pick<RecordedObject, 'key' | 'sizeBytes'>[];
  readonly reachingIn: readonly ReachingSegment[];
  /** All that tell of a moment of the day, wherever they rode. */
  readonly claims: readonly GapClaim[];
  /** As in `Story`. */
  readonly beganAtMs: number | null;
  readonly isRemovedBefore: boolean;
  readonly totals: DayTotals;
  readonly holds: readonly NotedHold[];
}

/** Thrown for bytes that are no day record. `newer`: one that only a later version reads, which must not be overwritten. */
export class DayRecordError extends Error {
  readonly code = 'day-record';
  readonly why: 'unreadable' | 'newer';
  constructor(why: 'unreadable' | 'newer', message: string) {
    super(message);
    this.name = 'DayRecordError';
    this.why = why;
  }
}

const time = z.number();
const objectFields = {
  key: z.string().transform(parseObjectKey),
  sizeBytes: z.number().int().nonnegative(),
  fromMs: time,
  toMs: time,
  expiredAtMs: time.nullable(),
};
const objectSchema = z.discriminatedUnion('kind', [
  z.object({
    ...objectFields,
    kind: z.literal('segment'),
    segment: z.string().transform(parseSegmentId),
    sha256Hex: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .nullable(),
  }),
  z.object({ ...objectFields, kind: z.literal('gap') }),
]);
const totals = z.object({ footageMs: time, expiredMs: time, gapMs: time, unexplainedMs: time });
const recordSchema: z.ZodType<DayRecord, unknown> = z.object({
  schema: z.literal(1),
  camera: z.string().transform(parseCameraId),
  day: z.string().transform(parseUtcDay),
  asOfMs: time,
  objects: z.array(objectSchema),
  unreadable: z.array(z.object({ key: objectFields.key, sizeBytes: objectFields.sizeBytes })),
  reachingIn: z.array(
    z.object({ segment: z.string().transform(parseSegmentId), fromMs: time, toMs: time, expiredAtMs: time.nullable() }),
  ),
  claims: z.array(gapClaimSchema),
  beganAtMs: time.nullable(),
  isRemovedBefore: z.boolean(),
  totals,
  holds: z.array(
    z.object({
      id: z.string().transform(parseHoldId),
      fromMs: time,
      toMs: time,
      reason: z.string(),
      releasedAtMs: time.nullable(),
    }),
  ),
});
const schemaNumber = z.object({ schema: z.number() });

/** The key of a camera's day; `.coverage/` is no camera's prefix. */
export function dayRecordKeyOf(camera: CameraId, day: UtcDay): ObjectKey {
  return parseObjectKey(`${dayRecordPrefixOf(camera)}${day}.json`);
}

/** Under which all day records of a camera are. */
export function dayRecordPrefixOf(camera: CameraId): string {
  return `.coverage/${camera}/`;
}

/** The day of a record's key; undefined for every other key. */
export function dayInRecordKey(camera: CameraId, key: string): UtcDay | undefined {
  const [, digits = ''] = /^(\d{8})\.json$/.exec(key.slice(dayRecordPrefixOf(camera).length)) ?? [];
  if (!key.startsWith(dayRecordPrefixOf(camera))) return undefined;
  return unlessBadId(() => parseUtcDay(digits));
}

/** Of the object's body, for this camera and day and no other. @throws DayRecordError */
export function parseDayRecord(text: string, camera: CameraId, day: UtcDay): DayRecord {
  const what = `the record of ${camera} of ${day}`;
  const json = jsonIn(text);
  const number = schemaNumber.safeParse(json).data?.schema ?? 0;
  if (number > 1) throw new DayRecordError('newer', `${what} has schema ${number}, which a newer version wrote`);
  const record = unlessBadId(() => recordSchema.safeParse(json).data);
  if (record?.camera !== camera || record.day !== day) throw new DayRecordError('unreadable', `${what} cannot be read`);
  return record;
}

/** One line: a day of 96 segments is about 30 KB. */
export function dayRecordText(record: DayRecord): string {
  return `${JSON.stringify(record)}\n`;
}

/** The day as `coverageOf` would tell it, with what the reader knows beside: footage that is not stored yet, and its claims. */
export function storyOfRecord(
  record: DayRecord,
  more: { readonly footage: readonly Footage[]; readonly claims: readonly GapClaim[] } = { footage: [], claims: [] },
): Story {
  const range = rangeOfDay(record.day);
  const expired = expiredIn(record, new Set(more.footage.map(({ segment }) => segment)));
  // Expired footage beats claims as it did when it was there; only then is its time called expired.
  const footage = [...footageIn(record), ...more.footage];
  const spans = coverageOf(range, footage, [...record.claims, ...more.claims]);
  const told = joined(spans.map((span) => (isExpired(span, expired) ? expiredSpan(span) : span)));
  const before = record.beganAtMs === null ? (record.isRemovedBefore ? 'removed' : 'something') : 'nothing';
  return storyOf(range, told, before, Math.min(record.beganAtMs ?? range.fromMs, ...more.footage.map(startOf)));
}

/** With the totals that its other fields make. */
export function withTotals(record: Omit<DayRecord, 'totals'>): DayRecord {
  const none: DayTotals = { footageMs: 0, expiredMs: 0, gapMs: 0, unexplainedMs: 0 };
  const sums = { ...none };
  for (const span of storyOfRecord({ ...record, totals: none }).spans) {
    const lengthMs = span.toMs - span.fromMs;
    if (span.kind === 'footage') sums.footageMs += lengthMs;
    else if (span.kind === 'unexplained') sums.unexplainedMs += lengthMs;
    else if (span.cause === 'expired') sums.expiredMs += lengthMs;
    else sums.gapMs += lengthMs;
  }
  return { ...record, totals: sums };
}

/** Objects with these keys are marked as deleted by retention (`atMs`), or as there after all (null). */
export function withExpired(record: DayRecord, keys: ReadonlySet<ObjectKey>, atMs: number | null): DayRecord {
  return withTotals({
    ...record,
    objects: record.objects.map((object) => (keys.has(object.key) ? { ...object, expiredAtMs: atMs } : object)),
  });
}

/** The same, of footage that reaches in from the day before. */
export function withReachingExpired(
  record: DayRecord,
  segments: ReadonlySet<SegmentId>,
  atMs: number | null,
): DayRecord {
  return withTotals({
    ...record,
    reachingIn: record.reachingIn.map((one) => (segments.has(one.segment) ? { ...one, expiredAtMs: atMs } : one)),
  });
}

/** Neighbours that are the same footage, or say the same, are one. */
export function joined(spans: readonly CoverageSpan[]): readonly CoverageSpan[] {
  const all: CoverageSpan[] = [];
  for (const span of spans) {
    const last = all.at(-1);
    if (last?.toMs === span.fromMs && wordOf(last) === wordOf(span)) all[all.length - 1] = { ...last, toMs: span.toMs };
    else all.push(span);
  }
  return all;
}

function wordOf(span: CoverageSpan): string {
  if (span.kind === 'footage') return `${span.segment} ${span.where}`;
  return span.kind === 'gap' ? span.cause : span.kind;
}

function footageIn({ objects, reachingIn }: DayRecord): readonly Footage[] {
  const own = objects.flatMap((object) => (object.kind === 'segment' ? [object] : []));
  return [...own, ...reachingIn].map(({ segment, fromMs, toMs }) => ({ segment, fromMs, toMs, where: 'store' }));
}

/** What the reader has itself is there, whatever was deleted in the bucket. */
function expiredIn({ objects, reachingIn }: DayRecord, here: ReadonlySet<SegmentId>): ReadonlySet<SegmentId> {
  const own = objects.flatMap((object) => (object.kind === 'segment' ? [object] : []));
  const gone = [...own, ...reachingIn].filter(({ expiredAtMs, segment }) => expiredAtMs !== null && !here.has(segment));
  return new Set(gone.map(({ segment }) => segment));
}

function startOf({ fromMs }: TimeRange): number {
  return fromMs;
}

function isExpired(span: CoverageSpan, expired: ReadonlySet<SegmentId>): boolean {
  return span.kind === 'footage' && expired.has(span.segment);
}

function expiredSpan({ fromMs, toMs }: CoverageSpan): CoverageSpan {
  return { fromMs, toMs, kind: 'gap', cause: 'expired' };
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function unlessBadId<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (error instanceof InvalidIdError) return undefined;
    throw error;
  }
}
