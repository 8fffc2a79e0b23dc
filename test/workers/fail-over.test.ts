import { beforeAll, expect, inject, test } from 'vitest';
import { freshCamera } from '../support/camera-harness.js';
import { FakeRecorder } from '../support/fake-recorder.js';
import { createNamespace } from '../support/temporal-namespace.js';
import { waitFor } from '../support/wait-for.js';
import { SPEC, startTestWorker } from '../support/worker-harness.js';

let address: string;
let namespace: string;

beforeAll(async () => {
  ({ address } = inject('temporal'));
  namespace = await createNamespace(address);
});

test('a recorder that is gone for good is followed by another one, and lets the camera go when it returns', async () => {
  const camera = freshCamera();
  const configured = [{ id: camera, spec: SPEC }];
  const first = await startTestWorker({ address, namespace, recorderId: 'first', configured });
  await first.attached(camera);
  first.recorder.lastEndedAtMs = 1;
  await first.worker.stop('detach');
  const second = await startTestWorker({ address, namespace, recorderId: 'second' });
  await second.attached(camera);
  await waitFor(async () => (await second.status(camera)).condition.kind === 'recording', {
    what: 'the second one to be shown recording',
    deadlineMs: 15_000,
  });
  expect((await second.status(camera)).recorder).toBe('second');

  const { spool } = first;
  const returned = await startTestWorker({ address, namespace, recorderId: 'first', spool, configured });
  expect(returned.recorder.recording.get(camera)?.kind).toBe('recording');
  await waitFor(() => returned.recorder.stopsUnattached.length > 0, {
    what: 'the camera to be let go',
    deadlineMs: 15_000,
  });
  expect(returned.recorder.stopsUnattached).toEqual([{ camera, cause: 'moved' }]);
  expect(second.recorder.of(camera).at(-1)?.end).toBe('attached');
});

test('a recorder that comes back within the time is attached again, though another one is free', async () => {
  const camera = freshCamera();
  const first = await startTestWorker({
    address,
    namespace,
    recorderId: 'short',
    configured: [{ id: camera, spec: SPEC }],
    // Its workflow waits 7.5 s for it, not the 0.75 s of the other tests.
    policies: { timeScale: 0.5 },
  });
  await first.attached(camera);
  const other = new FakeRecorder();
  await startTestWorker({ address, namespace, recorderId: 'other', recorder: other });
  const { spool } = first;
  await first.worker.stop('detach');
  const again = await startTestWorker({ address, namespace, recorderId: 'short', spool });
  await again.attached(camera);
  expect(other.of(camera)).toEqual([]);
});
