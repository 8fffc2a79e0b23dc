import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { CancellationScope, startChild } from '@temporalio/workflow';
import type { SegmentId } from '../domain/ids.js';
import { segmentSummaryOf } from './camera-details.js';
import { type CameraRun, change } from './camera-run.js';
import { type RecentSegment, type SegmentNotice, type UploadMemo, uploadWorkflowIdOf } from './contract.js';
import { cameraIdKey, recorderKey, segmentStartKey } from './search-attribute-keys.js';
import { stampIn } from './stamp.js';
import { UploadSegment } from './upload-segment.js';

/** Small enough for one workflow task, large enough for a day's backlog in a few. */
const STARTED_AT_ONCE = 25;
/** Two signals' worth: a repeated notice comes soon or not at all, and the child's id catches what is older. */
const REMEMBERED_SEGMENTS = 100;

/** Keeps what is new of a batch of notices; an upload is started for each by `startUploads`. */
export function noteSealed(run: CameraRun, notices: readonly SegmentNotice[]): void {
  const known = new Set([...run.state.pending, ...(run.state.recent ?? [])].map(({ segment }) => segment));
  const fresh = notices.filter(({ segment }) => !known.has(segment) && known.add(segment));
  if (fresh.length === 0) return;
  const ends = fresh.map(({ toMs }) => toMs);
  change(run, {
    pending: [...run.state.pending, ...fresh],
    lastEndedAtMs: Math.max(run.state.lastEndedAtMs ?? 0, ...ends),
  });
}

/** Forgets segments whose uploads have ended as lost: should their recorder come back with them, each gets an upload again. */
export function noteLost(run: CameraRun, segments: readonly SegmentId[]): void {
  const recent = run.state.recent?.filter(({ segment }) => !segments.includes(segment));
  if (recent !== undefined && recent.length !== run.state.recent?.length) change(run, { recent });
}

/** Starts an upload for everything that is pending. A cancel of the camera does not reach it. */
export async function startUploads(run: CameraRun): Promise<void> {
  await CancellationScope.nonCancellable(async () => {
    while (run.state.pending.length > 0) {
      const batch = run.state.pending.slice(0, STARTED_AT_ONCE);
      await Promise.all(batch.map(async (notice) => await startUpload(run, notice)));
      const started = new Set(batch.map(({ segment }) => segment));
      change(run, {
        pending: run.state.pending.filter(({ segment }) => !started.has(segment)),
        recent: [...(run.state.recent ?? []), ...batch.map(remembered)].slice(-REMEMBERED_SEGMENTS),
      });
    }
  });
}

async function startUpload(run: CameraRun, notice: SegmentNotice): Promise<void> {
  const { segment, recorder, sizeBytes, fromMs, toMs } = notice;
  const { timezone } = run.state;
  const zone = timezone === undefined ? {} : { timezone };
  const scale = run.timeScale === undefined ? {} : { timeScale: run.timeScale };
  try {
    await startChild(UploadSegment, {
      args: [{ segment, recorder, sizeBytes, fromMs, ...zone, ...scale }],
      workflowId: uploadWorkflowIdOf(segment),
      // Continue-as-new closes this run, and uploads must go on then.
      parentClosePolicy: 'ABANDON',
      cancellationType: 'ABANDON',
      // An upload that somebody ended by force may be started again; a completed one is not repeated.
      workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
      staticSummary: segmentSummaryOf(notice, stampIn(timezone ?? null)),
      memo: { toMs } satisfies UploadMemo,
      typedSearchAttributes: [
        { key: cameraIdKey, value: run.camera },
        { key: recorderKey, value: recorder },
        { key: segmentStartKey, value: new Date(fromMs) },
      ],
    });
  } catch (error) {
    // Somebody was quicker: exactly what was wanted (INV-3).
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

function remembered({ segment, fromMs, toMs, sizeBytes }: SegmentNotice): RecentSegment {
  return { segment, fromMs, toMs, sizeBytes };
}
