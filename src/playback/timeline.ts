/**
 * What is known of a stretch of a camera's time, from the bucket alone; what waits in a spool is added when it is given.
 *
 * 1. A UTC day that has a record costs one GET. The rest is read from the objects themselves (`bucket-look.ts`).
 * 2. Time before the first object of a camera is not missing. A camera that was removed is so until it records again.
 */
import { setMaxListeners } from 'node:events';
import { type CoverageSpan, coverageOf, type Footage, type GapClaim, overlap } from '../domain/coverage.js';
import { storyOf } from '../domain/coverage-story.js';
import { type DayRecord, joined, storyOfRecord } from '../domain/day-record.js';
import type { CameraId, ObjectKey } from '../domain/ids.js';
import type { TimeRange } from '../domain/time-range.js';
import { daysIn, rangeOfDay, type UtcDay } from '../domain/utc-day.js';
import { claimsIn, firstOf, footageIn, type LookOptions, lookAt, REQUESTS_AT_ONCE } from './bucket-look.js';
import { readDayRecord } from './day-records.js';
import { inParallel } from './in-parallel.js';
import type { ReadObject } from './stored-objects.js';

/** Where to look. Without `spool` a segment that waits on a recorder shows as missing. */
export interface TimelineOptions extends LookOptions {
  /** Footage on this machine that may not be in the store yet, and claims that no stored object carries yet. */
  readonly spool?: { readonly footage: readonly Footage[]; readonly claims: readonly GapClaim[] };
}

/** What is known of one camera over one range; times are UTC milliseconds. */
export interface Timeline {
  /** What was asked for. */
  readonly range: TimeRange;
  /** Fill the range; empty when nothing of the camera was found within a month around it. */
  readonly spans: readonly CoverageSpan[];
  /** Before it, nothing of this camera is known; null when its story is older than the range. */
  readonly beganAtMs: number | null;
  /** The longest segment or slot that was seen, 0 when there was none. */
  readonly longestMs: number;
  readonly objects: { readonly segments: number; readonly gaps: number };
  /** Days that were read from their record. */
  readonly recordedDays: number;
  /** Objects named like ours that say nothing: their time shows as missing. */
  readonly unreadable: readonly ObjectKey[];
  /** Records that cannot be read, in words; their days were read from the objects. */
  readonly badRecords: readonly string[];
}

type Piece = Omit<Timeline, 'badRecords'>;

/** Throws what the store throws. */
export async function readTimeline(
  camera: CameraId,
  range: TimeRange,
  options: TimelineOptions,
  signal: AbortSignal,
): Promise<Timeline> {
  const own = AbortSignal.any([signal]);
  // Every request under way listens to it.
  setMaxListeners(0, own);
  const { records, bad } = await recordsIn(camera, range, options, own);
  const pieces: Piece[] = [];
  for (const part of partsOf(range, records)) {
    pieces.push(
      part.record === null
        ? await readObjects(camera, part.range, options, own)
        : pieceOf(part.record, part.range, options),
    );
  }
  return { ...together(range, pieces), badRecords: bad };
}

async function recordsIn(
  camera: CameraId,
  range: TimeRange,
  { store, nowMs }: TimelineOptions,
  signal: AbortSignal,
): Promise<{ readonly records: ReadonlyMap<UtcDay, DayRecord>; readonly bad: readonly string[] }> {
  // A day that is not over has none.
  const days = daysIn(range).filter((day) => rangeOfDay(day).toMs <= nowMs);
  const read = async (day: UtcDay) => [day, await readDayRecord(store, camera, day, signal)] as const;
  const found = await inParallel(days, REQUESTS_AT_ONCE, read);
  return {
    records: new Map(found.flatMap(([day, one]) => (one?.kind === 'record' ? [[day, one.record] as const] : []))),
    bad: found.flatMap(([, one]) => (one === undefined || one.kind === 'record' ? [] : [one.why])),
  };
}

interface Part {
  readonly range: TimeRange;
  /** Null: one or more days without. */
  readonly record: DayRecord | null;
}

/** The range, cut where days with a record begin and end. */
function partsOf(range: TimeRange, records: ReadonlyMap<UtcDay, DayRecord>): readonly Part[] {
  const parts: Part[] = [];
  for (const day of daysIn(range)) {
    const { fromMs, toMs } = rangeOfDay(day);
    const own = { fromMs: Math.max(fromMs, range.fromMs), toMs: Math.min(toMs, range.toMs) };
    const record = records.get(day) ?? null;
    const last = parts.at(-1);
    if (record !== null || last === undefined || last.record !== null) parts.push({ range: own, record });
    else parts[parts.length - 1] = { range: { fromMs: last.range.fromMs, toMs: own.toMs }, record };
  }
  return parts;
}

function pieceOf(record: DayRecord, range: TimeRange, { spool }: TimelineOptions): Piece {
  const { spans, beganAtMs } = storyOfRecord(record, spool);
  const within = spans.filter((span) => overlap(span, range));
  const there = record.objects.filter((object) => object.expiredAtMs === null && overlap(object, range));
  return {
    range,
    spans: within.map((span) => ({
      ...span,
      fromMs: Math.max(span.fromMs, range.fromMs),
      toMs: Math.min(span.toMs, range.toMs),
    })),
    beganAtMs: beganAtMs === null || beganAtMs <= range.fromMs ? null : Math.min(beganAtMs, range.toMs),
    longestMs: Math.max(0, ...[...record.objects, ...record.reachingIn].map(({ fromMs, toMs }) => toMs - fromMs)),
    objects: {
      segments: there.filter(({ kind }) => kind === 'segment').length,
      gaps: there.filter(({ kind }) => kind === 'gap').length,
    },
    recordedDays: 1,
    unreadable: record.unreadable.map(({ key }) => key),
  };
}

async function readObjects(
  camera: CameraId,
  range: TimeRange,
  options: TimelineOptions,
  signal: AbortSignal,
): Promise<Piece> {
  const { spool } = options;
  const found = await lookAt(camera, range, options, signal);
  const footage = [...found.all.flatMap(footageIn), ...(spool?.footage ?? [])];
  const claims = [...found.all.flatMap(claimsIn), ...(spool?.claims ?? [])];
  const spans = coverageOf(range, footage, claims);
  const known = await found.before(spans);
  const before = known === 'nothing' && isKnownEarlier(options, range.fromMs) ? 'something' : known;
  const firstMs = Math.min(firstOf(camera, found.all), ...[...footage, ...claims].map(({ fromMs }) => fromMs));
  return {
    range,
    ...storyOf(range, spans, before, firstMs),
    longestMs: Math.max(0, ...found.all.map(lengthOf)),
    objects: { segments: countOf(found.near, 'segment'), gaps: countOf(found.near, 'gap') },
    recordedDays: 0,
    unreadable: found.all.flatMap((one) => (one.kind === 'unreadable' ? [one.key] : [])),
  };
}

/** One story: what nothing was known of after its beginning is missing. */
function together(range: TimeRange, pieces: readonly Piece[]): Piece {
  const [only] = pieces;
  if (only !== undefined && pieces.length === 1) return only;
  const told = pieces.flatMap(({ spans }) => spans);
  const firstMs = told[0]?.fromMs ?? range.toMs;
  return {
    range,
    spans: joined(told.length === 0 ? [] : filled({ fromMs: firstMs, toMs: range.toMs }, told)),
    beganAtMs: firstMs > range.fromMs ? firstMs : (only?.beganAtMs ?? null),
    longestMs: Math.max(0, ...pieces.map(({ longestMs }) => longestMs)),
    objects: {
      segments: pieces.reduce((sum, { objects }) => sum + objects.segments, 0),
      gaps: pieces.reduce((sum, { objects }) => sum + objects.gaps, 0),
    },
    recordedDays: pieces.reduce((sum, { recordedDays }) => sum + recordedDays, 0),
    unreadable: [...new Set(pieces.flatMap(({ unreadable }) => unreadable))],
  };
}

function filled({ fromMs, toMs }: TimeRange, spans: readonly CoverageSpan[]): readonly CoverageSpan[] {
  const all: CoverageSpan[] = [];
  let doneMs = fromMs;
  for (const span of spans) {
    if (span.fromMs > doneMs) all.push({ fromMs: doneMs, toMs: span.fromMs, kind: 'unexplained' });
    all.push(span);
    doneMs = span.toMs;
  }
  if (toMs > doneMs) all.push({ fromMs: doneMs, toMs, kind: 'unexplained' });
  return all;
}

function isKnownEarlier({ spool }: TimelineOptions, fromMs: number): boolean {
  return spool?.footage.some((footage) => footage.fromMs < fromMs) ?? false;
}

function lengthOf(read: ReadObject): number {
  if (read.kind === 'segment') return read.footage.toMs - read.footage.fromMs;
  return read.kind === 'gap' ? read.slot.toMs - read.slot.fromMs : 0;
}

function countOf(read: readonly ReadObject[], kind: ReadObject['kind']): number {
  return read.filter((one) => one.kind === kind).length;
}
