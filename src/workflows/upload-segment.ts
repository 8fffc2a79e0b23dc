import {
  ApplicationFailure,
  condition,
  defineSignal,
  proxyActivities,
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow';
import { parseRecorderId, parseSegmentId } from '../domain/ids.js';
import type { Receipt } from '../domain/receipt.js';
import { type Activities, RECORDER_LOST_SIGNAL, type UploadSegmentInput, uploadQueueOf } from './contract.js';
import { policiesOf } from './policies.js';
import { stampIn } from './stamp.js';

const recorderLostSignal = defineSignal(RECORDER_LOST_SIGNAL);
const LOST_DESCRIPTION =
  'From `camera-recorder recorder-lost`: nobody will bring this segment any more. Its time is a declared gap.';

/**
 * Brings one segment into the bucket, for as long as it takes. Completes with the store's receipt, which is then on the recorder's disk too.
 * Fails only with `invalid-input`, or with `recorder-lost` when an operator ends the wait; it may be started again then.
 */
export async function UploadSegment(input: UploadSegmentInput): Promise<Receipt> {
  const { segment, recorder } = parseInput(input);
  let isLost = false;
  setHandler(
    recorderLostSignal,
    () => {
      isLost = true;
    },
    { description: LOST_DESCRIPTION },
  );
  const { uploadSegment } = proxyActivities<Activities>({
    ...policiesOf(input.timeScale).upload,
    taskQueue: uploadQueueOf(recorder),
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    summary: `from ${recorder}`,
  });
  const { fromMs, sizeBytes, timezone = null } = input;
  const from = fromMs === undefined ? '' : `Footage from ${stampIn(timezone)(fromMs)}. `;
  setCurrentDetails(`${from}Waiting for recorder \`${recorder}\` to upload \`${segment}\` (${sizeBytes} bytes).`);
  const uploading = uploadSegment({ segment, sizeBytes, ...(fromMs === undefined ? {} : { fromMs }) });
  const receipt = await Promise.race([uploading, condition(() => isLost)]);
  if (receipt === undefined) throw lost(segment, recorder);
  setCurrentDetails(`${from}Stored as \`${receipt.key}\` (${receipt.sizeBytes} bytes, proved by ${receipt.proof}).`);
  return receipt;
}

/** The activity that nobody takes ends with the workflow. */
function lost(segment: string, recorder: string): ApplicationFailure {
  const what = `Recorder ${recorder} was declared lost, and segment ${segment} with it: its time is a gap with the cause recorder-lost.`;
  const message = `${what} If the recorder comes back with its spool, the segment is uploaded all the same.`;
  setCurrentDetails(`**Lost.** ${message}`);
  return ApplicationFailure.nonRetryable(message, 'recorder-lost');
}

function parseInput(input: UploadSegmentInput) {
  try {
    return { segment: parseSegmentId(input.segment), recorder: parseRecorderId(input.recorder) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw ApplicationFailure.nonRetryable(message, 'invalid-input');
  }
}
