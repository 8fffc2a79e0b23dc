import type { Clock } from '../clock.js';
import type { LastingStop } from '../domain/camera.js';
import type { CameraId, RecorderId } from '../domain/ids.js';
import type { Logger } from '../log.js';
import type { Recorder } from '../recorder/recorder.js';
import { readNamespaceId } from '../spool/namespace-id.js';
import type { Spool } from '../spool/spool.js';
import type { Policies } from '../workflows/contract.js';
import { startCamera } from './start-workflows.js';
import type { TemporalSession } from './temporal/connection.js';
import { viewWorkflow, type WorkflowView } from './workflow-view.js';

/** `stop` also writes the cause into the camera's gap; `keep` changes nothing. */
export type OwnershipVerdict =
  | { readonly kind: 'keep' }
  | { readonly kind: 'stop'; readonly cause: LastingStop }
  /** Keep recording, and start the workflow that is missing. */
  | { readonly kind: 'restart'; readonly why: string };

const KEEP: OwnershipVerdict = { kind: 'keep' };

/** What to do with a recording that nothing is attached to. Pure. In doubt it goes on: footage nobody wanted can be deleted, footage missed cannot be had. */
export function decideOwnership(view: WorkflowView, me: RecorderId): OwnershipVerdict {
  switch (view.kind) {
    case 'open':
      if (view.state === 'paused') return { kind: 'stop', cause: 'paused' };
      return view.recorder !== null && view.recorder !== me && view.state === 'recording'
        ? { kind: 'stop', cause: 'moved' }
        : KEEP;
    case 'ended':
      return { kind: 'stop', cause: 'cancelled' };
    case 'broken':
      return { kind: 'restart', why: `its workflow ${view.how === 'failed' ? 'failed' : 'timed out'}` };
    case 'unreachable':
      return KEEP;
    case 'not-found':
      return view.isSameNamespace
        ? { kind: 'stop', cause: 'cancelled' }
        : { kind: 'restart', why: 'temporal was wiped: it knows no workflow of this camera' };
    default: {
      const never: never = view;
      throw new Error(`no verdict for ${JSON.stringify(never)}`);
    }
  }
}

/**
 * What to do without waiting for a re-attach: only what no re-attach would change. A recorder that was away long enough for its camera to
 * move would otherwise record it beside the other one, on a camera that may serve two. Pure.
 */
export function decideAtOnce(view: WorkflowView, me: RecorderId): OwnershipVerdict {
  return view.kind === 'open' || view.kind === 'ended' ? decideOwnership(view, me) : KEEP;
}

/** Whether asking once is enough until a re-attach is overdue: not while another recorder is about to record. */
function isSettled(view: WorkflowView, me: RecorderId): boolean {
  if (view.kind === 'open') return view.recorder === null || view.recorder === me;
  return view.kind !== 'unreachable';
}

interface OwnershipDeps {
  readonly recorder: Pick<Recorder, 'unattached' | 'stopUnattached'>;
  readonly spool: Pick<Spool, 'recorder' | 'layout' | 'assignments'>;
  readonly policies: Policies;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Asks Temporal about every recording that nothing is attached to: once as soon as it is found, and again when a re-attach is overdue. */
export class OwnershipCheck {
  readonly #deps: OwnershipDeps;
  /** Since when (monotonic ms) a recording that was asked about once is unattached: the same is not asked about again before its time. */
  readonly #askedAbout = new Map<CameraId, number>();
  /** Monotonic ms; a workflow that fails at once is not started in a tight loop. */
  readonly #restartedAtMs = new Map<CameraId, number>();

  constructor(deps: OwnershipDeps) {
    this.#deps = deps;
  }

  async check(session: TemporalSession, signal: AbortSignal): Promise<void> {
    const { recorder, spool, policies, clock } = this.#deps;
    const nowMs = clock.monotonicMs();
    const isOverdue = (sinceMs: number): boolean => nowMs - sinceMs >= policies.unattachedGraceMs;
    const due = recorder
      .unattached()
      .filter(({ camera, sinceMonotonicMs: at }) => isOverdue(at) || this.#askedAbout.get(camera) !== at);
    if (due.length === 0) return;
    const isSameNamespace = (await session.namespaceId()) === (await readNamespaceId(spool.layout));
    for (const { camera, sinceMonotonicMs } of due) {
      signal.throwIfAborted();
      const view = await viewWorkflow(session, camera, isSameNamespace);
      const decide = isOverdue(sinceMonotonicMs) ? decideOwnership : decideAtOnce;
      await this.#carryOut(session, camera, decide(view, spool.recorder));
      if (isSettled(view, spool.recorder)) this.#askedAbout.set(camera, sinceMonotonicMs);
    }
  }

  async #carryOut(session: TemporalSession, camera: CameraId, verdict: OwnershipVerdict): Promise<void> {
    const { recorder, log } = this.#deps;
    if (verdict.kind === 'stop') {
      await recorder.stopUnattached(camera, verdict.cause);
      log.info({ camera, cause: verdict.cause }, 'stopped a recording that nobody wants here');
    }
    if (verdict.kind === 'restart') await this.#restart(session, camera, verdict.why);
  }

  async #restart(session: TemporalSession, camera: CameraId, why: string): Promise<void> {
    const { spool, clock, log, policies } = this.#deps;
    const lastMs = this.#restartedAtMs.get(camera);
    if (lastMs !== undefined && clock.monotonicMs() - lastMs < policies.slowRetryMs) return;
    const assignment = await spool.assignments.find(camera);
    if (assignment === undefined) return;
    this.#restartedAtMs.set(camera, clock.monotonicMs());
    log.error({ camera, why }, 'started the workflow of a camera again');
    await startCamera(session, camera, assignment.spec, { reuse: 'again', recorder: spool.recorder, policies });
  }
}
