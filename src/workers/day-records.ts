/**
 * Writes the record of each day of our cameras when it has closed, adds what comes late, and looks again and again whether records and
 * bucket still agree.
 *
 * 1. The bucket is the truth: what is to be done is derived anew after a restart, and doing it twice changes nothing (INV-6).
 * 2. What disagrees is told for as long as it does, and never mended: that is an operator's decision (`coverage --rebuild`).
 */
import { type KeptDay, keepDayRecord, type RecordStore } from '../activities/day-records.js';
import type { Clock } from '../clock.js';
import { dayInRecordKey, dayRecordPrefixOf } from '../domain/day-record.js';
import { type CameraId, InvalidIdError } from '../domain/ids.js';
import { DAY_MS, daysIn, parseUtcDay, rangeOfDay, type UtcDay } from '../domain/utc-day.js';
import type { Logger } from '../log.js';
import { settledBefore } from '../playback/settled.js';
import type { Assignment, Spool } from '../spool/spool.js';

interface DayRecordsDeps {
  readonly spool: { readonly assignments: Pick<Spool['assignments'], 'list'> };
  readonly store: RecordStore;
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly log: Logger;
}

/** A bucket from before there were records has many to be written; uploads share the line. */
const MOST_WRITTEN_A_PASS = 8;
/** A day whose seconds nobody will explain costs a request an object each time. */
const MOST_INCOMPLETE = 7;
const FIRST_CHECKED = 7;
/** A camera that is down for longer is told of again when it records. */
const FARTHEST_BACK_DAYS = 31;

/** What it remembers only saves requests, but for what disagrees, which it finds again. */
export class DayRecords {
  readonly #deps: DayRecordsDeps;
  readonly #wrong = new Map<CameraId, Map<UtcDay, string>>();
  /** Days of which nothing is known. */
  readonly #empty = new Map<CameraId, Set<UtcDay>>();
  /** Days with a second that is unexplained: footage may come late, from a spool that was cut off. */
  readonly #incomplete = new Map<CameraId, Set<UtcDay>>();
  readonly #nextToCheck = new Map<CameraId, number>();

  constructor(deps: DayRecordsDeps) {
    this.#deps = deps;
  }

  /** Days whose record cannot be read, or disagrees with the bucket, and how. */
  get wrong(): ReadonlyMap<CameraId, ReadonlyMap<UtcDay, string>> {
    return this.#wrong;
  }

  /** A camera that fails does not keep the next one from its turn, but fails the pass. */
  async pass(signal: AbortSignal): Promise<void> {
    const failures: unknown[] = [];
    for (const assignment of await this.#deps.spool.assignments.list()) {
      signal.throwIfAborted();
      try {
        await this.#passOf(assignment, signal);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  async #passOf({ camera, spec }: Assignment, signal: AbortSignal): Promise<void> {
    const nowMs = this.#deps.clock.wallMs();
    const closedMs = settledBefore(nowMs, spec.segmentDurationSec, 0);
    const recorded = await this.#recorded(camera, signal);
    const missing = await this.#unrecorded(camera, { closedMs, recorded: new Set(recorded) }, signal);
    for (const day of missing.slice(0, MOST_WRITTEN_A_PASS)) await this.#keep(camera, day, nowMs, signal);
    for (const day of this.#dueForCheck(camera, recorded)) await this.#keep(camera, day, nowMs, signal);
  }

  async #keep(camera: CameraId, day: UtcDay, nowMs: number, signal: AbortSignal): Promise<void> {
    const kept = await keepDayRecord(this.#deps.store, { camera, day, nowMs }, signal);
    if (kept.kind === 'nothing') setIn(this.#empty, camera).add(day);
    if (kept.kind === 'written' || kept.kind === 'amended') {
      this.#deps.log.info({ camera, day, ...kept.record.totals }, `day record ${kept.kind}`);
    }
    if (kept.kind !== 'nothing' && kept.kind !== 'bad') {
      const { unexplainedMs } = kept.record.totals;
      setIn(this.#incomplete, camera)[unexplainedMs > 0 ? 'add' : 'delete'](day);
    }
    this.#note(camera, day, kept);
  }

  /** Said once when it begins, and once when it is over. */
  #note(camera: CameraId, day: UtcDay, kept: KeptDay): void {
    const { log } = this.#deps;
    const ofCamera = this.#wrong.get(camera) ?? new Map<UtcDay, string>();
    const why = whyWrong(kept);
    if (why !== null && !ofCamera.has(day)) log.error({ camera, day, why }, 'record and bucket disagree');
    if (why === null && ofCamera.has(day)) log.info({ camera, day }, 'record and bucket agree again');
    if (why === null) ofCamera.delete(day);
    else ofCamera.set(day, why);
    this.#wrong.set(camera, ofCamera);
  }

  async #recorded(camera: CameraId, signal: AbortSignal): Promise<readonly UtcDay[]> {
    const days: UtcDay[] = [];
    for await (const { key } of this.#deps.store.list(dayRecordPrefixOf(camera), signal)) {
      const day = dayInRecordKey(camera, key);
      if (day !== undefined) days.push(day);
    }
    return days;
  }

  /** Closed days that have objects, and those after them, oldest first. */
  async #unrecorded(
    camera: CameraId,
    { closedMs, recorded }: { readonly closedMs: number; readonly recorded: ReadonlySet<UtcDay> },
    signal: AbortSignal,
  ): Promise<readonly UtcDay[]> {
    const folders = await this.#deps.store.folders(`${camera}/`, signal);
    const own = folders.flatMap((folder) => dayIn(folder.slice(camera.length + 1, -1)));
    const [first] = [...own, ...recorded].sort();
    if (first === undefined) return [];
    const fromMs = Math.max(rangeOfDay(first).fromMs, closedMs - FARTHEST_BACK_DAYS * DAY_MS);
    const wanted = new Set([...own, ...daysIn({ fromMs, toMs: closedMs })]);
    const empty = setIn(this.#empty, camera);
    const isDue = (day: UtcDay): boolean => rangeOfDay(day).toMs <= closedMs && !recorded.has(day) && !empty.has(day);
    return [...wanted].filter(isDue).sort();
  }

  /** The newest, to which things come late, what was wrong or incomplete, and each of the others in turn; at first those of the last week. */
  #dueForCheck(camera: CameraId, recorded: readonly UtcDay[]): readonly UtcDay[] {
    const turn = this.#nextToCheck.get(camera) ?? 0;
    this.#nextToCheck.set(camera, turn + 1);
    const inTurn = recorded[turn % Math.max(1, recorded.length)];
    const wrong = this.#wrong.get(camera)?.keys() ?? [];
    const incomplete = [...setIn(this.#incomplete, camera)].sort().slice(-MOST_INCOMPLETE);
    const newest = recorded.slice(turn === 0 ? -FIRST_CHECKED : -1);
    return [...new Set([...newest, ...wrong, ...incomplete, ...(inTurn === undefined ? [] : [inTurn])])];
  }
}

function whyWrong(kept: KeptDay): string | null {
  if (kept.kind === 'bad') return kept.why;
  if (kept.kind === 'nothing' || kept.wrong.length === 0) return null;
  const counts = new Map<string, number>();
  for (const { kind } of kept.wrong) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, count]) => `${count} ${kind}`).join(', ');
}

/** A folder that is no day's may have any name. */
function dayIn(text: string): readonly UtcDay[] {
  try {
    return [parseUtcDay(text)];
  } catch (error) {
    if (error instanceof InvalidIdError) return [];
    throw error;
  }
}

function setIn(sets: Map<CameraId, Set<UtcDay>>, camera: CameraId): Set<UtcDay> {
  const known = sets.get(camera) ?? new Set<UtcDay>();
  sets.set(camera, known);
  return known;
}
