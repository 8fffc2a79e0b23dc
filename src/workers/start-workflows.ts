import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { CameraSpec } from '../domain/camera.js';
import type { CameraId, RecorderId } from '../domain/ids.js';
import type { SealedSegment } from '../domain/segment.js';
import {
  type CameraInput,
  type Policies,
  type UploadMemo,
  type UploadSegmentInput,
  uploadWorkflowIdOf,
  WORKFLOW_QUEUE,
} from '../workflows/contract.js';
import { cameraIdKey, recorderKey, segmentStartKey } from '../workflows/search-attribute-keys.js';
import type { TemporalSession } from './temporal/connection.js';

/**
 * Idempotent: one that runs already is left alone. `first` repeats none that completed, and resolves to `false` then;
 * `again` repeats it.
 */
export async function startUpload(
  session: TemporalSession,
  segment: SealedSegment,
  options: { readonly reuse: 'first' | 'again'; readonly policies: Policies; readonly timezone: string },
): Promise<boolean> {
  const { id, recorder, camera, sizeBytes, fromMs, toMs } = segment;
  const { policies, timezone } = options;
  const input: UploadSegmentInput = { segment: id, recorder, sizeBytes, fromMs, timezone, ...scaleOf(policies) };
  const start = session.ask(
    async ({ workflow }) =>
      await workflow.start('UploadSegment', {
        taskQueue: WORKFLOW_QUEUE,
        workflowId: uploadWorkflowIdOf(id),
        args: [input],
        workflowIdReusePolicy: options.reuse === 'first' ? 'ALLOW_DUPLICATE_FAILED_ONLY' : 'ALLOW_DUPLICATE',
        workflowIdConflictPolicy: 'USE_EXISTING',
        memo: { toMs } satisfies UploadMemo,
        staticSummary: `started directly by recorder ${recorder}`,
        typedSearchAttributes: [
          { key: cameraIdKey, value: camera },
          { key: recorderKey, value: recorder },
          { key: segmentStartKey, value: new Date(fromMs) },
        ],
      }),
  );
  return await untilStarted(start);
}

/**
 * `first`: only when there never was one. `again`: also after one that ended. `recorder`: who records the camera already, and is asked first.
 * `false` when somebody was quicker.
 */
export async function startCamera(
  session: TemporalSession,
  camera: CameraId,
  spec: CameraSpec,
  options: {
    readonly reuse: 'first' | 'again';
    readonly recorder: RecorderId | null;
    readonly policies: Policies;
  },
): Promise<boolean> {
  const { recorder, policies } = options;
  const input: CameraInput = { spec, ...(recorder !== null && { recorder }), ...scaleOf(policies) };
  const start = session.ask(
    async ({ workflow }) =>
      await workflow.start('Camera', {
        taskQueue: WORKFLOW_QUEUE,
        workflowId: camera,
        args: [input],
        workflowIdReusePolicy: options.reuse === 'first' ? 'REJECT_DUPLICATE' : 'ALLOW_DUPLICATE_FAILED_ONLY',
        staticSummary: `records ${camera}`,
        typedSearchAttributes: [{ key: cameraIdKey, value: camera }],
      }),
  );
  return await untilStarted(start);
}

/** `false` when there is or was one that must not be repeated. */
async function untilStarted(start: Promise<unknown>): Promise<boolean> {
  try {
    await start;
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw error;
  }
}

function scaleOf({ timeScale }: Policies): { readonly timeScale?: number } {
  return timeScale === 1 ? {} : { timeScale };
}
