import { expect, test, vi } from 'vitest';
import { findStoredIn } from '../../src/activities/find-stored.js';
import { sendTo } from '../../src/activities/send-segment.js';
import { createUploadActivities, type FindStored, type SendSegment } from '../../src/activities/upload.js';
import type { FailureCode } from '../../src/domain/failures.js';
import { parseCameraId } from '../../src/domain/ids.js';
import type { Receipt, UploadCheckpoint } from '../../src/domain/receipt.js';
import { createBufferPool } from '../../src/object-store/buffer-pool.js';
import { MemoryStore } from '../../src/object-store/memory.js';
import { StoreError } from '../../src/object-store/object-store.js';
import { redact } from '../../src/redact.js';
import { runActivity } from '../support/activity-run.js';
import { MemorySpool, sealedSegment } from '../support/memory-spool.js';

const camera = parseCameraId('camera-3');
const SLOW_MS = 300_000;
const RECEIPT = { key: 'k', sizeBytes: 1_000, proof: 'full-crc32', atMs: 1 } as unknown as Receipt;

interface Options {
  readonly send?: SendSegment;
  readonly findStored?: FindStored;
  readonly waitForOtherMs?: number;
}

function uploading(options: Options = {}) {
  const store = new MemoryStore();
  const spool = new MemorySpool('r1');
  const segment = sealedSegment(camera, spool.recorder, 3, Date.UTC(2025, 11, 14, 1, 30));
  const observer = { started: vi.fn(), touched: vi.fn(), stored: vi.fn(), failed: vi.fn(), ended: vi.fn() };
  const { uploadSegment } = createUploadActivities({
    spool,
    send: options.send ?? sendTo(store, createBufferPool(2)),
    findStored: options.findStored ?? findStoredIn(store),
    observer,
    atOnce: 4,
    heartbeatEveryMs: 10,
    slowRetryMs: SLOW_MS,
    waitForOtherMs: options.waitForOtherMs ?? SLOW_MS,
  });
  const input = { segment: segment.id, fromMs: segment.fromMs, sizeBytes: segment.sizeBytes };
  const run = () => runActivity(async () => await uploadSegment(input));
  return { store, spool, segment, observer, run };
}

test('a segment is sent, and its receipt is in the spool before the activity ends', async () => {
  const { spool, segment, observer, run } = uploading();
  spool.add(segment);
  const receipt = await run().outcome;
  expect(await spool.find(segment.id)).toMatchObject({ kind: 'stored', receipt });
  expect(observer.stored).toHaveBeenCalledOnce();
  expect(observer.ended).toHaveBeenCalledOnce();
});

test('a second run of the same upload returns the receipt without sending again', async () => {
  const { spool, segment, observer, run } = uploading();
  spool.add(segment);
  const first = await run().outcome;
  expect(await run().outcome).toEqual(first);
  expect(observer.stored).toHaveBeenCalledOnce();
});

test('two runs at once end with a receipt for the same object', async () => {
  const { spool, segment, run } = uploading();
  spool.add(segment);
  const [one, other] = await Promise.all([run().outcome, run().outcome]);
  expect(one.key).toBe(other.key);
});

test('of two runs at once only the first sends', async () => {
  const { store, spool, segment, observer, run } = uploading();
  const sentParts = vi.spyOn(store, 'putPart');
  spool.add(segment);
  await Promise.all([run().outcome, run().outcome]);
  expect(sentParts).toHaveBeenCalledOnce();
  expect(observer.stored).toHaveBeenCalledOnce();
});

test('a run that Temporal has given up leaves its checkpoint to the next one, which waits for its end', async () => {
  const checkpoint = { key: 'k', uploadId: 'u', partSizeBytes: 1 } as unknown as UploadCheckpoint;
  const begun: (UploadCheckpoint | null)[] = [];
  const send: SendSegment = async (request) => {
    begun.push(request.checkpoint);
    if (begun.length > 1) return RECEIPT;
    await request.onCheckpoint(checkpoint);
    return await untilAborted(request.signal);
  };
  const { spool, segment, run } = uploading({ send });
  spool.add(segment);
  const [first, next] = [run(), run()];
  first.end('notFound');
  await expect(first.outcome).rejects.toMatchObject({ name: 'CancelledFailure' });
  expect(await next.outcome).toEqual(RECEIPT);
  expect(begun).toEqual([null, checkpoint]);
});

test('a run that waits for another can be cancelled', async () => {
  const { spool, segment, run } = uploading({ send: async ({ signal }) => await untilAborted(signal) });
  spool.add(segment);
  const [first, next] = [run(), run()];
  next.end('cancelRequested');
  await expect(next.outcome).rejects.toMatchObject({ name: 'CancelledFailure' });
  first.end('workerShutdown');
  await expect(first.outcome).rejects.toMatchObject({ name: 'CancelledFailure' });
});

test('a run that hangs holds up the next one for a while only', async () => {
  let letGo = (): void => undefined;
  const hanging = new Promise<Receipt>((resolve) => {
    letGo = () => resolve(RECEIPT);
  });
  let sends = 0;
  const send: SendSegment = async () => (++sends === 1 ? await hanging : RECEIPT);
  const { spool, segment, run } = uploading({ send, waitForOtherMs: 20 });
  spool.add(segment);
  const first = run();
  expect(await run().outcome).toEqual(RECEIPT);
  expect(sends).toBe(2);
  letGo();
  await first.outcome;
});

test('a segment that was reclaimed already is found in the store by what its object says', async () => {
  const { spool, segment, run } = uploading();
  spool.add(segment);
  const { key } = await run().outcome;
  spool.segments.delete(segment.id);
  expect(await run().outcome).toMatchObject({ key, sizeBytes: segment.sizeBytes });
});

test('a segment whose bytes are gone but whose object is equal is done', async () => {
  const { spool, segment, run } = uploading();
  spool.add(segment);
  await run().outcome;
  await spool.recordReceipt(segment.id, null);
  spool.bytesMissing.add(segment.id);
  await run().outcome;
  expect((await spool.find(segment.id))?.kind).toBe('stored');
});

test('a segment that is nowhere is asked for again slowly, for ever, and counted', async () => {
  const { observer, run, segment } = uploading();
  await expect(run().outcome).rejects.toMatchObject({
    type: 'segment-missing',
    nonRetryable: false,
    nextRetryDelay: SLOW_MS,
  });
  expect(observer.failed).toHaveBeenCalledWith(segment.id, 'segment-missing', expect.any(String));
});

test.each<readonly [FailureCode, { nonRetryable: boolean; nextRetryDelay: number | undefined }]>([
  ['store-unreachable', { nonRetryable: false, nextRetryDelay: undefined }],
  ['store-busy', { nonRetryable: false, nextRetryDelay: undefined }],
  ['store-credentials', { nonRetryable: false, nextRetryDelay: SLOW_MS }],
  ['store-bucket-missing', { nonRetryable: false, nextRetryDelay: SLOW_MS }],
  ['store-key-taken', { nonRetryable: false, nextRetryDelay: SLOW_MS }],
  ['invalid-input', { nonRetryable: true, nextRetryDelay: undefined }],
])('a store that says %s is told to Temporal with that type', async (code, expected) => {
  const send: SendSegment = async () => {
    throw new StoreError(code, redact('put http://key:secret@store/x failed'));
  };
  const { spool, segment, observer, run } = uploading({ send });
  spool.add(segment);
  const failure = await run().outcome.catch((error: unknown) => error);
  expect(failure).toMatchObject({ type: code, ...expected });
  expect(JSON.stringify(failure) + String((failure as Error).stack)).not.toContain('secret@');
  expect(observer.failed).toHaveBeenCalledWith(segment.id, code, expect.any(String));
  expect((await spool.find(segment.id))?.kind).toBe('sealed');
});

test('a cancelled upload is not a failed one, and stops sending', async () => {
  const { spool, segment, observer, run } = uploading({ send: async ({ signal }) => await untilAborted(signal) });
  spool.add(segment);
  const attempt = run();
  attempt.end('workerShutdown');
  await expect(attempt.outcome).rejects.toMatchObject({ name: 'CancelledFailure' });
  expect(observer.failed).not.toHaveBeenCalled();
  expect(observer.ended).toHaveBeenCalledOnce();
});

async function untilAborted(signal: AbortSignal): Promise<never> {
  return await new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason));
  });
}
