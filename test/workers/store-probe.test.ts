import { pino } from 'pino';
import { expect, inject, test } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { failureTexts } from '../../src/domain/failures.js';
import { parseCameraId, parseRecorderId } from '../../src/domain/ids.js';
import { MemoryStore } from '../../src/object-store/memory.js';
import { StoreError } from '../../src/object-store/object-store.js';
import { redact } from '../../src/redact.js';
import { createLink } from '../../src/workers/link.js';
import { createStoreProbe } from '../../src/workers/store-probe.js';
import { UploadLedger } from '../../src/workers/upload-ledger.js';
import { uploadWorkflowIdOf } from '../../src/workflows/contract.js';
import { freshCamera, uploadResult } from '../support/camera-harness.js';
import { sealedSegment } from '../support/memory-spool.js';
import { createNamespace } from '../support/temporal-namespace.js';
import { waitFor } from '../support/wait-for.js';
import { SPEC, segmentOf, startTestWorker } from '../support/worker-harness.js';

const segment = sealedSegment(parseCameraId('camera-1'), parseRecorderId('probes'), 0, Date.UTC(2025, 11, 14));

test.each([
  { code: 'store-forbidden', message: 'begin camera-1/a.mp4: 403 AccessDenied', isShown: true },
  { code: 'store-body-limit', message: 'upload part 1: 413', isShown: true },
  { code: 'store-busy', message: 'begin: 503', isShown: false },
] as const)('a store that answers and refuses uploads ($code) is shown until it takes one: $isShown', async (row) => {
  const log = pino({ level: 'silent' });
  const link = createLink('store', systemClock, log);
  const ledger = new UploadLedger({ clock: systemClock, log, store: link });
  const probe = createStoreProbe({ ensureBucket: async () => 'exists' }, link, log, () => ledger.isRefused);
  const signal = AbortSignal.timeout(5_000);
  await probe(signal);
  expect(link.status().isReachable).toBe(true);
  ledger.failed(segment.id, row.code, row.message);
  await probe(signal);
  expect(link.status()).toMatchObject(
    row.isShown ? { isReachable: false, detail: failureTexts[row.code].what } : { isReachable: true, detail: null },
  );
  ledger.stored(segment);
  await probe(signal);
  expect(link.status().isReachable).toBe(true);
});

test('with a real Temporal, the workflow and the page say in words what is wrong, until it is right', async () => {
  const { address } = inject('temporal');
  const camera = freshCamera();
  let isForbidden = true;
  const store = new MemoryStore({
    onRequest: ({ operation, when }) => {
      if (!isForbidden || operation !== 'createUpload' || when !== 'before') return;
      throw new StoreError('store-forbidden', redact('begin: 403 AccessDenied'));
    },
  });
  const it = await startTestWorker({
    ...{ address, namespace: await createNamespace(address), recorderId: 'refused', store },
    configured: [{ id: camera, spec: SPEC }],
    policies: { slowRetryMs: 300, probeEveryMs: 100 },
  });
  await it.attached(camera);
  const segment = segmentOf(camera, it.spool, 0);
  it.seal(segment);
  const upload = it.client.workflow.getHandle(uploadWorkflowIdOf(segment.id));
  const failure = await waitFor(
    async () =>
      (await upload.describe()).raw.pendingActivities?.find(({ attempt }) => Number(attempt) > 2)?.lastFailure,
    { what: 'a second failure', deadlineMs: 20_000 },
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
