import { ApplicationFailure } from '@temporalio/common';
import type { RecordAttempt } from '../activities/record.js';
import type { CameraId } from '../domain/ids.js';
import { RECORD_ACTIVITY_ID } from '../workflows/contract.js';
import { WORKER_POLICIES } from './policies.js';
import type { TemporalSession } from './temporal/connection.js';

/** Of `PendingActivityState`: an attempt has it, says the server. */
const STARTED = 2;

/**
 * Whether an attempt that Temporal knows no more was reset by an operator: the server then counts from one again, and waits for an attempt
 * that nobody makes until its heartbeat is overdue (measured with version 1.32). That one is ended here, so that the next comes at once.
 * @throws when Temporal does not answer
 */
export async function endIfReset(
  session: TemporalSession,
  camera: CameraId,
  { runId, number }: RecordAttempt,
): Promise<boolean> {
  const { raw } = await session.ask(async ({ workflow }) => await workflow.getHandle(camera, runId).describe());
  const pending = raw.pendingActivities?.find(({ activityId }) => activityId === RECORD_ACTIVITY_ID);
  if (pending?.state !== STARTED || (pending.attempt ?? number) >= number) return false;
  const attempt = { workflowId: camera, runId, activityId: RECORD_ACTIVITY_ID };
  await session.ask(async ({ activity }) => await activity.fail(attempt, wasReset()));
  return true;
}

function wasReset(): ApplicationFailure {
  return ApplicationFailure.create({
    message: 'the activity was reset, and the recording started anew',
    type: 'ActivityReset',
    nextRetryDelay: WORKER_POLICIES.atOnceMs,
  });
}
