/**
 * What Temporal knows of a recorder that may be gone for good: when it asked for work last, which uploads wait for it, and which cameras
 * it had. Only reads.
 */
import {
  type CameraId,
  InvalidIdError,
  parseCameraId,
  parseSegmentId,
  partsOf,
  type RecorderId,
  type SegmentId,
} from '../domain/ids.js';
import { inParallel } from '../playback/in-parallel.js';
import { type CameraStatus, recordQueueOf, STATUS_QUERY, uploadQueueOf } from '../workflows/contract.js';
import { recorderKey, segmentStartKey } from '../workflows/search-attribute-keys.js';
import type { TemporalSession } from './temporal/connection.js';

/** A segment that was announced, and whose upload has not completed. */
export interface OwedSegment {
  readonly segment: SegmentId;
  readonly camera: CameraId;
  readonly fromMs: number;
  /** Null for one that was announced before its end was noted with it. */
  readonly toMs: number | null;
  /** Whether its workflow still waits. */
  readonly isWaiting: boolean;
}

export interface LostRecorder {
  readonly recorder: RecorderId;
  /** Since it last asked for work; null when that is longer ago than Temporal remembers (five minutes), or never was. */
  readonly heardAgoMs: number | null;
  readonly owed: readonly OwedSegment[];
  /** Every camera that it has, or owes a segment of. Null where its workflow does not say what it does. */
  readonly cameras: ReadonlyMap<CameraId, CameraStatus | null>;
}

/** From `temporal.api.enums.v1.TaskQueueType`. */
const ACTIVITY_QUEUE = 2;
const QUERIES_AT_ONCE = 8;

/** `undefined` for a recorder that Temporal has never heard of. */
export async function findLostRecorder(
  session: TemporalSession,
  recorder: RecorderId,
  nowMs: number,
): Promise<LostRecorder | undefined> {
  const heardAgoMs = await heardAgo(session, recorder, nowMs);
  const { count } = await session.ask(async ({ workflow }) => await workflow.count(`Recorder="${recorder}"`));
  if (count === 0 && heardAgoMs === null) return undefined;
  const owed = await owedBy(session, recorder);
  const own = await camerasOf(session, `Recorder="${recorder}" AND ExecutionStatus="Running"`);
  const cameras = [...new Set([...own, ...owed.map(({ camera }) => camera)])].sort();
  const told = await inParallel(
    cameras,
    QUERIES_AT_ONCE,
    async (camera) => [camera, await statusOf(session, camera)] as const,
  );
  return { recorder, heardAgoMs, owed, cameras: new Map(told) };
}

/** Those that have a camera, for somebody who has mistaken an id. */
export async function knownRecorders(session: TemporalSession): Promise<readonly string[]> {
  const found = new Set<string>();
  await session.ask(async ({ workflow }) => {
    for await (const { searchAttributes } of workflow.list({ query: 'WorkflowType="Camera"' })) {
      for (const id of searchAttributes[recorderKey.name] ?? []) found.add(String(id));
    }
  });
  return [...found].sort();
}

async function heardAgo(session: TemporalSession, recorder: RecorderId, nowMs: number): Promise<number | null> {
  const { namespace } = session;
  const times: number[] = [];
  for (const name of [recordQueueOf(recorder), uploadQueueOf(recorder)]) {
    const { pollers } = await session.ask(
      async ({ workflowService }) =>
        await workflowService.describeTaskQueue({ namespace, taskQueue: { name }, taskQueueType: ACTIVITY_QUEUE }),
    );
    for (const { lastAccessTime } of pollers ?? []) times.push(Number(lastAccessTime?.seconds ?? 0) * 1_000);
  }
  return times.length === 0 ? null : Math.max(0, nowMs - Math.max(...times));
}

async function owedBy(session: TemporalSession, recorder: RecorderId): Promise<readonly OwedSegment[]> {
  const query = `WorkflowType="UploadSegment" AND Recorder="${recorder}" AND ExecutionStatus!="Completed"`;
  const found: OwedSegment[] = [];
  await session.ask(async ({ workflow }) => {
    for await (const { workflowId, memo, searchAttributes, status } of workflow.list({ query })) {
      const segment = segmentIn(workflowId);
      const fromMs = timeIn(searchAttributes[segmentStartKey.name]?.[0]);
      if (segment === undefined || fromMs === null) continue;
      const toMs = memo?.['toMs'];
      found.push({
        segment,
        camera: partsOf(segment).camera,
        fromMs,
        toMs: typeof toMs === 'number' ? toMs : null,
        isWaiting: status.name === 'RUNNING',
      });
    }
  });
  return found.sort((one, other) => one.fromMs - other.fromMs);
}

async function camerasOf(session: TemporalSession, query: string): Promise<readonly CameraId[]> {
  const found: CameraId[] = [];
  await session.ask(async ({ workflow }) => {
    for await (const { workflowId } of workflow.list({ query: `WorkflowType="Camera" AND ${query}` })) {
      found.push(parseCameraId(workflowId));
    }
  });
  return found;
}

/** Null when nobody answers: no worker runs workflows, or the camera's is gone. What is owed is known without it. */
async function statusOf(session: TemporalSession, camera: CameraId): Promise<CameraStatus | null> {
  try {
    return await session.ask(
      async ({ workflow }) => await workflow.getHandle(camera).query<CameraStatus>(STATUS_QUERY),
    );
  } catch {
    return null;
  }
}

function segmentIn(workflowId: string): SegmentId | undefined {
  try {
    return parseSegmentId(workflowId.replace(/^upload\//, ''));
  } catch (error) {
    // Started by hand under another name: it is no upload of ours.
    if (error instanceof InvalidIdError) return undefined;
    throw error;
  }
}

function timeIn(value: unknown): number | null {
  return value instanceof Date ? value.getTime() : null;
}
