import { beforeAll, expect, onTestFinished, test } from 'vitest';
import type { CameraId } from '../../src/domain/ids.js';
import { takeOver } from '../../src/workers/takeover.js';
import { afterFile } from '../support/after-file.js';
import { freshCamera, uploadResult } from '../support/camera-harness.js';
import { type RollingServer, startRollingServer } from '../support/rolling-server.js';
import { waitFor } from '../support/wait-for.js';
import { assignmentOf, SPEC, segmentOf, startTestWorker, type TestWorker } from '../support/worker-harness.js';

let server: RollingServer;

beforeAll(async () => {
  server = await startRollingServer(afterFile);
});

async function recording(recorderId: string): Promise<{ it: TestWorker; camera: CameraId }> {
  const { address, namespace } = server;
  const camera = freshCamera(recorderId);
  const configured = [{ id: camera, spec: SPEC }];
  const it = await startTestWorker({ address, namespace, recorderId, configured });
  await it.attached(camera);
  return { it, camera };
}

function stopsOf(it: TestWorker, camera: CameraId): readonly unknown[] {
  return [
    ...it.recorder.of(camera).filter(({ end }) => typeof end === 'object'),
    ...it.recorder.stopsUnattached.filter((one) => one.camera === camera),
  ];
}

test('Temporal is killed and comes back: recording never stops, and what was sealed meanwhile is uploaded once', async () => {
  const { it, camera } = await recording('outage');
  const before = segmentOf(camera, it.spool, 0);
  it.seal(before);
  await uploadResult(it.client, before.id);
  await server.kill();
  const during = [1, 2, 3].map((index) => segmentOf(camera, it.spool, index));
  for (const segment of during) it.seal(segment);
  await waitFor(() => !it.worker.status().temporal.isReachable, {
    what: 'the outage to be noticed',
    deadlineMs: 20_000,
  });
  expect(it.recorder.recording.get(camera)?.kind).toBe('recording');
  await server.start();
  for (const segment of during) {
    await waitFor(async () => (await it.spool.find(segment.id))?.kind === 'stored', {
      what: `${segment.id} to be stored`,
      deadlineMs: 30_000,
    });
  }
  await waitFor(() => it.worker.status().temporal.isReachable, { what: 'Temporal to be back', deadlineMs: 20_000 });
  expect(it.worker.status().uploads.get(camera)).toMatchObject({ uploadedSegments: 4, failures: 0 });
  const after = segmentOf(camera, it.spool, 4);
  it.seal(after);
  await uploadResult(it.client, after.id);
  await waitFor(() => it.recorder.of(camera).at(-1)?.end === 'attached', { what: 're-attachment', deadlineMs: 20_000 });
  expect(stopsOf(it, camera)).toEqual([]);
}, 90_000);

test('Temporal hangs while everything is stopped: no recording waits for it', async () => {
  const { it } = await recording('hanging');
  server.hang();
  onTestFinished(() => server.goOn());
  const stopped = it.worker.stop('stop');
  await waitFor(() => it.recorder.closed === 'stop', { what: 'the recorder to be closed', deadlineMs: 2_000 });
  server.goOn();
  await stopped;
}, 60_000);

test('continue-as-new while the recording runs: it goes on, attached by the next run, and no segment is lost', async () => {
  const { it, camera } = await recording('roll');
  const handle = it.client.workflow.getHandle(camera);
  const { runId } = await handle.describe();
  const segments = Array.from({ length: 12 }, (_, index) => segmentOf(camera, it.spool, index));
  for (const segment of segments) {
    it.seal(segment);
    await uploadResult(it.client, segment.id);
  }
  await waitFor(async () => (await handle.describe()).runId !== runId, { what: 'the next run', deadlineMs: 15_000 });
  await it.attached(camera, 2);
  const status = await it.status(camera);
  expect(status.recorder).toBe(it.spool.recorder);
  expect(status.recent.map(({ segment }) => segment)).toEqual(segments.map(({ id }) => id));
  expect(status.spec).toEqual(SPEC);
  const last = it.recorder.of(camera).at(-1);
  expect(last?.options.lastEndedAtMs).toBeGreaterThan(0);
  // The first attempt lives on until its next heartbeat: its end must stop nothing (INV-5).
  await waitFor(() => it.recorder.of(camera)[0]?.end === 'detached', {
    what: 'the old attempt to let go',
    deadlineMs: 10_000,
  });
  expect(last?.end).toBe('attached');
  expect(stopsOf(it, camera)).toEqual([]);
}, 60_000);

test('the attempt of a worker that crashed is ended by its task token, and the next one is attached at once', async () => {
  const { it, camera } = await recording('crashed');
  const [first] = it.recorder.of(camera);
  const taskToken = first?.options.taskToken ?? null;
  expect(taskToken).not.toBeNull();
  const assignment = { ...assignmentOf(camera), taskToken };
  const log = { info: () => undefined, warn: () => undefined } as never;
  const session = { ask: async (rpc: (client: unknown) => Promise<unknown>) => await rpc(it.client) } as never;
  const startedAtMs = performance.now();
  await takeOver(session, [assignment], log);
  await it.attached(camera, 2);
  expect(performance.now() - startedAtMs).toBeLessThan(5_000);
  await waitFor(() => first?.end === 'detached', { what: 'the old attempt to end', deadlineMs: 10_000 });
  expect(it.recorder.of(camera)[1]?.end).toBe('attached');
  // A stale token does nothing.
  await takeOver(session, [assignment], log);
  expect(stopsOf(it, camera)).toEqual([]);
});
