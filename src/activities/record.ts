/**
 * `recordCamera` attaches to a recording; it does not own it (INV-4).
 *
 * 1. Cancelled or paused for good: FFmpeg is stopped, then the activity ends. Reset: the recorder starts FFmpeg anew by itself. Temporal
 *    says `reset` only to a first attempt; a later one hears that nobody knows it, and has to ask.
 * 2. Any other end (new settings, not found, timed out, worker shutdown, superseded): it lets go, and recording goes on; new settings come
 *    with the next attempt. Temporal may be gone right after it told of the end, so nothing that is to record waits for it.
 * 3. Two attempts may overlap: the newer one supersedes, and the end of the older one stops nothing (INV-5, INV-6).
 */
import { CancelledFailure, Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { LastingStop, StopCause } from '../domain/camera.js';
import type { CameraId } from '../domain/ids.js';
import type { Attachment, Recorder } from '../recorder/recorder.js';
import type { Activities } from '../workflows/contract.js';

interface RecordDeps {
  readonly recorder: Pick<Recorder, 'attach'>;
  readonly heartbeatEveryMs: number;
  readonly onAttached: (camera: CameraId) => void;
  /** Nothing is attached to the recording any more, or a newer attempt is. */
  readonly onDetached: () => void;
  /** Why the workflow cancelled: Temporal's own message does not tell a pause from the end. Null when it does not say. Never rejects. */
  readonly askStopCause: (camera: CameraId) => Promise<StopCause | null>;
  /** Whether an attempt that Temporal knows no more was reset; the next one begins at once then. Never rejects. */
  readonly askReset: (camera: CameraId, attempt: RecordAttempt) => Promise<boolean>;
  /** After the last seal of a stopped recording: tell the workflow before it closes. Never rejects. */
  readonly announce: (camera: CameraId) => Promise<void>;
}

/** Which one of a workflow's attempts to record. */
export interface RecordAttempt {
  readonly runId: string;
  /** From 1. */
  readonly number: number;
}

/** One call is one attachment, until it is cancelled or superseded. Heartbeats the condition of the camera. */
export function createRecordActivities(deps: RecordDeps): Pick<Activities, 'recordCamera'> {
  return {
    async recordCamera({ camera, spec, lastEndedAtMs, notBeforeMs }) {
      const context = Context.current();
      const taskToken = context.info.base64TaskToken;
      const attachment = await deps.recorder.attach(camera, spec, { lastEndedAtMs, notBeforeMs, taskToken });
      deps.onAttached(camera);
      const beat = (): void => context.heartbeat(attachment.condition());
      beat();
      const beating = setInterval(beat, deps.heartbeatEveryMs);
      try {
        await untilEnd(context.cancellationSignal, attachment.superseded);
        return await leave(deps, camera, attachment, context);
      } finally {
        clearInterval(beating);
        attachment.detach();
        deps.onDetached();
      }
    },
  };
}

async function untilEnd(...signals: readonly AbortSignal[]): Promise<void> {
  const first = AbortSignal.any([...signals]);
  if (first.aborted) return;
  await new Promise<void>((resolve) => first.addEventListener('abort', () => resolve(), { once: true }));
}

/** Never returns: the way it throws tells Temporal what happened. */
async function leave(deps: RecordDeps, camera: CameraId, attachment: Attachment, context: Context): Promise<never> {
  if (!attachment.superseded.aborted && (await wasReset(deps, camera, context))) attachment.restart();
  const cause = await lastingStopOf(deps, camera, context);
  if (attachment.superseded.aborted) {
    throw ApplicationFailure.retryable('a newer attempt has taken the camera over', 'superseded');
  }
  if (cause === null) throw context.cancellationSignal.reason;
  const ended = await attachment.stop(cause);
  await deps.announce(camera);
  throw new CancelledFailure(`stopped: ${cause}`, [ended]);
}

async function wasReset(deps: RecordDeps, camera: CameraId, context: Context): Promise<boolean> {
  const { cancellationDetails: details, info } = context;
  if (details?.reset === true) return true;
  // One that timed out is known no more for that reason, and Temporal may not answer.
  if (details?.notFound !== true || details.timedOut) return false;
  return await deps.askReset(camera, { runId: info.workflowExecution?.runId ?? '', number: info.attempt });
}

/** In doubt the recording goes on: once Temporal answers, one that nobody wants is found and stopped. */
async function lastingStopOf(deps: RecordDeps, camera: CameraId, context: Context): Promise<LastingStop | null> {
  const details = context.cancellationDetails;
  if (details?.cancelRequested === true) {
    const cause = await deps.askStopCause(camera);
    return cause === 'cancelled' || cause === 'paused' || cause === 'moved' ? cause : null;
  }
  return details?.paused === true && details.reset !== true ? 'paused' : null;
}
