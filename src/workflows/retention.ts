import { ActivityFailure, ApplicationFailure } from '@temporalio/common';
import { isCancellation, proxyActivities, setCurrentDetails } from '@temporalio/workflow';
import {
  type CameraRetention,
  policiesOf,
  RETENTION_QUEUE,
  type RetentionActivities,
  type RetentionInput,
  type RetentionReport,
} from './contract.js';
import { retentionDetails } from './retention-details.js';

/** A store that is away fails them all, and each takes its tries: the next run comes soon enough. */
const MOST_FAILED_IN_A_ROW = 3;

/**
 * One look at all cameras that have a policy: deletes what it does not keep, or says what it would delete. Its result is the report, and so
 * are its details while it runs. Cancel it at any time: what it did is whole.
 */
export async function Retention(input: RetentionInput = {}): Promise<RetentionReport> {
  const { mode = 'report', policies = null, isBucketKnown = false } = input;
  const timeouts = policiesOf(input.timeScale);
  const taskQueue = RETENTION_QUEUE;
  const { surveyBucket } = proxyActivities<RetentionActivities>({ ...timeouts.surveyBucket, taskQueue });
  // A cancelled run need not wait: what is marked and not deleted yet is finished by the next one.
  const { expireCamera } = proxyActivities<RetentionActivities>({ ...timeouts.expireCamera, taskQueue });
  const survey = await surveyBucket({ mode, policies, isBucketKnown });
  const cameras: CameraRetention[] = [];
  const failed: RetentionReport['failed'][number][] = [];
  const report = (): RetentionReport => ({ mode: survey.mode, why: survey.why, cameras, failed });
  let failedInARow = 0;
  for (const { camera, policy } of survey.cameras) {
    setCurrentDetails(retentionDetails(report(), camera));
    try {
      cameras.push(await expireCamera({ camera, policy, mode: survey.mode }));
      failedInARow = 0;
    } catch (error) {
      if (isCancellation(error)) throw error;
      failed.push({ camera, why: wordsOf(error) });
      failedInARow += 1;
      if (failedInARow === MOST_FAILED_IN_A_ROW) break;
    }
  }
  setCurrentDetails(retentionDetails(report(), null));
  if (cameras.length === 0 && failed.length > 0) {
    throw ApplicationFailure.nonRetryable(`No camera had its turn: ${failed[0]?.why ?? ''}`, 'retention-failed');
  }
  return report();
}

function wordsOf(error: unknown): string {
  const cause = error instanceof ActivityFailure ? (error.cause ?? error) : error;
  return cause instanceof Error ? cause.message : String(cause);
}
