import { Registry } from 'prom-client';
import { beforeAll, expect, inject, test } from 'vitest';
import { failureTexts } from '../../src/domain/failures.js';
import type { ObjectKey } from '../../src/domain/ids.js';
import { objectKeysOf } from '../../src/domain/object-key.js';
import { MemoryStore } from '../../src/object-store/memory.js';
import { StoreError } from '../../src/object-store/object-store.js';
import { redact } from '../../src/redact.js';
import { readNamespaceId } from '../../src/spool/namespace-id.js';
import { registerWorkerMetrics } from '../../src/workers/metrics.js';
import { uploadWorkflowIdOf } from '../../src/workflows/contract.js';
import { freshCamera, uploadResult } from '../support/camera-harness.js';
import { createNamespace } from '../support/temporal-namespace.js';
import { waitFor } from '../support/wait-for.js';
import { assignmentOf, SPEC, segmentOf, startTestWorker, startWorkflowsOnly } from '../support/worker-harness.js';

let address: string;
let namespace: string;

beforeAll(async () => {
  ({ address } = inject('temporal'));
  namespace = await createNamespace(address);
});

test('a configured camera records, its segments are stored, counted, confirmed and reclaimed', async () => {
  const camera = freshCamera();
  const it = await startTestWorker({
    address,
    namespace,
    recorderId: 'story',
    configured: [{ id: camera, spec: SPEC }],
    keepLocalMs: 0,
    policies: { confirmAfterMs: 0, reclaimEveryMs: 200 },
  });
  expect([...it.recorder.recording.keys()]).toEqual([camera]);
  const registry = new Registry();
  registerWorkerMetrics(registry, () => it.worker.status());
  expect(await registry.metrics()).toContain(`camera_segments_uploaded_total{camera_id="${camera}"} 0`);
  await it.attached(camera);
  const segment = segmentOf(camera, it.spool, 0);
  it.seal(segment);
  const receipt = await uploadResult(it.client, segment.id);
  expect(receipt.key).toBe(`${camera}/20251214/01-30-00_${camera}.mp4`);
  await waitFor(() => it.spool.reclaimed.includes(segment.id), {
    what: 'the segment to be reclaimed',
    deadlineMs: 10_000,
  });
  const text = await registry.metrics();
  expect(text).toContain(`camera_segments_uploaded_total{camera_id="${camera}"} 1`);
  expect(text).toContain(`camera_upload_failures_total{camera_id="${camera}"} 0`);
  expect(text).toContain(`camera_segments_reclaimed_total{camera_id="${camera}"} 1`);
  expect(text).toContain('recorder_temporal_connected 1');
  expect(text).toContain('recorder_store_reachable 1');
});

test('recording starts while Temporal is unreachable, and stopping does not wait for it', async () => {
  const camera = freshCamera();
  const it = await startTestWorker({
    address: '127.0.0.1:1',
    namespace,
    recorderId: 'alone',
    configured: [{ id: camera, spec: SPEC }],
  });
  expect(it.recorder.isStarted).toBe(true);
  expect(it.recorder.recording.get(camera)?.kind).toBe('recording');
  it.seal(segmentOf(camera, it.spool, 0));
  await waitFor(() => it.worker.status().uploads.get(camera)?.waitingSegments === 1, {
    what: 'the waiting segment to be counted',
    deadlineMs: 5_000,
  });
  await waitFor(() => it.worker.status().temporal.detail !== null, { what: 'a reason', deadlineMs: 5_000 });
  expect(it.worker.status().temporal.isReachable).toBe(false);
  const startedAtMs = performance.now();
  await it.worker.stop('stop');
  expect(performance.now() - startedAtMs).toBeLessThan(5_000);
  expect(it.recorder.closed).toBe('stop');
});

test('pause stops, resume records again, reconfigure leaves it to the next attempt to change the recording', async () => {
  const camera = freshCamera();
  const it = await startTestWorker({
    address,
    namespace,
    recorderId: 'verbs',
    configured: [{ id: camera, spec: SPEC }],
  });
  await it.attached(camera);
  const handle = it.client.workflow.getHandle(camera);
  await handle.executeUpdate('pause');
  await waitFor(() => it.recorder.of(camera).at(-1)?.end !== 'attached', { what: 'the stop', deadlineMs: 10_000 });
  expect(it.recorder.of(camera).at(-1)?.end).toEqual({ stopped: 'paused' });
  await waitFor(async () => (await it.status(camera)).condition.kind === 'paused', {
    what: 'paused',
    deadlineMs: 5_000,
  });
  await handle.executeUpdate('resume');
  await it.attached(camera, 2);
  await handle.executeUpdate('reconfigure', { args: [{ segmentDurationSec: 300 }] });
  await it.attached(camera, 3);
  expect(it.recorder.of(camera)[1]?.end).toBe('detached');
  expect(it.recorder.of(camera)[2]?.spec.segmentDurationSec).toBe(300);
  await waitFor(async () => (await it.status(camera)).condition.kind === 'recording', {
    what: 'the workflow to hear that it records again',
    deadlineMs: 10_000,
  });
});

test('what the store lost is found before it is deleted here, and sent again', async () => {
  const camera = freshCamera();
  const it = await startTestWorker({
    address,
    namespace,
    recorderId: 'lossy',
    configured: [{ id: camera, spec: SPEC }],
    keepLocalMs: 0,
    policies: { confirmAfterMs: 1_500, reclaimEveryMs: 200 },
  });
  await it.attached(camera);
  const segment = segmentOf(camera, it.spool, 0);
  it.seal(segment);
  const { key } = await uploadResult(it.client, segment.id);
  await it.store.delete([key], AbortSignal.timeout(5_000));
  await waitFor(() => it.spool.reclaimed.includes(segment.id), { what: 'a confirmed end', deadlineMs: 20_000 });
  expect(await it.store.head(key, AbortSignal.timeout(5_000))).toMatchObject({ sizeBytes: segment.sizeBytes });
  const uploads = it.worker.status().uploads.get(camera);
  expect(uploads).toMatchObject({ lostInStore: 1, uploadedSegments: 2, reclaimedSegments: 1 });
});

test.each([
  ['before it is deleted here', { keepLocalMs: 0 }],
  ['when it is read back', { verifyEveryMs: 100 }],
])('what the store damaged is found %s, told, and sent again under the other key', async (_, options) => {
  const camera = freshCamera();
  const store = new RottingStore();
  const it = await startTestWorker({
    ...{ address, namespace, recorderId: 'rotten', configured: [{ id: camera, spec: SPEC }], store, ...options },
    policies: { confirmAfterMs: 500, reclaimEveryMs: 200 },
  });
  await it.attached(camera);
  const segment = segmentOf(camera, it.spool, 0);
  const { preferred, rival } = objectKeysOf(segment);
  store.rotten.add(preferred);
  it.seal(segment);
  const isStoredAgain = async () => await it.store.head(rival, AbortSignal.timeout(5_000));
  const stored = await waitFor(isStoredAgain, { what: 'the other key', deadlineMs: 20_000 });
  expect(stored).toMatchObject({ crc32Hex: segment.crc32Hex });
  expect(it.worker.status().damaged).toMatchObject([
    { camera, key: preferred, remedy: expect.stringMatching(/ again$/) },
  ]);
  expect(it.worker.status().uploads.get(camera)).toMatchObject({ damagedObjects: 1 });
});

/** Shows what it was given, and gives other bytes. */
class RottingStore extends MemoryStore {
  readonly rotten = new Set<ObjectKey>();
  override async read(...[key, range, signal]: Parameters<MemoryStore['read']>): Promise<Uint8Array> {
    const bytes = await super.read(key, range, signal);
    return this.rotten.has(key) ? bytes.map((byte) => byte ^ 1) : bytes;
  }
}

test('of a store that refuses uploads workflow and page say in words what is wrong, until it is right', async () => {
  const camera = freshCamera();
  let isForbidden = true;
  const store = new MemoryStore({
    onRequest: ({ operation, when }) => {
      if (!isForbidden || operation !== 'createUpload' || when !== 'before') return;
      throw new StoreError('store-forbidden', redact('begin: 403 AccessDenied'));
    },
  });
  const it = await startTestWorker({
    ...{ address, namespace, recorderId: 'refused', store },
    configured: [{ id: camera, spec: SPEC }],
    policies: { slowRetryMs: 300, probeEveryMs: 100 },
  });
  await it.attached(camera);
  const segment = segmentOf(camera, it.spool, 0);
  it.seal(segment);
  const upload = it.client.workflow.getHandle(uploadWorkflowIdOf(segment.id));
  const failure = await waitFor(
    async () =>
      (await upload.describe()).raw.pendingActivities?.find(({ attempt }) => Number(attempt) > 1)?.lastFailure,
    { what: 'a failure', deadlineMs: 20_000 },
  );
  expect(failure).toMatchObject({
    message: `${failureTexts['store-forbidden'].what} (begin: 403 AccessDenied)`,
    applicationFailureInfo: { type: 'store-forbidden', nonRetryable: false },
  });
  expect(it.worker.status().store).toMatchObject({ isReachable: false, detail: failureTexts['store-forbidden'].what });
  isForbidden = false;
  await uploadResult(it.client, segment.id);
  await waitFor(() => it.worker.status().store?.isReachable, { what: 'the notice to go', deadlineMs: 5_000 });
});

test('a camera that was canceled stays off when its recorder starts again, and its last segments are still uploaded', async () => {
  const camera = freshCamera();
  const configured = [{ id: camera, spec: SPEC }];
  const first = await startTestWorker({ address, namespace, recorderId: 'again', configured });
  await first.attached(camera);
  await first.client.workflow.getHandle(camera).cancel();
  await expect(first.client.workflow.getHandle(camera).result()).rejects.toThrow(/cancel/i);
  const late = segmentOf(camera, first.spool, 9);
  first.seal(late);
  await uploadResult(first.client, late.id);
  await first.worker.stop('stop');

  const { spool } = first;
  const second = await startTestWorker({ address, namespace, recorderId: 'again', configured, spool });
  await waitFor(() => second.recorder.stopsUnattached.length > 0, {
    what: 'the recording to be stopped',
    deadlineMs: 15_000,
  });
  expect(second.recorder.stopsUnattached).toEqual([{ camera, cause: 'cancelled' }]);
  expect((await second.client.workflow.getHandle(camera).describe()).status.name).toBe('CANCELLED');
  expect(second.recorder.of(camera)).toEqual([]);
});

test('when Temporal was wiped, cameras that record get their workflow back from their assignment', async () => {
  const camera = freshCamera();
  const first = await startTestWorker({ address, namespace, recorderId: 'wiped', configured: [] });
  await waitFor(async () => await readNamespaceId(first.spool.layout), {
    what: 'the namespace id',
    deadlineMs: 10_000,
  });
  await first.worker.stop('detach');
  await first.spool.assignments.save(assignmentOf(camera));
  const elsewhere = await createNamespace(address);
  const second = await startTestWorker({ address, namespace: elsewhere, recorderId: 'wiped', spool: first.spool });
  await second.attached(camera);
  expect(second.recorder.of(camera)[0]?.spec).toEqual(SPEC);
  expect(second.worker.status().uploads.get(camera)).toMatchObject({ uploadedSegments: 0, failures: 0 });
});

test('a recorder and a worker for workflows do together what one does with all roles, and only an assigned camera records', async () => {
  const separate = await createNamespace(address);
  const camera = freshCamera();
  const workflows = await startWorkflowsOnly(address, separate);
  const configured = [{ id: camera, spec: SPEC }];
  const it = await startTestWorker({ address, namespace: separate, recorderId: 'apart', role: 'recorder', configured });
  expect(it.recorder.recording.size).toBe(0);
  await it.attached(camera);
  const segment = segmentOf(camera, it.spool, 0);
  it.seal(segment);
  await uploadResult(it.client, segment.id);
  expect(workflows.status()).toMatchObject({ temporal: { isReachable: true }, uploadsInFlight: 0, spool: null });
});
