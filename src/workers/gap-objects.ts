/**
 * Tells the bucket of clock slots in which nothing was recorded, so that a day's listing alone shows every gap (INV-8).
 *
 * 1. Only cameras with an assignment here; a slot gets its object once, half a slot after it ended.
 * 2. The bucket is the truth: what is to be done is derived anew after a restart, and doing it twice changes nothing (INV-6).
 * 3. A reason is never made up. Footage that arrives later beats what is said here.
 */
import type { Clock } from '../clock.js';
import { type GapClaim, overlap } from '../domain/coverage.js';
import type { CameraId } from '../domain/ids.js';
import { gapObjectKeyOf } from '../domain/object-key.js';
import type { SealedSegment } from '../domain/segment.js';
import type { TimeRange } from '../domain/time-range.js';
import { daysIn } from '../domain/utc-day.js';
import type { Logger } from '../log.js';
import { gapMetadataOf } from '../object-store/coverage-metadata.js';
import type { ObjectStore } from '../object-store/object-store.js';
import { listToldDay } from '../playback/day-records.js';
import type { ListedObject, ReadableStore } from '../playback/stored-objects.js';
import type { Recorder } from '../recorder/recorder.js';
import { listSessions, openFiles } from '../spool/session-files.js';
import type { Assignment, Spool } from '../spool/spool.js';
import { firstSlotMs, gapObjectOf, lastSlotEndMs, slotsBetween } from './gap-object-plan.js';
import { bounded, GapReasons, type GapTask } from './gap-reasons.js';

interface GapObjectsDeps {
  readonly spool: Pick<Spool, 'recorder' | 'layout' | 'assignments' | 'list'>;
  readonly store: ReadableStore & Pick<ObjectStore, 'putSmall'>;
  readonly recorder: Pick<Recorder, 'conditions'>;
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly log: Logger;
}

/** A camera that comes back after a month has thousands of slots to tell of; uploads share the line. */
const MOST_A_PASS = 96;

/** What it remembers only saves requests: a new one finds the same to do. */
export class GapObjects {
  readonly #deps: GapObjectsDeps;
  /** Beginning of the first slot that was not looked at yet. */
  readonly #doneUntilMs = new Map<CameraId, number>();

  constructor(deps: GapObjectsDeps) {
    this.#deps = deps;
  }

  /** A camera that fails does not keep the next one from being told of, but fails the pass. */
  async pass(signal: AbortSignal): Promise<void> {
    const nowMs = this.#deps.clock.wallMs();
    const due = (await this.#deps.spool.assignments.list()).flatMap((assignment) => this.#dueOf(assignment, nowMs));
    if (due.length === 0) return;
    const segments = await this.#spooled();
    const open = await this.#openFiles();
    const failures: unknown[] = [];
    for (const { assignment, slots } of due) {
      signal.throwIfAborted();
      const { camera } = assignment;
      const here = { segments: segments.get(camera) ?? [], open: open.get(camera) ?? [] };
      try {
        await this.#tellOf({ assignment, slots, here, nowMs }, signal);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  #dueOf(assignment: Assignment, nowMs: number): readonly Pick<GapTask, 'assignment' | 'slots'>[] {
    const slotMs = assignment.spec.segmentDurationSec * 1_000;
    const doneMs = this.#doneUntilMs.get(assignment.camera) ?? firstSlotMs(assignment, nowMs);
    // Another segment length has other slots.
    const slots = slotsBetween(Math.ceil(doneMs / slotMs) * slotMs, lastSlotEndMs(assignment, nowMs), slotMs);
    return slots.length === 0 ? [] : [{ assignment, slots }];
  }

  async #tellOf(task: GapTask, signal: AbortSignal): Promise<void> {
    const { assignment, slots, here } = task;
    const { camera } = assignment;
    const empty = slots.filter((slot) => !here.segments.some((segment) => overlap(segment, slot)));
    // A file that is not sealed yet may hold footage of the slot: the next pass looks again.
    const unsure = empty.find((slot) => here.open.some((file) => overlap(file, slot)));
    const sure = unsure === undefined ? empty : empty.filter(({ toMs }) => toMs <= unsure.fromMs);
    const listed = sure.length === 0 ? [] : await this.#listed(task, sure, signal);
    const needed = sure.filter((slot) => !listed.some((object) => isIn(slot, object)));
    const reasons = new GapReasons({ ...this.#deps, ...task, listed });
    let told = 0;
    for (const slot of needed) {
      const isTold = await this.#tell(slot, await reasons.of(slot, signal), camera, signal);
      // The footage after it is not sealed yet, and will tell.
      if (!isTold && reasons.isAwaited(slot)) return;
      if (isTold) {
        reasons.told(slot);
        told += 1;
      }
      this.#doneUntilMs.set(camera, slot.toMs);
      if (told === MOST_A_PASS) return;
    }
    this.#doneUntilMs.set(camera, unsure?.fromMs ?? slots.at(-1)?.toMs ?? 0);
  }

  /** @returns whether there was something to tell */
  async #tell(slot: TimeRange, claims: readonly GapClaim[], camera: CameraId, signal: AbortSignal): Promise<boolean> {
    const { spool, store, log } = this.#deps;
    const gap = gapObjectOf({ camera, recorder: spool.recorder, slot, claims });
    if (gap === undefined) return false;
    const key = gapObjectKeyOf(camera, slot.fromMs);
    await store.putSmall(key, Buffer.from(`${JSON.stringify(gap)}\n`), gapMetadataOf(gap), bounded(signal));
    log.info({ camera, key, causes: [...new Set(gap.claims.map(({ cause }) => cause))] }, 'a slot without footage');
    return true;
  }

  /**
   * From the first empty slot's predecessor to now: the footage after it, which explains it, is there too. What has expired told of its
   * slot, and its day's record still does.
   */
  async #listed(task: GapTask, empty: readonly TimeRange[], signal: AbortSignal): Promise<readonly ListedObject[]> {
    const firstMs = (empty[0]?.fromMs ?? task.nowMs) - task.assignment.spec.segmentDurationSec * 1_000;
    const listed: ListedObject[] = [];
    const { camera } = task.assignment;
    for (const day of daysIn({ fromMs: firstMs, toMs: task.nowMs + 1 })) {
      const of = { camera, day, nowMs: task.nowMs };
      listed.push(...(await listToldDay(this.#deps.store, of, bounded(signal))));
    }
    return listed;
  }

  async #spooled(): Promise<ReadonlyMap<CameraId, readonly SealedSegment[]>> {
    const found = new Map<CameraId, SealedSegment[]>();
    for await (const { segment } of this.#deps.spool.list()) {
      const known = found.get(segment.camera);
      if (known === undefined) found.set(segment.camera, [segment]);
      else known.push(segment);
    }
    return found;
  }

  async #openFiles(): Promise<ReadonlyMap<CameraId, readonly TimeRange[]>> {
    const found = new Map<CameraId, TimeRange[]>();
    for (const { camera, dir } of await listSessions(this.#deps.spool.layout)) {
      const files = (await openFiles(dir)).filter(({ sizeBytes }) => sizeBytes > 0);
      const ranges = files.map(({ birthtimeMs, mtimeMs }) => ({
        // A copied file is born after it was written.
        fromMs: Math.min(birthtimeMs ?? mtimeMs, mtimeMs),
        toMs: mtimeMs + 1,
      }));
      found.set(camera, [...(found.get(camera) ?? []), ...ranges]);
    }
    return found;
  }
}

function isIn(slot: TimeRange, { nominalStartMs }: ListedObject): boolean {
  return slot.fromMs <= nominalStartMs && nominalStartMs < slot.toMs;
}
