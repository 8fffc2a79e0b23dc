import type { Client } from '@temporalio/client';
import type { CameraId } from '../../src/domain/ids.js';
import { RECORD_ACTIVITY_ID } from '../../src/workflows/contract.js';
import { waitFor } from './wait-for.js';

/** Of `PendingActivityState`: a worker has it, says the server. */
const STARTED = 2;

/**
 * Resolves when Temporal has heard of each recording after this time. That need not be a new attempt: after an outage the old one goes on
 * when its heartbeat comes before the server finds that it is overdue.
 */
export async function attachedAfter(
  temporal: Client,
  cameras: readonly CameraId[],
  afterMs: number,
  deadlineMs: number,
): Promise<void> {
  await Promise.all(
    cameras.map(async (camera) => {
      const isAttached = async (): Promise<boolean> => ((await lastHeartbeatOf(temporal, camera)) ?? 0) > afterMs;
      await waitFor(isAttached, { what: `${camera} to be attached`, deadlineMs, pollMs: 200 });
    }),
  );
}

/** UTC milliseconds, by the server's clock; null when nothing is attached. */
async function lastHeartbeatOf(temporal: Client, camera: CameraId): Promise<number | null> {
  const { raw } = await temporal.workflow.getHandle(camera).describe();
  const { state, lastHeartbeatTime } =
    raw.pendingActivities?.find(({ activityId }) => activityId === RECORD_ACTIVITY_ID) ?? {};
  if (state !== STARTED || !lastHeartbeatTime) return null;
  return Number(lastHeartbeatTime.seconds) * 1_000 + (lastHeartbeatTime.nanos ?? 0) / 1e6;
}
