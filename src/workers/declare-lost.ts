/**
 * Ends the wait for a recorder that is gone for good.
 *
 * 1. First the bucket is told of the missing time, then uploads end: stopped in between, it is done again from the start (INV-6).
 * 2. Nothing is taken away: footage that turns up later beats what is declared here, and an upload that has ended may be started again.
 */
import { WorkflowNotFoundError } from '@temporalio/client';
import type { GapObject } from '../domain/gap-object.js';
import type { CameraId, ObjectKey, RecorderId } from '../domain/ids.js';
import { gapObjectKeyOf } from '../domain/object-key.js';
import type { TimeRange } from '../domain/time-range.js';
import { gapMetadataOf } from '../object-store/coverage-metadata.js';
import type { ObjectStore } from '../object-store/object-store.js';
import { inParallel } from '../playback/in-parallel.js';
import { type ReadableStore, readObject } from '../playback/stored-objects.js';
import { readTimeline } from '../playback/timeline.js';
import {
  type CameraStatus,
  RECORDER_LOST_SIGNAL,
  SEGMENTS_LOST_SIGNAL,
  uploadWorkflowIdOf,
} from '../workflows/contract.js';
import type { LostRecorder, OwedSegment } from './lost-recorder.js';
import { lostObjects, lostTimes, mergedObject } from './lost-times.js';
import type { TemporalSession } from './temporal/connection.js';

/** What a lost recorder means for one camera. */
export interface LostCamera {
  readonly camera: CameraId;
  /** Null where its workflow does not say. */
  readonly status: CameraStatus | null;
  /** To be declared: neither stored nor explained. UTC ms. */
  readonly times: readonly TimeRange[];
  readonly slotMs: number;
  readonly owed: readonly OwedSegment[];
}

type LosingStore = ReadableStore & Pick<ObjectStore, 'putSmall'>;

/** Where nobody says how long its slots are. */
const USUAL_SEGMENT_MS = 900_000;
/** How far back the hole before the first lost segment is looked for. */
const LOOK_BACK_MS = 86_400_000;
const REQUESTS_AT_ONCE = 8;
const SIGNALS_AT_ONCE = 16;

/** What is to be declared; changes nothing. Throws what the store throws. */
export async function planLoss(
  lost: LostRecorder,
  { store, nowMs }: { readonly store: LosingStore; readonly nowMs: number },
  signal: AbortSignal,
): Promise<readonly LostCamera[]> {
  const plans: LostCamera[] = [];
  for (const [camera, status] of lost.cameras) {
    const owed = lost.owed.filter((one) => one.camera === camera);
    const slotMs = status === null ? USUAL_SEGMENT_MS : status.spec.segmentDurationSec * 1_000;
    const ranges = [...owed.map(rangeOf(slotMs)), ...untilNow(status, lost.recorder, nowMs)];
    const times = ranges.length === 0 ? [] : await missing(camera, ranges, { store, nowMs }, signal);
    plans.push({ camera, status, times, slotMs, owed });
  }
  return plans;
}

/** Resolves to how many objects say it. Doing it twice changes nothing. */
export async function declareLoss(
  recorder: RecorderId,
  { camera, times, slotMs }: LostCamera,
  store: LosingStore,
  signal: AbortSignal,
): Promise<number> {
  const objects = lostObjects(times, { camera, recorder, slotMs });
  await inParallel(objects, REQUESTS_AT_ONCE, async (object) => {
    const key = gapObjectKeyOf(camera, object.fromMs);
    const told = await toldAlready(key, object, store, signal);
    const gap = told === undefined ? object : mergedObject(told, object);
    await store.putSmall(key, Buffer.from(`${JSON.stringify(gap)}\n`), gapMetadataOf(gap), signal);
  });
  return objects.length;
}

/** Tells every upload that waits for it to end as lost, and its camera that it did. They end once a worker runs them. */
export async function endUploads(session: TemporalSession, { camera, owed }: LostCamera): Promise<void> {
  const segments = owed.filter(({ isWaiting }) => isWaiting).map(({ segment }) => segment);
  if (segments.length === 0) return;
  await inParallel(segments, SIGNALS_AT_ONCE, async (segment) => {
    await tell(session, uploadWorkflowIdOf(segment), RECORDER_LOST_SIGNAL);
  });
  await tell(session, camera, SEGMENTS_LOST_SIGNAL, segments);
}

/** One that has ended meanwhile needs no telling. */
async function tell(session: TemporalSession, workflowId: string, signal: string, ...args: unknown[]): Promise<void> {
  try {
    await session.ask(async ({ workflow }) => await workflow.getHandle(workflowId).signal(signal, ...args));
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}

function rangeOf(slotMs: number): (owed: OwedSegment) => TimeRange {
  return ({ fromMs, toMs }) => ({ fromMs, toMs: toMs ?? fromMs + slotMs });
}

/** A camera that nobody has taken over since: what follows its last footage is missing as well, and nobody else tells of it. */
function untilNow(status: CameraStatus | null, recorder: RecorderId, nowMs: number): readonly TimeRange[] {
  if (status === null || status.recorder !== recorder || status.desired !== 'record') return [];
  if (status.condition.kind === 'removed' || status.lastEndedAtMs === null) return [];
  return status.lastEndedAtMs < nowMs ? [{ fromMs: status.lastEndedAtMs, toMs: nowMs }] : [];
}

async function missing(
  camera: CameraId,
  owed: readonly TimeRange[],
  { store, nowMs }: { readonly store: LosingStore; readonly nowMs: number },
  signal: AbortSignal,
): Promise<readonly TimeRange[]> {
  const fromMs = Math.min(...owed.map((range) => range.fromMs)) - LOOK_BACK_MS;
  const range = { fromMs, toMs: Math.min(nowMs, Math.max(...owed.map(({ toMs }) => toMs))) };
  return lostTimes(owed, await readTimeline(camera, range, { store, nowMs }, signal));
}

async function toldAlready(
  key: ObjectKey,
  fresh: GapObject,
  store: LosingStore,
  signal: AbortSignal,
): Promise<GapObject | undefined> {
  const head = await store.head(key, signal);
  if (head === undefined) return undefined;
  const listed = { key, kind: 'gap', nominalStartMs: fresh.fromMs, sizeBytes: head.sizeBytes } as const;
  const read = await readObject(store, listed, signal);
  return read.kind === 'gap' ? { ...fresh, ...read.slot, claims: read.claims } : undefined;
}
