import { beforeAll, expect, inject, test } from 'vitest';
import { freshCamera, uploadResult } from '../support/camera-harness.js';
import { createNamespace } from '../support/temporal-namespace.js';
import { waitFor } from '../support/wait-for.js';
import { SPEC, segmentOf, startTestWorker, type TestWorker } from '../support/worker-harness.js';

/** A camera-day of 96 segments may cost 2,400 events. */
const EVENTS_A_SEGMENT = 2_400 / 96;
const BACKLOG = 120;
const NOTICES_A_SIGNAL = 50;

let address: string;
let namespace: string;

beforeAll(async () => {
  ({ address } = inject('temporal'));
  namespace = await createNamespace(address);
});

async function eventsOf(it: TestWorker, workflowId: string) {
  return (await it.client.workflow.getHandle(workflowId).fetchHistory()).events ?? [];
}

test('a segment costs at most its share of a day’s events', async () => {
  const camera = freshCamera();
  const it = await startTestWorker({
    address,
    namespace,
    recorderId: 'thrifty',
    configured: [{ id: camera, spec: SPEC }],
  });
  await it.attached(camera);
  await waitFor(async () => (await it.status(camera)).condition.kind === 'recording', {
    what: 'quiet',
    deadlineMs: 10_000,
  });
  const before = (await eventsOf(it, camera)).length;
  const segments = Array.from({ length: 6 }, (_, index) => segmentOf(camera, it.spool, index));
  let ofUploads = 0;
  for (const segment of segments) {
    it.seal(segment);
    await uploadResult(it.client, segment.id);
    ofUploads += (await eventsOf(it, `upload/${segment.id}`)).length;
  }
  const ofCamera = (await eventsOf(it, camera)).length - before;
  expect((ofCamera + ofUploads) / segments.length).toBeLessThanOrEqual(EVENTS_A_SEGMENT);
});

test('a backlog is announced in a few signals, and each segment is uploaded once', async () => {
  const camera = freshCamera();
  const it = await startTestWorker({
    address,
    namespace,
    recorderId: 'behind',
    configured: [{ id: camera, spec: SPEC }],
  });
  await it.attached(camera);
  for (let index = 0; index < BACKLOG; index++) it.spool.add(segmentOf(camera, it.spool, index));
  it.recorder.emitSealed(segmentOf(camera, it.spool, 0));
  await waitFor(() => it.worker.status().uploads.get(camera)?.uploadedSegments === BACKLOG, {
    what: 'the backlog to be stored',
    deadlineMs: 60_000,
  });
  const events = await eventsOf(it, camera);
  const signals = events.filter(
    ({ workflowExecutionSignaledEventAttributes: signal }) => signal?.signalName === 'segmentsSealed',
  );
  expect(signals.length).toBe(Math.ceil(BACKLOG / NOTICES_A_SIGNAL));
  const started = events.filter((event) => event.startChildWorkflowExecutionInitiatedEventAttributes);
  expect(started).toHaveLength(BACKLOG);
}, 90_000);
