import type { Clock } from '../clock.js';
import type { CameraId } from '../domain/ids.js';
import type { Logger } from '../log.js';
import type { Spool } from '../spool/spool.js';
import type { CameraGaps } from './camera-gaps.js';
import type { CameraStability } from './camera-stability.js';
import type { CameraWish } from './camera-wish.js';

interface JournalDeps {
  readonly spool: Pick<Spool, 'assignments'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly wish: CameraWish;
  readonly gaps: CameraGaps;
  readonly stability: CameraStability;
}

/** Writes what is wanted and known of one camera into its assignment, from which the next worker goes on. */
export class CameraJournal {
  readonly #camera: CameraId;
  readonly #deps: JournalDeps;
  #noted: Promise<void> = Promise.resolve();

  constructor(camera: CameraId, deps: JournalDeps) {
    this.#camera = camera;
    this.#deps = deps;
  }

  /** Resolves when the newest cause, or footage, is in the assignment. Never rejects. */
  get noted(): Promise<void> {
    return this.#noted;
  }

  /** Writes all of it anew. No-op as long as nobody said what is wanted. Never rejects. */
  note(): Promise<void> {
    this.#noted = this.#save();
    return this.#noted;
  }

  async #save(): Promise<void> {
    const { spool, clock, log, wish, gaps, stability } = this.#deps;
    if (wish.current === null) return;
    const nowMs = clock.wallMs();
    try {
      await spool.assignments.save({
        schema: 1,
        camera: this.#camera,
        ...wish.current,
        lastEndedAtMs: gaps.lastEndedAtMs,
        openClaims: gaps.openClaims(nowMs),
        stability: stability.note(),
        updatedAtMs: nowMs,
      });
    } catch (error) {
      // Recording is worth more than the note about it, which is made anew with the next change (INV-4).
      log.error({ err: error }, 'assignment not journaled');
    }
  }
}
