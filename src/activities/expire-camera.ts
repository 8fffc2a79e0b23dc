/**
 * Deletes what a camera's policy does not keep.
 *
 * 1. A day's record says "expired" before the first of its objects goes, and is read again to be sure.
 * 2. Holds are read at the beginning and once more after that: one that was placed meanwhile wins.
 * 3. Done again after a crash at any step, it ends the same way (INV-6): what is marked and still there is judged anew.
 */
import type { Clock } from '../clock.js';
import { type DayRecord, withExpired, withReachingExpired } from '../domain/day-record.js';
import type { Hold } from '../domain/hold.js';
import type { CameraId, ObjectKey, SegmentId } from '../domain/ids.js';
import { objectNameIn } from '../domain/object-key.js';
import {
  type Candidate,
  type Choice,
  candidatesOf,
  chooseExpired,
  isDeleting,
  isHeld,
  type RetentionPolicy,
} from '../domain/retention.js';
import { DAY_MS, rangeOfDay, type UtcDay, utcDayOf } from '../domain/utc-day.js';
import type { Logger } from '../log.js';
import type { ObjectStore } from '../object-store/object-store.js';
import { readDayRecord } from '../playback/day-records.js';
import { deriveDayRecord } from '../playback/derive-day.js';
import { holdsOf } from '../playback/holds.js';
import type { DatedObject } from '../playback/stored-objects.js';
import type { CameraRetention } from '../workflows/contract.js';
import { changeDayRecord, keepDayRecord, listedOf, type RecordStore } from './day-records.js';
import { ClocksDisagreeError } from './retention-errors.js';

/** What is asked of the store to delete. */
export type RetentionStore = RecordStore & Pick<ObjectStore, 'delete'>;

interface ExpireDeps {
  readonly store: RetentionStore;
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly log: Logger;
  /** Told after each day, for a heartbeat. */
  readonly onDay: (day: UtcDay) => void;
}

/** What is to be done. `report`: everything is looked at, and nothing is changed. */
export interface ExpireTask {
  readonly camera: CameraId;
  readonly policy: RetentionPolicy;
  readonly mode: 'report' | 'delete';
}

/** Two slots of the longest segments, and a minute: no day is open any more then. */
const CLOSED_AFTER_MS = 2 * 3_600_000 + 60_000;
/** More is no skew of clocks any more. */
const MOST_SKEW_MS = 3_600_000;
/** What is said of problems; the rest is counted. */
const MOST_PROBLEMS = 10;

/** Throws what the store throws, HoldError, RecordContestedError and ClocksDisagreeError; what was done until then stays done. */
export async function expireCamera(deps: ExpireDeps, task: ExpireTask, signal: AbortSignal): Promise<CameraRetention> {
  const nowMs = await agreedTime(deps, signal);
  const days = await storedDays(deps.store, task.camera, signal);
  const run = new CameraRun(deps, task, { nowMs, days, holds: await holdsOf(deps.store, task.camera, signal) });
  if (isDeleting(task.policy)) await run.days(signal);
  return run.report();
}

/** The store's; a clock that is far off, here or there, would make everything look old. */
async function agreedTime({ store, clock }: ExpireDeps, signal: AbortSignal): Promise<number> {
  const storeMs = await store.timeMs(signal);
  const skewMs = Math.abs(storeMs - clock.wallMs());
  if (skewMs > MOST_SKEW_MS) throw new ClocksDisagreeError(skewMs);
  return storeMs;
}

interface StoredDay {
  readonly day: UtcDay;
  readonly objects: number;
  readonly bytes: number;
}

/** Oldest first; objects that are not named like ours are not looked at. */
async function storedDays(store: RetentionStore, camera: CameraId, signal: AbortSignal): Promise<readonly StoredDay[]> {
  const days = new Map<UtcDay, StoredDay>();
  for await (const { key, sizeBytes } of store.list(`${camera}/`, signal)) {
    const name = objectNameIn(camera, key);
    if (name === undefined) continue;
    const day = utcDayOf(name.nominalStartMs);
    const { objects, bytes } = days.get(day) ?? { objects: 0, bytes: 0 };
    days.set(day, { day, objects: objects + 1, bytes: bytes + sizeBytes });
  }
  return [...days.values()].sort((one, other) => (one.day < other.day ? -1 : 1));
}

interface Found {
  readonly nowMs: number;
  readonly days: readonly StoredDay[];
  readonly holds: readonly Hold[];
}

class CameraRun {
  readonly #deps: ExpireDeps;
  readonly #task: ExpireTask;
  readonly #found: Found;
  readonly #problems: string[] = [];
  #storedBytes: number;
  #storedObjects: number;
  #expiredObjects = 0;
  #expiredBytes = 0;
  #heldObjects = 0;
  #youngObjects = 0;

  constructor(deps: ExpireDeps, task: ExpireTask, found: Found) {
    this.#deps = deps;
    this.#task = task;
    this.#found = found;
    this.#storedBytes = found.days.reduce((sum, { bytes }) => sum + bytes, 0);
    this.#storedObjects = found.days.reduce((sum, { objects }) => sum + objects, 0);
  }

  report(): CameraRetention {
    const { camera, policy } = this.#task;
    return {
      camera,
      policy,
      storedObjects: this.#storedObjects,
      storedBytes: this.#storedBytes,
      expiredObjects: this.#expiredObjects,
      expiredBytes: this.#expiredBytes,
      heldObjects: this.#heldObjects,
      youngObjects: this.#youngObjects,
      problems: this.#problems.slice(0, MOST_PROBLEMS),
    };
  }

  async days(signal: AbortSignal): Promise<void> {
    for (const { day } of this.#found.days) {
      if (!this.#isDue(day)) return;
      signal.throwIfAborted();
      await this.#day(day, signal);
      this.#deps.onDay(day);
    }
  }

  /** Days are in order: nothing of a later one is due either. */
  #isDue(day: UtcDay): boolean {
    const { maxAgeMs, maxBytes } = this.#task.policy;
    const { fromMs, toMs } = rangeOfDay(day);
    if (this.#found.nowMs - toMs < CLOSED_AFTER_MS) return false;
    const isOld = maxAgeMs !== null && fromMs + maxAgeMs <= this.#found.nowMs;
    return isOld || (maxBytes !== null && this.#storedBytes > maxBytes);
  }

  async #day(day: UtcDay, signal: AbortSignal): Promise<void> {
    const known = this.#task.mode === 'delete' ? await this.#kept(day, signal) : await this.#looked(day, signal);
    if (known === undefined) return;
    const candidates = candidatesOf(known.record, known.listed).filter((one) => this.#isTold(day, one));
    const choice = chooseExpired(candidates, {
      policy: this.#task.policy,
      holds: this.#found.holds,
      nowMs: this.#found.nowMs,
      storedBytes: this.#storedBytes,
    });
    this.#heldObjects += choice.held.length;
    this.#youngObjects += choice.young.length;
    if (this.#task.mode === 'report') this.#count(choice.chosen);
    else await this.#delete(day, { record: known.record, candidates, choice }, signal);
  }

  /** Footage that reaches into the next day is told there as well, once that has closed. */
  #isTold(day: UtcDay, { segment, toMs }: Candidate): boolean {
    const next = rangeOfDay(day).toMs;
    return segment === null || toMs <= next || this.#found.nowMs - (next + DAY_MS) >= CLOSED_AFTER_MS;
  }

  async #kept(day: UtcDay, signal: AbortSignal): Promise<Known | undefined> {
    const kept = await keepDayRecord(this.#deps.store, { ...this.#task, day, nowMs: this.#found.nowMs }, signal);
    if (kept.kind === 'bad') this.#problem(`${kept.why}.`);
    if (kept.kind === 'bad' || kept.kind === 'nothing') return undefined;
    if (kept.wrong.length > 0) {
      const objects = kept.wrong.length === 1 ? '1 object' : `${kept.wrong.length} objects`;
      this.#problem(`The record of ${day} and the bucket disagree about ${objects}.`);
    }
    return kept;
  }

  /** Writes nothing. */
  async #looked(day: UtcDay, signal: AbortSignal): Promise<Known | undefined> {
    const { store } = this.#deps;
    const { camera } = this.#task;
    const found = await readDayRecord(store, camera, day, signal);
    if (found !== undefined && found.kind !== 'record') this.#problem(`${found.why}.`);
    if (found !== undefined && found.kind !== 'record') return undefined;
    const record = found?.record ?? (await deriveDayRecord(store, { camera, day, nowMs: this.#found.nowMs }, signal));
    return record === undefined ? undefined : { record, listed: await listedOf(store, { camera, day }, signal) };
  }

  async #delete(day: UtcDay, { record, candidates, choice }: Judged, signal: AbortSignal): Promise<void> {
    const { store, log } = this.#deps;
    const { camera } = this.#task;
    const chosen = new Set(choice.chosen.map(({ key }) => key));
    // Marked before, and still there: a run before this one was stopped, or a hold was placed since.
    const marked = new Set(record.objects.flatMap(({ key, expiredAtMs }) => (expiredAtMs === null ? [] : [key])));
    await this.#mark(
      day,
      candidates.filter(({ key }) => marked.has(key) && !chosen.has(key)),
      null,
      signal,
    );
    if (chosen.size === 0) return;
    const { toMs } = rangeOfDay(day);
    // Its record is made of what is there now: later it could not tell.
    if (choice.chosen.some((one) => one.segment !== null && one.toMs > toMs)) await this.#kept(utcDayOf(toMs), signal);
    await this.#mark(day, choice.chosen, this.#found.nowMs, signal);
    const sure = await this.#stillWanted(day, choice.chosen, signal);
    const refused = new Map(
      sure.length === 0
        ? []
        : (
            await store.delete(
              sure.map(({ key }) => key),
              signal,
            )
          ).map(({ key, error }) => [key, error] as const),
    );
    for (const [key, error] of refused) this.#problem(`The store does not delete ${key} (${error}).`);
    const gone = sure.filter(({ key }) => !refused.has(key));
    await this.#mark(
      day,
      choice.chosen.filter((one) => !gone.includes(one)),
      null,
      signal,
    );
    this.#count(gone);
    if (gone.length > 0) log.info({ camera, day, objects: gone.length, bytes: bytesOf(gone) }, 'expired');
  }

  /** What the record says, after all, and no hold has been placed on since. */
  async #stillWanted(day: UtcDay, chosen: readonly Candidate[], signal: AbortSignal): Promise<readonly Candidate[]> {
    const { store } = this.#deps;
    const { camera } = this.#task;
    const holds = await holdsOf(store, camera, signal);
    const found = await readDayRecord(store, camera, day, signal);
    const marked = new Set<ObjectKey>(
      found?.kind === 'record'
        ? found.record.objects.flatMap(({ key, expiredAtMs }) => (expiredAtMs === null ? [] : [key]))
        : [],
    );
    return chosen.filter((one) => marked.has(one.key) && !isHeld(one, holds));
  }

  /** In the day's record, and in the next one's where footage reaches into it. */
  async #mark(day: UtcDay, objects: readonly Candidate[], atMs: number | null, signal: AbortSignal): Promise<void> {
    if (objects.length === 0) return;
    const { camera } = this.#task;
    const { toMs } = rangeOfDay(day);
    const keys = new Set(objects.map(({ key }) => key));
    const reaching = new Set<SegmentId>(
      objects.flatMap((one) => (one.segment !== null && one.toMs > toMs ? [one.segment] : [])),
    );
    const change = async (of: UtcDay, how: (record: DayRecord) => DayRecord): Promise<unknown> =>
      await changeDayRecord(this.#deps.store, { camera, day: of }, how, signal);
    if (reaching.size > 0) await change(utcDayOf(toMs), (record) => withReachingExpired(record, reaching, atMs));
    await change(day, (record) => withExpired(record, keys, atMs));
  }

  #count(gone: readonly Candidate[]): void {
    this.#expiredObjects += gone.length;
    this.#expiredBytes += bytesOf(gone);
    this.#storedObjects -= gone.length;
    this.#storedBytes -= bytesOf(gone);
  }

  #problem(why: string): void {
    this.#problems.push(why);
  }
}

interface Known {
  readonly record: DayRecord;
  readonly listed: readonly DatedObject[];
}

interface Judged {
  readonly record: DayRecord;
  readonly candidates: readonly Candidate[];
  readonly choice: Choice;
}

function bytesOf(objects: readonly Candidate[]): number {
  return objects.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
