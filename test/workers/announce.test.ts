import { expect, inject, test } from 'vitest';
import type { SpooledSegment } from '../../src/spool/spool.js';
import { uploadWorkflowIdOf } from '../../src/workflows/contract.js';
import { freshCamera, uploadResult } from '../support/camera-harness.js';
import { createNamespace } from '../support/temporal-namespace.js';
import { waitFor } from '../support/wait-for.js';
import { SPEC, segmentOf, startTestWorker } from '../support/worker-harness.js';

test('an upload that completed while the spool was scanned is not started again', async () => {
  const { address } = inject('temporal');
  const namespace = await createNamespace(address);
  const camera = freshCamera();
  const configured = [{ id: camera, spec: SPEC }];
  const policies = { untouchedMs: 50, scanEveryMs: 100 };
  const it = await startTestWorker({ address, namespace, recorderId: 'slow-scan', configured, policies });
  await it.attached(camera);
  const segment = segmentOf(camera, it.spool, 0);
  it.seal(segment);
  await uploadResult(it.client, segment.id);
  const upload = it.client.workflow.getHandle(uploadWorkflowIdOf(segment.id));
  const { runId } = await upload.describe();

  let scans = 0;
  it.spool.list = async function* (): AsyncIterable<SpooledSegment> {
    scans += 1;
    yield { kind: 'sealed', segment, sealedAtMs: Date.now() };
  };
  await waitFor(() => scans >= 4, { what: 'scans that began before the receipt', deadlineMs: 10_000 });
  expect((await upload.describe()).runId).toBe(runId);
});
