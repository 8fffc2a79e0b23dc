import { WorkflowNotFoundError } from '@temporalio/client';
import type { AssignObserver } from '../activities/assign.js';
import type { Clock } from '../clock.js';
import type { Declined } from '../domain/declines.js';
import type { CameraId, RecorderId } from '../domain/ids.js';
import { ASSIGNMENT_DECLINED_SIGNAL, type AssignmentDeclined, type Policies } from '../workflows/contract.js';
import type { TemporalSession } from './temporal/connection.js';

/** The first time says little: another recorder may take it at once. */
const DECLINED_OFTEN = 2;

interface Entry {
  readonly declined: Declined;
  readonly times: number;
  /** Monotonic ms of the last time. */
  readonly atMs: number;
  readonly isTold: boolean;
}

interface DeclinedCamerasDeps {
  readonly recorderId: RecorderId;
  readonly policies: Pick<Policies, 'declinedForgottenMs'>;
  readonly clock: Clock;
}

/**
 * Cameras that this recorder is asked for again and again and does not take. Their workflows are told, once for each reason: the failure of
 * an activity that is tried again is nothing they see.
 */
export class DeclinedCameras implements AssignObserver {
  readonly #deps: DeclinedCamerasDeps;
  readonly #entries = new Map<CameraId, Entry>();

  constructor(deps: DeclinedCamerasDeps) {
    this.#deps = deps;
  }

  declined(camera: CameraId, why: Pick<Declined, 'decline' | 'detail'>): void {
    this.#forgetOld();
    const { clock } = this.#deps;
    const before = this.#entries.get(camera);
    this.#entries.set(camera, {
      declined: { ...why, sinceMs: before?.declined.sinceMs ?? clock.wallMs() },
      times: (before?.times ?? 0) + 1,
      atMs: clock.monotonicMs(),
      isTold: before?.isTold === true && before.declined.decline === why.decline,
    });
  }

  accepted(camera: CameraId): void {
    this.#entries.delete(camera);
  }

  /** Nobody asks any more for what is missing here: it was taken elsewhere, or its workflow is gone. */
  get current(): ReadonlyMap<CameraId, Declined> {
    this.#forgetOld();
    return new Map(this.#lasting().map(([camera, { declined }]) => [camera, declined]));
  }

  /** Call it every second or so. @throws what Temporal throws; the next call tells what is left */
  async tell(session: TemporalSession, signal: AbortSignal): Promise<void> {
    this.#forgetOld();
    for (const [camera, entry] of this.#lasting()) {
      signal.throwIfAborted();
      if (entry.isTold) continue;
      await this.#tellOne(session, camera, { ...entry.declined, recorder: this.#deps.recorderId });
      const now = this.#entries.get(camera);
      if (now?.declined.decline === entry.declined.decline) this.#entries.set(camera, { ...now, isTold: true });
    }
  }

  async #tellOne(session: TemporalSession, camera: CameraId, told: AssignmentDeclined): Promise<void> {
    try {
      await session.ask(
        async ({ workflow }) => await workflow.getHandle(camera).signal(ASSIGNMENT_DECLINED_SIGNAL, told),
      );
    } catch (error) {
      // Ended meanwhile: nobody asks any more.
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  }

  #lasting(): readonly (readonly [CameraId, Entry])[] {
    return [...this.#entries].filter(([, { times }]) => times >= DECLINED_OFTEN);
  }

  #forgetOld(): void {
    const { clock, policies } = this.#deps;
    const oldMs = clock.monotonicMs() - policies.declinedForgottenMs;
    for (const [camera, { atMs }] of this.#entries) if (atMs <= oldMs) this.#entries.delete(camera);
  }
}
