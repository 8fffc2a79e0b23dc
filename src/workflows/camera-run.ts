import { type SearchAttributeUpdatePair } from '@temporalio/common';
import {
  type CancellationScope,
  patched,
  setCurrentDetails,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { CameraCondition, CameraSpec, StopCause } from '../domain/camera.js';
import type { CameraId, RecorderId } from '../domain/ids.js';
import { detailsOf, stateWordOf } from './camera-details.js';
import type { CameraInput, CameraState, CameraStatus } from './contract.js';
import { type Policies, policiesOf } from './policies.js';
import { cameraIdKey, cameraStateKey, recorderKey } from './search-attribute-keys.js';

/** One run of a camera's workflow. Only `state` and `spec` are carried on; the rest belongs to what runs right now. */
export interface CameraRun {
  readonly camera: CameraId;
  readonly timeScale: number | undefined;
  readonly policies: Policies;
  spec: CameraSpec;
  state: CameraState;
  /** Why the recording is being stopped; set before its scope is cancelled, null again when it has ended. */
  stopping: StopCause | null;
  /** Of the recording (or the search for a recorder) under way, with the settings it was started with. */
  recording: { readonly scope: CancellationScope; readonly spec: CameraSpec } | null;
  /** When a cancel was done: the recorder stopped, and every upload was started. */
  removedAtMs: number | null;
}

/** First or continued: `input.carried` is the state of the run before. Touches neither details nor search attributes. */
export function openRun(camera: CameraId, spec: CameraSpec, input: CameraInput): CameraRun {
  return {
    camera,
    timeScale: input.timeScale,
    policies: policiesOf(input.timeScale),
    spec,
    state: input.carried ?? firstState(input.recorder ?? null),
    stopping: null,
    recording: null,
    removedAtMs: null,
  };
}

/** What the next run starts with. */
export function carriedInput(run: CameraRun): CameraInput {
  const scale = run.timeScale === undefined ? {} : { timeScale: run.timeScale };
  return { spec: run.spec, carried: run.state, ...scale };
}

/** Pure. Behind the query, the answers to updates, and what the Web UI shows. */
export function statusOf(run: CameraRun): CameraStatus {
  const { camera, spec, removedAtMs, state } = run;
  const { desired, pauseReason = null, recorder, lastEndedAtMs, recent = [], declined = [], timezone = null } = state;
  const condition = removedAtMs === null ? state.condition : { kind: 'removed' as const, sinceMs: removedAtMs };
  const stopping = removedAtMs === null ? run.stopping : null;
  const wanted = { desired, pauseReason };
  return { camera, ...wanted, recorder, condition, spec, timezone, lastEndedAtMs, stopping, recent, declined };
}

/** The only way to change the state: what people see follows by itself. */
export function change(run: CameraRun, patch: Partial<CameraState>): void {
  run.state = { ...run.state, ...patch };
  show(run);
}

/** As `change`, for a condition; its start is kept when only its details are new. */
export function changeCondition(run: CameraRun, kind: 'unassigned' | 'paused' | 'connecting'): void {
  if (run.state.condition.kind === kind) return;
  change(run, { condition: { kind, sinceMs: Date.now() } satisfies CameraCondition });
}

/** The last thing a cancelled camera says. Histories from before this was said hold no such search attribute. */
export function showRemoved(run: CameraRun): void {
  run.removedAtMs = Date.now();
  if (patched('says-removed')) show(run);
  else setCurrentDetails(detailsOf(statusOf(run)));
}

/** Details cost no event; search attributes cost one, so they are written only when they change. */
export function show(run: CameraRun): void {
  const status = statusOf(run);
  setCurrentDetails(detailsOf(status));
  const shown = workflowInfo().typedSearchAttributes;
  const changes: SearchAttributeUpdatePair[] = [];
  if (shown.get(cameraIdKey) !== run.camera) changes.push({ key: cameraIdKey, value: run.camera });
  const word = stateWordOf(status);
  if (shown.get(cameraStateKey) !== word) changes.push({ key: cameraStateKey, value: word });
  if (status.recorder !== null && shown.get(recorderKey) !== status.recorder) {
    changes.push({ key: recorderKey, value: status.recorder });
  }
  if (changes.length > 0) upsertSearchAttributes(changes);
}

function firstState(recorder: RecorderId | null): CameraState {
  return {
    schema: 1,
    desired: 'record',
    recorder,
    notBeforeMs: null,
    condition: { kind: 'unassigned', sinceMs: Date.now() },
    lastEndedAtMs: null,
    pending: [],
    recent: [],
  };
}
