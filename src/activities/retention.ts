import { Context } from '@temporalio/activity';
import type { Clock } from '../clock.js';
import { BUCKET_NOTE_KEY, bucketNoteIn, nextNote, whyOnlyReport } from '../domain/bucket-note.js';
import { type CameraId, InvalidIdError, parseCameraId } from '../domain/ids.js';
import { isDeleting, keepingMore, policyOf, type RetentionPolicies } from '../domain/retention.js';
import type { Logger } from '../log.js';
import type { BucketSurvey, CameraRetention, RetentionActivities } from '../workflows/contract.js';
import { expireCamera, type RetentionStore } from './expire-camera.js';
import { toApplicationFailure } from './upload-failure.js';

/** Counts for metrics. */
export interface RetentionObserver {
  /** A camera's turn is over, and really deleted what it says. */
  expired(report: CameraRetention): void;
  failed(camera: CameraId): void;
}

interface RetentionDeps {
  readonly store: RetentionStore;
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly log: Logger;
  /** Of this recorder. What it keeps is not deleted here, whatever a workflow asks for. */
  readonly policies: RetentionPolicies;
  readonly configuredCameras: readonly CameraId[];
  /** Of the Temporal that asks. */
  readonly namespaceId: () => Promise<string>;
  /** How long a bucket that has become known is only reported on. */
  readonly reportForMs: number;
  readonly heartbeatEveryMs: number;
  readonly slowRetryMs: number;
  readonly observer: RetentionObserver;
}

type SurveyInput = Parameters<RetentionActivities['surveyBucket']>[0];
type ExpireInput = Parameters<RetentionActivities['expireCamera']>[0];

const RECORDS = '.coverage/';
const LARGEST_NOTE_BYTES = 65_536;

/** May run twice at once, here or on another recorder (INV-6). */
export function createRetentionActivities(deps: RetentionDeps): RetentionActivities {
  return {
    surveyBucket: async (input) => await beating(deps, async (signal) => await survey(deps, input, signal)),
    expireCamera: async (input) =>
      await beating(deps, async (signal) => {
        try {
          return await expire(deps, input, signal);
        } catch (error) {
          if (!signal.aborted) deps.observer.failed(input.camera);
          throw error;
        }
      }),
  };
}

/** Heartbeats while it works; a cancelled activity fails with the SDK's own reason. */
async function beating<T>(
  { heartbeatEveryMs, slowRetryMs }: RetentionDeps,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const context = Context.current();
  const beat = setInterval(() => context.heartbeat(), heartbeatEveryMs);
  const { cancellationSignal: signal } = context;
  try {
    return await work(signal);
  } catch (error) {
    throw signal.aborted ? signal.reason : toApplicationFailure(error, slowRetryMs);
  } finally {
    clearInterval(beat);
  }
}

async function survey(deps: RetentionDeps, input: SurveyInput, signal: AbortSignal): Promise<BucketSurvey> {
  const policies = input.policies ?? deps.policies;
  const named = Object.keys(policies.cameras).map(parseCameraId);
  const known = [...named, ...deps.configuredCameras, ...(await recordedCameras(deps.store, signal))];
  const cameras = [...new Set(known)]
    .sort()
    .map((camera) => ({ camera, policy: policyOf(policies, camera) }))
    .filter(({ policy }) => isDeleting(policy));
  if (input.mode === 'report') return { mode: 'report', why: null, cameras };
  const why = await whyNotYet(deps, input.isBucketKnown, signal);
  return { mode: why === null ? 'delete' : 'report', why, cameras };
}

/** Every camera that ever recorded over the end of a day. */
async function recordedCameras(store: RetentionStore, signal: AbortSignal): Promise<readonly CameraId[]> {
  const folders = await store.folders(RECORDS, signal);
  return folders.flatMap((folder) => {
    try {
      return [parseCameraId(folder.slice(RECORDS.length, -1))];
    } catch (error) {
      // The bucket is the user's: what is not named like a camera is not one.
      if (error instanceof InvalidIdError) return [];
      throw error;
    }
  });
}

/** Notes whose the bucket is, and that retention was here. */
async function whyNotYet(deps: RetentionDeps, isBucketKnown: boolean, signal: AbortSignal): Promise<string | null> {
  const { store, reportForMs } = deps;
  const start = { namespaceId: await deps.namespaceId(), nowMs: await store.timeMs(signal), reportForMs };
  const found = await store.readSmall(BUCKET_NOTE_KEY, LARGEST_NOTE_BYTES, signal);
  const note = found === undefined ? undefined : bucketNoteIn(new TextDecoder().decode(found.body));
  const why = whyOnlyReport(note, start);
  const body = Buffer.from(`${JSON.stringify(nextNote(note, start, isBucketKnown))}\n`);
  // Another run was quicker: it has noted the same.
  await store.replaceSmall(BUCKET_NOTE_KEY, body, found?.etag ?? null, signal);
  if (why !== null && isBucketKnown) deps.log.warn({ why }, 'an operator said that this is the right bucket');
  return isBucketKnown ? null : why;
}

async function expire(deps: RetentionDeps, input: ExpireInput, signal: AbortSignal): Promise<CameraRetention> {
  const { store, clock, log, observer } = deps;
  const camera = parseCameraId(input.camera);
  const policy = keepingMore(input.policy, policyOf(deps.policies, camera));
  const onDay = (day: string): void => Context.current().heartbeat({ day });
  const report = await expireCamera({ store, clock, log, onDay }, { ...input, camera, policy }, signal);
  if (input.mode === 'delete') observer.expired(report);
  return report;
}
