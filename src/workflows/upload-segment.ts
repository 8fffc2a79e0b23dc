import { ApplicationFailure, proxyActivities, setCurrentDetails } from '@temporalio/workflow';
import { parseRecorderId, parseSegmentId } from '../domain/ids.js';
import type { Receipt } from '../domain/receipt.js';
import { type Activities, type UploadSegmentInput, uploadQueueOf } from './contract.js';
import { policiesOf } from './policies.js';
import { stampIn } from './stamp.js';

/** Brings one segment into the bucket, for as long as it takes. Completes with the store's receipt, which is then on the recorder's disk too. */
export async function UploadSegment(input: UploadSegmentInput): Promise<Receipt> {
  const { segment, recorder } = parseInput(input);
  const { uploadSegment } = proxyActivities<Activities>({
    ...policiesOf(input.timeScale).upload,
    taskQueue: uploadQueueOf(recorder),
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    summary: `from ${recorder}`,
  });
  const { fromMs, sizeBytes, timezone = null } = input;
  const from = fromMs === undefined ? '' : `Footage from ${stampIn(timezone)(fromMs)}. `;
  setCurrentDetails(`${from}Waiting for recorder \`${recorder}\` to upload \`${segment}\` (${sizeBytes} bytes).`);
  const receipt = await uploadSegment({ segment, sizeBytes, ...(fromMs === undefined ? {} : { fromMs }) });
  setCurrentDetails(`${from}Stored as \`${receipt.key}\` (${receipt.sizeBytes} bytes, proved by ${receipt.proof}).`);
  return receipt;
}

function parseInput(input: UploadSegmentInput) {
  try {
    return { segment: parseSegmentId(input.segment), recorder: parseRecorderId(input.recorder) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw ApplicationFailure.nonRetryable(message, 'invalid-input');
  }
}
