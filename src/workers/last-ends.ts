/**
 * Asks the bucket when a camera without any past here was last told of, so that the gap of a move is claimed even when Temporal and the
 * spool of before are gone.
 *
 * 1. Recording does not wait for it (INV-4): the answer only has to come before the first segment is sealed, and comes to nothing later.
 * 2. A camera is asked for until the bucket has answered once, or footage of it is known here.
 */
import { boundedBy, type Clock } from '../clock.js';
import type { CameraId } from '../domain/ids.js';
import type { Logger } from '../log.js';
import { inParallel } from '../playback/in-parallel.js';
import { readLastEnd } from '../playback/last-end.js';
import type { ReadableStore } from '../playback/stored-objects.js';
import type { Recorder } from '../recorder/recorder.js';
import type { Spool } from '../spool/spool.js';
import { WORKER_POLICIES } from './policies.js';

interface LastEndsDeps {
  readonly spool: Pick<Spool, 'assignments'>;
  readonly store: ReadableStore;
  readonly recorder: Pick<Recorder, 'noteEarlierEnd'>;
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly log: Logger;
}

const CAMERAS_AT_ONCE = 4;

/** What it remembers only saves questions: a new one asks again. */
export class LastEnds {
  readonly #deps: LastEndsDeps;
  readonly #answered = new Set<CameraId>();

  constructor(deps: LastEndsDeps) {
    this.#deps = deps;
  }

  /** Cheap when there is nothing to ask. A camera that fails does not keep the others from being asked for, but fails the pass. */
  async pass(signal: AbortSignal): Promise<void> {
    const assignments = await this.#deps.spool.assignments.list();
    const asked = assignments.filter(
      ({ camera, desired, lastEndedAtMs }) =>
        desired === 'record' && lastEndedAtMs === null && !this.#answered.has(camera),
    );
    const failures: unknown[] = [];
    await inParallel(asked, CAMERAS_AT_ONCE, async ({ camera }) => {
      try {
        await this.#ask(camera, boundedBy(signal, WORKER_POLICIES.lastEndDeadlineMs));
      } catch (error) {
        failures.push(error);
      }
    });
    if (failures.length > 0) throw failures[0];
  }

  async #ask(camera: CameraId, signal: AbortSignal): Promise<void> {
    const { store, recorder, clock, log } = this.#deps;
    const endedAtMs = await readLastEnd(camera, { store, nowMs: clock.wallMs() }, signal);
    this.#answered.add(camera);
    if (endedAtMs === null) return;
    log.info({ camera, endedAt: new Date(endedAtMs).toISOString() }, 'recorded elsewhere before');
    recorder.noteEarlierEnd(camera, endedAtMs);
  }
}
