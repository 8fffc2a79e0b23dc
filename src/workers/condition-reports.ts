import { WorkflowNotFoundError } from '@temporalio/client';
import type { Clock } from '../clock.js';
import type { CameraCondition } from '../domain/camera.js';
import type { CameraId } from '../domain/ids.js';
import type { Recorder } from '../recorder/recorder.js';
import type { Spool } from '../spool/spool.js';
import { CONDITION_CHANGED_SIGNAL, type ConditionChange, type Policies } from '../workflows/contract.js';
import type { TemporalSession } from './temporal/connection.js';

interface ConditionReportsDeps {
  readonly recorder: Pick<Recorder, 'conditions'>;
  readonly spool: Pick<Spool, 'recorder' | 'assignments'>;
  readonly policies: Policies;
  /** Of the recorder's site. */
  readonly timezone: string;
  readonly clock: Clock;
}

interface Seen {
  readonly key: string;
  readonly sinceMs: number;
  readonly reportedKey: string | null;
  readonly reportedAtMs: number;
}

/** Tells each camera's workflow what the camera does, but only what lasts, and seldom: a flapping camera must not fill a history. */
export class ConditionReports {
  readonly #deps: ConditionReportsDeps;
  readonly #seen = new Map<CameraId, Seen>();

  constructor(deps: ConditionReportsDeps) {
    this.#deps = deps;
  }

  /** Call about as often as heartbeats; it signals only when something is due. */
  async report(session: TemporalSession, signal: AbortSignal): Promise<void> {
    for (const [camera, condition] of this.#deps.recorder.conditions()) {
      signal.throwIfAborted();
      const seen = this.#look(camera, condition);
      if (!this.#isDue(seen)) continue;
      // Noted before it is sent: an attempt that attaches meanwhile forgets it again.
      this.#seen.set(camera, { ...seen, reportedKey: seen.key, reportedAtMs: this.#deps.clock.monotonicMs() });
      try {
        await this.#tell(session, camera, condition);
      } catch (error) {
        this.forget(camera);
        throw error;
      }
    }
  }

  /** A new attempt is attached: its workflow may believe something older, so what was told before counts no more. */
  forget(camera: CameraId): void {
    const seen = this.#seen.get(camera);
    if (seen !== undefined) this.#seen.set(camera, { ...seen, reportedKey: null });
  }

  #look(camera: CameraId, condition: CameraCondition): Seen {
    const key = newsIn(condition);
    const before = this.#seen.get(camera);
    if (before?.key === key) return before;
    const sinceMs = this.#deps.clock.monotonicMs();
    const { reportedKey = null, reportedAtMs = Number.NEGATIVE_INFINITY } = before ?? {};
    const seen = { key, sinceMs, reportedKey, reportedAtMs };
    this.#seen.set(camera, seen);
    return seen;
  }

  #isDue({ key, sinceMs, reportedKey, reportedAtMs }: Seen): boolean {
    const { clock, policies } = this.#deps;
    const nowMs = clock.monotonicMs();
    if (key === reportedKey || nowMs - sinceMs < policies.conditionSettledMs) return false;
    return nowMs - reportedAtMs >= policies.conditionReportEveryMs;
  }

  async #tell(session: TemporalSession, camera: CameraId, condition: CameraCondition): Promise<void> {
    const { spool, timezone } = this.#deps;
    const notBeforeMs = (await spool.assignments.find(camera))?.notBeforeMs ?? null;
    const change: ConditionChange = { recorder: spool.recorder, condition, notBeforeMs, timezone };
    try {
      await session.ask(
        async ({ workflow }) => await workflow.getHandle(camera).signal(CONDITION_CHANGED_SIGNAL, change),
      );
    } catch (error) {
      // Nobody listens: the ownership check looks after that.
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  }
}

/** How unstable it is is told anew when that has doubled. */
function newsIn(condition: CameraCondition): string {
  const { unstable } = condition;
  const stability = unstable === undefined ? '' : ` unstable ${Math.floor(Math.log2(unstable.reconnects))}`;
  const doing = condition.kind === 'down' ? `down ${condition.cause} ${condition.refusal ?? ''}` : condition.kind;
  return `${doing}${stability}`;
}
