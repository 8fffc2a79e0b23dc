/**
 * A camera, for as long as it exists. It decides whether and where the camera records, and starts an upload for every
 * segment a recorder announces. Only a cancel ends it.
 *
 * 1. Its state is one plain object, carried through continue-as-new; nothing is pending then.
 * 2. Messages only record what is wanted. One loop acts on it.
 * 3. Every announced segment has an upload workflow before the notice is forgotten (INV-3), also on cancel.
 */
import {
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  log,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { isSameSource, isSameSpec } from '../domain/camera.js';
import { parseCameraInput, parsePauseRequest, parseSpecChange } from './camera-input.js';
import {
  assignmentDeclinedSignal,
  conditionChangedSignal,
  DESCRIPTIONS,
  pauseUpdate,
  reconfigureUpdate,
  resumeUpdate,
  segmentsLostSignal,
  segmentsSealedSignal,
  statusQuery,
} from './camera-messages.js';
import { interruptRecording, keepRecording } from './camera-recording.js';
import { type CameraRun, carriedInput, change, openRun, show, showRemoved, statusOf } from './camera-run.js';
import { parseAssignmentDeclined, parseConditionChange, parseLostSegments, parseNotices } from './camera-signals.js';
import { noteLost, noteSealed, startUploads } from './camera-uploads.js';
import type { CameraInput } from './contract.js';

/** More of them would make the state large, and nobody reads them. */
const REMEMBERED_RECORDERS = 10;

/** Its workflow id is the camera's id. Input that is wrong fails it at once with all mistakes, type `invalid-input`. */
export async function Camera(input: CameraInput): Promise<void> {
  const { workflowId, continuedFromExecutionRunId } = workflowInfo();
  const parsed = parseCameraInput(workflowId, input, continuedFromExecutionRunId !== undefined);
  if (parsed.kind === 'invalid') throw ApplicationFailure.nonRetryable(parsed.message, 'invalid-input');
  const run = openRun(parsed.camera, parsed.spec, input);
  listen(run);
  show(run);
  const recording = keepRecording(run);
  try {
    await Promise.race([recording, actUntilRollOver(run)]);
  } catch (error) {
    if (isCancellation(error)) await CancellationScope.nonCancellable(async () => await finish(run, recording));
    throw error;
  }
  await continueAsNew<typeof Camera>(carriedInput(run));
}

function listen(run: CameraRun): void {
  setHandler(segmentsSealedSignal, (told) => noteNotices(run, told), { description: DESCRIPTIONS.segmentsSealed });
  setHandler(conditionChangedSignal, (told) => noteCondition(run, told), {
    description: DESCRIPTIONS.conditionChanged,
  });
  setHandler(assignmentDeclinedSignal, (told) => noteDeclined(run, told), {
    description: DESCRIPTIONS.assignmentDeclined,
  });
  setHandler(segmentsLostSignal, (told) => noteLost(run, parseLostSegments(told) ?? []), {
    description: DESCRIPTIONS.segmentsLost,
  });
  setHandler(statusQuery, () => statusOf(run), { description: DESCRIPTIONS.status });
  setHandler(pauseUpdate, (request) => pause(run, request), {
    description: DESCRIPTIONS.pause,
    validator: (request) => void reasonIn(request),
  });
  setHandler(resumeUpdate, () => resume(run), { description: DESCRIPTIONS.resume });
  setHandler(reconfigureUpdate, (wanted) => reconfigure(run, wanted), {
    description: DESCRIPTIONS.reconfigure,
    validator: (wanted) => void newSpec(run, wanted),
  });
}

function pause(run: CameraRun, request: unknown) {
  const { pauseReason: _, ...state } = run.state;
  run.state = { ...state, desired: 'pause', ...reasonIn(request) };
  show(run);
  return statusOf(run);
}

function reasonIn(request: unknown) {
  const parsed = parsePauseRequest(request);
  if (parsed.kind === 'invalid') throw ApplicationFailure.nonRetryable(parsed.message, 'invalid-input');
  return parsed.reason === null ? {} : { pauseReason: parsed.reason };
}

function resume(run: CameraRun) {
  const { pauseReason: _, ...state } = run.state;
  run.state = { ...state, desired: 'record' };
  show(run);
  return statusOf(run);
}

/** Equal settings restart nothing: the loop compares by identity. A lock is of the source it was met at. */
function reconfigure(run: CameraRun, wanted: unknown) {
  const spec = newSpec(run, wanted);
  if (!isSameSource(spec, run.spec)) change(run, { notBeforeMs: null });
  if (!isSameSpec(spec, run.spec)) run.spec = spec;
  show(run);
  return statusOf(run);
}

function newSpec(run: CameraRun, wanted: unknown) {
  const parsed = parseSpecChange(run.camera, run.spec, wanted);
  if (parsed.kind === 'invalid') throw ApplicationFailure.nonRetryable(parsed.message, 'invalid-input');
  return parsed.spec;
}

function noteNotices(run: CameraRun, told: unknown): void {
  const notices = parseNotices(told);
  if (notices === undefined) log.warn('a signal that no recorder sends is ignored', { signal: 'segmentsSealed' });
  else noteSealed(run, notices);
}

/** A recorder that no longer has the camera is not believed. */
function noteCondition(run: CameraRun, sent: unknown): void {
  const changed = parseConditionChange(sent);
  if (changed === undefined) {
    log.warn('a signal that no recorder sends is ignored', { signal: 'conditionChanged' });
    return;
  }
  const { recorder, condition: told, notBeforeMs, timezone } = changed;
  if (recorder !== run.state.recorder || run.stopping !== null) return;
  if (run.state.desired === 'pause' && told.kind !== 'paused') return;
  change(run, { condition: told, notBeforeMs, ...(timezone === undefined ? {} : { timezone }) });
}

/** Only while the camera waits for a recorder: a word that comes later is about something that is over. */
function noteDeclined(run: CameraRun, told: unknown): void {
  const declined = parseAssignmentDeclined(told);
  if (declined === undefined) {
    log.warn('a signal that no recorder sends is ignored', { signal: 'assignmentDeclined' });
    return;
  }
  if (run.state.condition.kind !== 'unassigned') return;
  const others = (run.state.declined ?? []).filter(({ recorder }) => recorder !== declined.recorder);
  change(run, { declined: [...others, declined].slice(-REMEMBERED_RECORDERS) });
}

/** Resolves when history is long enough and nothing is pending. */
async function actUntilRollOver(run: CameraRun): Promise<void> {
  for (;;) {
    await condition(() => run.state.pending.length > 0 || interruption(run) !== null || mayRollOver(run));
    const cause = interruption(run);
    if (cause !== null) interruptRecording(run, cause);
    await startUploads(run);
    if (mayRollOver(run)) return;
  }
}

function interruption(run: CameraRun): 'paused' | 'reconfigured' | null {
  if (run.recording === null || run.stopping !== null) return null;
  if (run.state.desired === 'pause') return 'paused';
  return run.recording.spec === run.spec ? null : 'reconfigured';
}

function mayRollOver(run: CameraRun): boolean {
  const isQuiet = run.state.pending.length === 0 && run.stopping === null && interruption(run) === null;
  return workflowInfo().continueAsNewSuggested && isQuiet && allHandlersFinished();
}

/** After a cancel: the recorder stops and announces its last segments, and their uploads are started. */
async function finish(run: CameraRun, recording: Promise<never>): Promise<void> {
  run.stopping = 'cancelled';
  show(run);
  let isStopped = false;
  const stopped = recording
    .catch((error: unknown) => {
      if (!isCancellation(error)) throw error;
    })
    .finally(() => {
      isStopped = true;
    });
  while (!isStopped) {
    await condition(() => isStopped || run.state.pending.length > 0);
    await startUploads(run);
  }
  await stopped;
  await condition(allHandlersFinished);
  await startUploads(run);
  showRemoved(run);
}
