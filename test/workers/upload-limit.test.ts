import { beforeAll, expect, inject, test } from 'vitest';
import { MemoryStore } from '../../src/object-store/memory.js';
import { freshCamera, uploadResult } from '../support/camera-harness.js';
import { createNamespace } from '../support/temporal-namespace.js';
import { waitFor } from '../support/wait-for.js';
import { SPEC, segmentOf, startTestWorker } from '../support/worker-harness.js';

const LIMIT = 2;
const CAMERAS = 3;
const SEGMENTS = 3;
let namespace: string;

beforeAll(async () => {
  namespace = await createNamespace(inject('temporal').address);
});

test('never more uploads at once than MAX_CONCURRENT_UPLOADS, over all cameras', async () => {
  const { address } = inject('temporal');
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  /** Keys that are being sent. */
  const sending = new Set<string>();
  let most = 0;
  const store = new MemoryStore({
    onRequest: async ({ when, operation, target }) => {
      if (operation === 'createUpload' && when === 'before') {
        sending.add(target);
        most = Math.max(most, sending.size);
        await opened;
      }
      if (operation === 'complete' && when === 'after') sending.delete(target);
    },
  });
  const cameras = Array.from({ length: CAMERAS }, () => freshCamera());
  const configured = cameras.map((id) => ({ id, spec: SPEC }));
  const it = await startTestWorker({
    address,
    namespace,
    recorderId: 'limit',
    configured,
    store,
    maxConcurrentUploads: LIMIT,
  });
  for (const camera of cameras) await it.attached(camera);
  const segments = cameras.flatMap((camera) =>
    Array.from({ length: SEGMENTS }, (_, index) => segmentOf(camera, it.spool, index)),
  );
  for (const segment of segments) it.seal(segment);
  const running = "WorkflowType = 'UploadSegment' AND ExecutionStatus = 'Running'";
  await waitFor(async () => (await it.client.workflow.count(running)).count === segments.length, {
    what: 'all uploads to be asked for',
    deadlineMs: 20_000,
    pollMs: 100,
  });
  await waitFor(() => sending.size === LIMIT, { what: 'the store to be busy', deadlineMs: 10_000 });
  expect(it.worker.status().uploadsInFlight).toBe(LIMIT);

  open();
  await Promise.all(segments.map(async ({ id }) => await uploadResult(it.client, id)));
  expect(most).toBe(LIMIT);
});
