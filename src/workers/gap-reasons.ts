import { boundedBy } from '../clock.js';
import type { GapClaim } from '../domain/coverage.js';
import type { ObjectKey } from '../domain/ids.js';
import type { SealedSegment } from '../domain/segment.js';
import type { TimeRange } from '../domain/time-range.js';
import { type ListedObject, type ReadableStore, readObject } from '../playback/stored-objects.js';
import type { Recorder } from '../recorder/recorder.js';
import type { Assignment, Spool } from '../spool/spool.js';
import { openClaimsUntil } from './gap-object-plan.js';
import { WORKER_POLICIES } from './policies.js';

/** Slots of one camera that are over. */
export interface GapTask {
  readonly assignment: Assignment;
  readonly slots: readonly TimeRange[];
  /** What this recorder has of the camera, oldest first. */
  readonly here: { readonly segments: readonly SealedSegment[]; readonly open: readonly TimeRange[] };
  readonly nowMs: number;
}

interface GapReasonsInput extends Pick<GapTask, 'assignment' | 'here' | 'nowMs'> {
  readonly spool: Pick<Spool, 'recorder'>;
  readonly store: ReadableStore;
  readonly recorder: Pick<Recorder, 'conditions'>;
  /** The camera's objects, from the slot before the first one to now. */
  readonly listed: readonly ListedObject[];
}

/** Why there is nothing in one slot after another of a camera. */
export class GapReasons {
  readonly #given: GapReasonsInput;
  readonly #claimsOn = new Map<ObjectKey, readonly GapClaim[]>();
  #toldUntilMs = Number.NaN;

  constructor(given: GapReasonsInput) {
    this.#given = given;
  }

  told(slot: TimeRange): void {
    this.#toldUntilMs = slot.toMs;
  }

  /** The claims on the footage after the slot; without any yet, what the recorder knows now. */
  async of(slot: TimeRange, signal: AbortSignal): Promise<readonly GapClaim[]> {
    const { here, listed } = this.#given;
    const sealed = here.segments.find(({ fromMs }) => fromMs >= slot.toMs);
    const stored = listed.find(({ kind, nominalStartMs }) => kind === 'segment' && nominalStartMs >= slot.toMs);
    const isSealedFirst =
      (sealed?.nominalStartMs ?? Number.NaN) <= (stored?.nominalStartMs ?? Number.POSITIVE_INFINITY);
    if (sealed !== undefined && isSealedFirst) return sealed.gapsBefore;
    return stored === undefined ? this.#now(slot) : await this.#storedClaims(stored, signal);
  }

  /** Nothing says why yet, but the camera records again after it. */
  isAwaited(slot: TimeRange): boolean {
    const { assignment, recorder, here, listed } = this.#given;
    const { camera, lastEndedAtMs } = assignment;
    if (lastEndedAtMs === null || slot.fromMs < lastEndedAtMs) return false;
    if (recorder.conditions().get(camera)?.kind !== 'recording') return false;
    const isStored = listed.some(({ kind, nominalStartMs }) => kind === 'segment' && nominalStartMs >= slot.toMs);
    return !isStored && !here.segments.some(({ fromMs }) => fromMs >= slot.toMs);
  }

  #now(slot: TimeRange): readonly GapClaim[] {
    const { spool, recorder, assignment, nowMs } = this.#given;
    const condition = recorder.conditions().get(assignment.camera);
    const sinceMs = condition?.sinceMs ?? nowMs;
    // What was so in the slot before, and is so now, was so in between: a restart forgets since when.
    const heldFromMs = this.#isToldBefore(slot) ? Math.min(sinceMs, slot.fromMs) : sinceMs;
    return openClaimsUntil(assignment, condition, { untilMs: slot.toMs, heldFromMs, by: spool.recorder });
  }

  #isToldBefore(slot: TimeRange): boolean {
    const beforeMs = 2 * slot.fromMs - slot.toMs;
    const isThere = this.#given.listed.some(
      ({ kind, nominalStartMs }) => kind === 'gap' && nominalStartMs === beforeMs,
    );
    return isThere || this.#toldUntilMs === slot.fromMs;
  }

  async #storedClaims(stored: ListedObject, signal: AbortSignal): Promise<readonly GapClaim[]> {
    const known = this.#claimsOn.get(stored.key);
    if (known !== undefined) return known;
    const read = await readObject(this.#given.store, stored, bounded(signal));
    const claims = read.kind === 'segment' ? read.claims : [];
    this.#claimsOn.set(stored.key, claims);
    return claims;
  }
}

/** One request to the store. */
export function bounded(signal: AbortSignal): AbortSignal {
  return boundedBy(signal, WORKER_POLICIES.storeRequestDeadlineMs);
}
