/**
 * What a camera's objects say of a stretch of time.
 *
 * 1. One listing a UTC day and one HEAD an object, some at a time.
 * 2. The claims for a gap ride on the footage after it, however much later that is: it is looked for until `now`, a month at most.
 */
import { setMaxListeners } from 'node:events';
import type { CoverageSpan, Footage, GapClaim } from '../domain/coverage.js';
import { endsRemoved, type KnownBefore } from '../domain/coverage-story.js';
import { storyOfRecord } from '../domain/day-record.js';
import type { CameraId } from '../domain/ids.js';
import { objectNameIn } from '../domain/object-key.js';
import type { TimeRange } from '../domain/time-range.js';
import { DAY_MS } from '../domain/utc-day.js';
import { lastRecordedDay, readDayRecord } from './day-records.js';
import { inParallel } from './in-parallel.js';
import { type ListedObject, listDay, type ReadableStore, type ReadObject, readObject } from './stored-objects.js';

/** Where to look, and until when. */
export interface LookOptions {
  readonly store: ReadableStore;
  readonly nowMs: number;
}

/** What was found. The objects `near` may tell of the range; `all` also has the first segment after it. */
export interface Findings {
  readonly near: readonly ReadObject[];
  readonly all: readonly ReadObject[];
  /** Asked for only when it matters. */
  before(spans: readonly CoverageSpan[]): Promise<KnownBefore>;
}

/** The longest segment a camera may have, and a keyframe interval nobody has. */
export const LONGEST_REACH_MS = 3_600_000 + 60_000;
const FARTHEST_LOOK_DAYS = 31;
/** So many requests of one reader are under way at once. */
export const REQUESTS_AT_ONCE = 32;

/** Throws what the store throws. */
export async function lookAt(
  camera: CameraId,
  range: TimeRange,
  options: LookOptions,
  signal: AbortSignal,
): Promise<Findings> {
  const own = AbortSignal.any([signal]);
  // Every request under way listens to it.
  setMaxListeners(0, own);
  const look = new Look(camera, options, own);
  const listed = await look.days(range.fromMs - LONGEST_REACH_MS, Math.min(range.toMs, options.nowMs));
  const near = await look.objects(listed.filter((object) => isNear(object, range)));
  const next = await look.following(listed, range.toMs);
  return {
    near,
    all: next === undefined ? near : [...near, next],
    before: async (spans) => await look.before(listed, range.fromMs, spans),
  };
}

/** Of the objects that were read. */
export function footageIn(read: ReadObject): readonly Footage[] {
  return read.kind === 'segment' ? [read.footage] : [];
}

/** Those that ride on footage, and those of gap objects. */
export function claimsIn(read: ReadObject): readonly GapClaim[] {
  return read.kind === 'segment' || read.kind === 'gap' ? read.claims : [];
}

/** When anything of the camera is first heard of. */
export function firstOf(camera: CameraId, read: readonly ReadObject[]): number {
  const times = read.flatMap((one) => [...footageIn(one), ...claimsIn(one)].map(({ fromMs }) => fromMs));
  const unreadable = read.filter(({ kind }) => kind === 'unreadable');
  const named = unreadable.map(({ key }) => objectNameIn(camera, key)?.nominalStartMs ?? Number.POSITIVE_INFINITY);
  return Math.min(...times, ...named);
}

class Look {
  readonly #camera: CameraId;
  readonly #options: LookOptions;
  readonly #signal: AbortSignal;

  constructor(camera: CameraId, options: LookOptions, signal: AbortSignal) {
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

  async before(listed: readonly ListedObject[], fromMs: number, spans: readonly CoverageSpan[]): Promise<KnownBefore> {
    if (spans[0]?.kind !== 'unexplained') return 'something';
    let last = listed.findLast(({ nominalStartMs }) => nominalStartMs < fromMs);
    for (let days = 1; last === undefined && days <= FARTHEST_LOOK_DAYS; days += 1) {
      last = (await this.#day(fromMs - LONGEST_REACH_MS - days * DAY_MS)).at(-1);
    }
    if (last === undefined) return await this.#recordedBefore(fromMs);
    const read = await this.#read(last);
    return read.kind === 'gap' && read.claims.at(-1)?.cause === 'removed' ? 'removed' : 'something';
  }

  /** Its objects may all have expired: the day records stay. */
  async #recordedBefore(fromMs: number): Promise<KnownBefore> {
    const last = await lastRecordedDay(this.#options.store, this.#camera, fromMs, this.#signal);
    if (last === undefined) return 'nothing';
    const found = await readDayRecord(this.#options.store, this.#camera, last, this.#signal);
    return found?.kind === 'record' && endsRemoved(storyOfRecord(found.record).spans) ? 'removed' : 'something';
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

function startOfDay(atMs: number): number {
  return Math.floor(atMs / DAY_MS) * DAY_MS;
}
