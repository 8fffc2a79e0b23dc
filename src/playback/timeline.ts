/**
 * What a camera's objects say of a stretch of time, from the bucket alone; what waits in a spool is added when it is given.
 *
 * 1. One listing a UTC day and one HEAD an object, some at a time.
 * 2. The claims for a gap ride on the footage after it, however much later that is: it is looked for until `now`, a month at most.
 * 3. Time before the first object of a camera is not missing. A camera that was removed is so until it records again.
 */
import { setMaxListeners } from 'node:events';
import { type CoverageSpan, coverageOf, type Footage, type GapClaim } from '../domain/coverage.js';
import type { CameraId, ObjectKey } from '../domain/ids.js';
import { objectNameIn } from '../domain/object-key.js';
import type { TimeRange } from '../domain/time-range.js';
import { inParallel } from './in-parallel.js';
import { type ListedObject, listDay, type ReadableStore, type ReadObject, readObject } from './stored-objects.js';

/** Where to look. Without `spool` a segment that waits on a recorder shows as missing. */
export interface TimelineOptions {
  readonly store: ReadableStore;
  /** Footage on this machine that may not be in the store yet, and claims that no stored object carries yet. */
  readonly spool?: { readonly footage: readonly Footage[]; readonly claims: readonly GapClaim[] };
  readonly nowMs: number;
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
  /** Objects named like ours that say nothing: their time shows as missing. */
  readonly unreadable: readonly ObjectKey[];
}

const DAY_MS = 86_400_000;
/** The longest segment a camera may have, and a keyframe interval nobody has. */
const LONGEST_REACH_MS = 3_600_000 + 60_000;
const FARTHEST_LOOK_DAYS = 31;
const REQUESTS_AT_ONCE = 32;

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
  const look = new Look(camera, options, own);
  const listed = await look.days(range.fromMs - LONGEST_REACH_MS, Math.min(range.toMs, options.nowMs));
  const read = await look.objects(listed.filter((object) => isNear(object, range)));
  const next = await look.following(listed, range.toMs);
  const all = next === undefined ? read : [...read, next];
  const footage = [...all.flatMap(footageIn), ...(options.spool?.footage ?? [])];
  const claims = [...all.flatMap(claimsIn), ...(options.spool?.claims ?? [])];
  const spans = coverageOf(range, footage, claims);
  const before = await look.before(listed, range.fromMs, spans);
  const unreadable = all.flatMap((one) => (one.kind === 'unreadable' ? [one.key] : []));
  const firstMs = Math.min(...[...footage, ...claims].map(({ fromMs }) => fromMs), ...unreadable.map(startIn(camera)));
  return {
    range,
    ...storyOf(range, spans, before, firstMs),
    longestMs: Math.max(0, ...all.map(lengthOf)),
    objects: { segments: countOf(read, 'segment'), gaps: countOf(read, 'gap') },
    unreadable,
  };
}

/** What is known from before the range: only asked for when its beginning is unexplained. */
type Before = 'not-asked' | 'nothing' | 'something' | 'removed';

class Look {
  readonly #camera: CameraId;
  readonly #options: TimelineOptions;
  readonly #signal: AbortSignal;

  constructor(camera: CameraId, options: TimelineOptions, signal: AbortSignal) {
    this.#camera = camera;
    this.#options = options;
    this.#signal = signal;
  }

  async days(fromMs: number, toMs: number): Promise<readonly ListedObject[]> {
    const first = Math.floor(fromMs / DAY_MS);
    const count = Math.max(1, Math.floor(toMs / DAY_MS) - first + 1);
    const days = Array.from({ length: count }, (_, index) => (first + index) * DAY_MS);
    return (await inParallel(days, REQUESTS_AT_ONCE, async (atMs) => await this.#day(atMs))).flat();
  }

  async objects(objects: readonly ListedObject[]): Promise<readonly ReadObject[]> {
    return await inParallel(objects, REQUESTS_AT_ONCE, async (object) => await this.#read(object));
  }

  /** The first segment after the range: it carries the claims for a gap the range ends in. */
  async following(listed: readonly ListedObject[], toMs: number): Promise<ReadObject | undefined> {
    const isFollowing = ({ kind, nominalStartMs }: ListedObject): boolean =>
      kind === 'segment' && nominalStartMs >= toMs;
    const lastMs = Math.min(this.#options.nowMs, toMs + FARTHEST_LOOK_DAYS * DAY_MS);
    let found = listed.find(isFollowing);
    for (let atMs = toMs + DAY_MS; found === undefined && startOfDay(atMs) <= lastMs; atMs += DAY_MS) {
      found = (await this.#day(atMs)).find(isFollowing);
    }
    return found === undefined ? undefined : await this.#read(found);
  }

  async before(listed: readonly ListedObject[], fromMs: number, spans: readonly CoverageSpan[]): Promise<Before> {
    if (spans[0]?.kind !== 'unexplained') return 'not-asked';
    let last = listed.findLast(({ nominalStartMs }) => nominalStartMs < fromMs);
    for (let days = 1; last === undefined && days <= FARTHEST_LOOK_DAYS; days += 1) {
      last = (await this.#day(fromMs - LONGEST_REACH_MS - days * DAY_MS)).at(-1);
    }
    if (last === undefined) return isKnownEarlier(this.#options, fromMs) ? 'something' : 'nothing';
    const read = await this.#read(last);
    return read.kind === 'gap' && read.claims.at(-1)?.cause === 'removed' ? 'removed' : 'something';
  }

  async #day(atMs: number): Promise<readonly ListedObject[]> {
    return await listDay(this.#options.store, this.#camera, atMs, this.#signal);
  }

  async #read(object: ListedObject): Promise<ReadObject> {
    return await readObject(this.#options.store, object, this.#signal);
  }
}

/** Segments that may reach into the range; gap objects also from just after it, whose claims reach back. */
function isNear({ kind, nominalStartMs }: ListedObject, { fromMs, toMs }: TimeRange): boolean {
  const reachMs = kind === 'gap' ? LONGEST_REACH_MS : 0;
  return nominalStartMs > fromMs - LONGEST_REACH_MS && nominalStartMs < toMs + reachMs;
}

function isKnownEarlier({ spool }: TimelineOptions, fromMs: number): boolean {
  return spool?.footage.some((footage) => footage.fromMs < fromMs) ?? false;
}

/** @param firstMs when anything of the camera is first heard of; only right when nothing is known from before */
function storyOf(
  range: TimeRange,
  spans: readonly CoverageSpan[],
  before: Before,
  firstMs: number,
): Pick<Timeline, 'spans' | 'beganAtMs'> {
  if (before !== 'nothing') return { spans: stayRemoved(spans, before === 'removed'), beganAtMs: null };
  const beganAtMs = Math.min(Math.max(firstMs, range.fromMs), range.toMs);
  const since = spans.filter(({ toMs }) => toMs > beganAtMs);
  const cut = since.map((span) => ({ ...span, fromMs: Math.max(span.fromMs, beganAtMs) }));
  return { spans: stayRemoved(cut, false), beganAtMs };
}

function startIn(camera: CameraId): (key: ObjectKey) => number {
  return (key) => objectNameIn(camera, key)?.nominalStartMs ?? Number.POSITIVE_INFINITY;
}

/** Nobody goes on telling about a camera that was removed: what follows is the same gap, until something else is known. */
function stayRemoved(spans: readonly CoverageSpan[], isRemovedBefore: boolean): readonly CoverageSpan[] {
  const told: CoverageSpan[] = [];
  let isRemoved = isRemovedBefore;
  for (const span of spans) {
    const last = told.at(-1);
    isRemoved = span.kind === 'unexplained' ? isRemoved : span.kind === 'gap' && span.cause === 'removed';
    const { fromMs, toMs } = span;
    if (span.kind !== 'unexplained' || !isRemoved) told.push(span);
    else if (last === undefined) told.push({ fromMs, toMs, kind: 'gap', cause: 'removed' });
    else told[told.length - 1] = { ...last, toMs };
  }
  return told;
}

function footageIn(read: ReadObject): readonly Footage[] {
  return read.kind === 'segment' ? [read.footage] : [];
}

function claimsIn(read: ReadObject): readonly GapClaim[] {
  return read.kind === 'segment' || read.kind === 'gap' ? read.claims : [];
}

function lengthOf(read: ReadObject): number {
  if (read.kind === 'segment') return read.footage.toMs - read.footage.fromMs;
  return read.kind === 'gap' ? read.slot.toMs - read.slot.fromMs : 0;
}

function countOf(read: readonly ReadObject[], kind: ReadObject['kind']): number {
  return read.filter((one) => one.kind === kind).length;
}

function startOfDay(atMs: number): number {
  return Math.floor(atMs / DAY_MS) * DAY_MS;
}
