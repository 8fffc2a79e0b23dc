import { ActivityFailure, CancelledFailure, TimeoutFailure } from '@temporalio/common';
import {
  CancellationScope,
  condition,
  isCancellation,
  log,
  patched,
  proxyActivities,
  sleep,
} from '@temporalio/workflow';
import type { RecorderId } from '../domain/ids.js';
import { type CameraRun, change, changeCondition, show } from './camera-run.js';
import { type Activities, RECORD_ACTIVITY_ID, RECORDERS_QUEUE, recordQueueOf } from './contract.js';

/**
 * Finds a recorder and keeps the camera recording there, until the workflow is cancelled. An interruption
 * (`interruptRecording`) ends one round of it; the next one waits until recording is wanted.
 */
export async function keepRecording(run: CameraRun): Promise<never> {
  for (;;) {
    notePause(run);
    await condition(() => run.state.desired === 'record');
    await untilInterrupted(run);
  }
}

/** Of a run that was paused before it recorded anything: one that was reset, and was told again. Histories from before say nothing of it. */
function notePause(run: CameraRun): void {
  const isUnsaid = run.state.desired === 'pause' && run.state.condition.kind !== 'paused';
  if (isUnsaid && patched('says-paused-at-first')) changeCondition(run, 'paused');
}

/** Stops what is recording now; recording goes on with the newest settings when it is wanted. */
export function interruptRecording(run: CameraRun, cause: 'paused' | 'reconfigured'): void {
  if (run.recording === null || run.stopping !== null) return;
  run.stopping = cause;
  show(run);
  run.recording.scope.cancel();
}

async function untilInterrupted(run: CameraRun): Promise<void> {
  const scope = new CancellationScope();
  run.recording = { scope, spec: run.spec };
  try {
    await scope.run(async () => {
      for (;;) await recordOnce(run);
    });
  } catch (error) {
    const isInterruption = run.stopping === 'paused' || run.stopping === 'reconfigured';
    if (!isCancellation(error) || !isInterruption) throw error;
  } finally {
    run.recording = null;
    run.stopping = null;
    if (run.state.desired === 'pause') changeCondition(run, 'paused');
    show(run);
  }
}

async function recordOnce(run: CameraRun): Promise<void> {
  const { recorder, timezone } = await assign(run);
  if (timezone !== undefined) change(run, { timezone });
  const { kind } = run.state.condition;
  if (recorder !== run.state.recorder || kind === 'unassigned' || kind === 'paused') {
    change(run, { recorder, condition: { kind: 'connecting', sinceMs: Date.now() }, declined: [] });
  }
  try {
    noteEnd(run, (await recordOn(run, recorder)).lastEndedAtMs);
  } catch (error) {
    if (isCancellation(error)) {
      noteEnd(run, lastEndedIn(error));
      throw error;
    }
    if (isNotStarted(error)) return;
    log.warn('recording ended, asking again', { error });
  }
  await sleep(run.policies.recordAgainMs, { summary: 'before asking for a recorder again' });
}

/** The last recorder first: its footage and its running FFmpeg are there. */
async function assign(run: CameraRun): ReturnType<Activities['assignCamera']> {
  const input = { camera: run.camera, spec: run.spec };
  const last = run.state.recorder;
  if (last !== null) {
    try {
      const options = { ...run.policies.assignToLast, taskQueue: recordQueueOf(last), summary: `ask ${last} again` };
      return await proxyActivities<Activities>(options).assignCamera(input);
    } catch (error) {
      if (isCancellation(error)) throw error;
      log.info('the last recorder does not take the camera', { recorder: last, error });
    }
  }
  changeCondition(run, 'unassigned');
  const options = { ...run.policies.assignToAny, taskQueue: RECORDERS_QUEUE, summary: 'find a recorder' };
  return await proxyActivities<Activities>(options).assignCamera(input);
}

function recordOn(run: CameraRun, recorder: RecorderId): ReturnType<Activities['recordCamera']> {
  const { recordCamera } = proxyActivities<Activities>({
    ...run.policies.record,
    taskQueue: recordQueueOf(recorder),
    activityId: RECORD_ACTIVITY_ID,
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    summary: `record on ${recorder}`,
  });
  const { lastEndedAtMs, notBeforeMs } = run.state;
  return recordCamera({ camera: run.camera, spec: run.spec, lastEndedAtMs, notBeforeMs });
}

/** The attempt was never picked up: everybody's do when Temporal returns, so it says nothing about the recorder. */
function isNotStarted(error: unknown): boolean {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  return cause instanceof TimeoutFailure && cause.timeoutType === 'SCHEDULE_TO_START';
}

/** A recording that was stopped says in its cancellation when its footage ended. */
function lastEndedIn(error: unknown): number | null {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  const said: unknown = cause instanceof CancelledFailure ? cause.details[0] : undefined;
  const endedAtMs = said !== null && typeof said === 'object' && 'lastEndedAtMs' in said ? said.lastEndedAtMs : null;
  return typeof endedAtMs === 'number' ? endedAtMs : null;
}

function noteEnd(run: CameraRun, endedAtMs: number | null): void {
  if (endedAtMs === null) return;
  change(run, { lastEndedAtMs: Math.max(run.state.lastEndedAtMs ?? 0, endedAtMs) });
}
