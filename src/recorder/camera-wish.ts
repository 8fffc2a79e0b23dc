import { type CameraSpec, isSameSource, type LastingStop } from '../domain/camera.js';
import type { GapCause } from '../domain/coverage.js';
import type { Assignment } from '../spool/spool.js';
import { causeOfStop } from './outcome.js';

/** The part of the assignment that is not made of the ledger. */
type Wish = Pick<Assignment, 'spec' | 'desired' | 'stopCause' | 'taskToken' | 'notBeforeMs'>;

/** What is wanted of one camera. Nobody may have said anything yet: then all of it is empty, and only `record` and `assume` change it. */
export class CameraWish {
  #wish: Wish | null;

  constructor(journal: Assignment | undefined) {
    this.#wish = journal ?? null;
  }

  get current(): Wish | null {
    return this.#wish;
  }

  get isToRecord(): boolean {
    return this.#wish?.desired === 'record';
  }

  /** Why it is not to be recorded; null where it is, or where nobody said so. */
  get stopCause(): GapCause | null {
    return this.#wish?.stopCause ?? null;
  }

  /** @returns the time before which the camera's account must not be tried: as said, or as known of the same account */
  record(spec: CameraSpec, said: Pick<Wish, 'taskToken' | 'notBeforeMs'>): number | null {
    const known = this.#wish !== null && isSameSource(this.#wish.spec, spec) ? this.#wish.notBeforeMs : null;
    const notBeforeMs = said.notBeforeMs ?? known;
    this.#wish = { spec, desired: 'record', stopCause: null, taskToken: said.taskToken, notBeforeMs };
    return notBeforeMs;
  }

  /** It is recorded, so it was wanted, where nobody said otherwise. */
  assume(spec: CameraSpec): void {
    this.#wish ??= { spec, desired: 'record', stopCause: null, taskToken: null, notBeforeMs: null };
  }

  stop(cause: LastingStop): void {
    if (this.#wish === null) return;
    this.#wish = { ...this.#wish, desired: 'stop', stopCause: causeOfStop(cause), taskToken: null };
  }

  /** Kept over pause and restart: every try renews the camera's lock. Null unlocks. @returns whether that is new */
  lock(notBeforeMs: number | null): boolean {
    if (this.#wish === null || this.#wish.notBeforeMs === notBeforeMs) return false;
    this.#wish = { ...this.#wish, notBeforeMs };
    return true;
  }
}

/** The word by which it was stopped. */
export function lastingStopOf(stopCause: GapCause | null): LastingStop {
  return stopCause === 'paused' || stopCause === 'moved' ? stopCause : 'cancelled';
}
