/** What happens to a recording when its workflow, or its attempt, is ended by hand. */
import { beforeAll, expect, inject, test } from 'vitest';
import type { CameraId } from '../../src/domain/ids.js';
import { freshCamera, temporalCli } from '../support/camera-harness.js';
import { createNamespace } from '../support/temporal-namespace.js';
import { waitFor } from '../support/wait-for.js';
import { SPEC, startTestWorker, TEST_POLICIES, type TestWorker } from '../support/worker-harness.js';

const PROMPT_MS = 4_000;
/** Longer than the test: what happens before happened at once. */
const NEVER_MS = 600_000;

let address: string;
let namespace: string;

beforeAll(async () => {
  ({ address } = inject('temporal'));
  namespace = await createNamespace(address);
});

const cli = async (...args: readonly string[]): Promise<string> => await temporalCli(address, namespace, args);

async function recording(
  recorderId: string,
  policies = {},
): Promise<{ readonly it: TestWorker; readonly camera: CameraId }> {
  const camera = freshCamera(recorderId);
  const configured = [{ id: camera, spec: SPEC }];
  const it = await startTestWorker({ address, namespace, recorderId, configured, policies });
  await it.attached(camera);
  return { it, camera };
}

test('a camera that is terminated stops with the next heartbeat, however seldom recordings are looked at', async () => {
  const { it, camera } = await recording('terminated', { ownershipEveryMs: NEVER_MS, unattachedGraceMs: NEVER_MS });
  const startedAtMs = performance.now();
  await cli('workflow', 'terminate', '--workflow-id', camera, '--reason', 'test');
  await waitFor(() => it.recorder.stopsUnattached.length > 0, { what: 'the stop', deadlineMs: 20_000 });
  expect(performance.now() - startedAtMs).toBeLessThan(PROMPT_MS);
  expect(it.recorder.stopsUnattached).toEqual([{ camera, cause: 'cancelled' }]);
});

test('activity reset restarts FFmpeg at every attempt, and the next one is attached at once', async () => {
  const record = { ...TEST_POLICIES.record, heartbeatTimeout: 20_000 };
  const { it, camera } = await recording('reset', { record });
  for (const attempt of [1, 2, 3]) {
    const startedAtMs = performance.now();
    await cli('activity', 'reset', '--activity-id', 'record', '--workflow-id', camera);
    await it.attached(camera, attempt + 1);
    expect(performance.now() - startedAtMs).toBeLessThan(PROMPT_MS);
    await waitFor(() => it.recorder.of(camera)[attempt - 1]?.end === 'detached', {
      what: 'the attempt before to let go',
      deadlineMs: PROMPT_MS,
    });
    expect(it.recorder.of(camera).map(({ restarts }) => restarts)).toEqual([...Array(attempt).fill(1), 0]);
  }
});

test('a reset of a whole workflow restarts nothing, stops nothing, and is attached again', async () => {
  const { it, camera } = await recording('undone');
  const before = await it.client.workflow.getHandle(camera).describe();
  await cli('workflow', 'reset', '--workflow-id', camera, '--type', 'FirstWorkflowTask', '--reason', 'test');
  await it.attached(camera, 2);
  expect((await it.client.workflow.getHandle(camera).describe()).runId).not.toBe(before.runId);
  await waitFor(() => it.recorder.of(camera)[0]?.end === 'detached', { what: 'the old one', deadlineMs: 10_000 });
  expect(it.recorder.of(camera).map(({ restarts, end }) => [restarts, end])).toEqual([
    [0, 'detached'],
    [0, 'attached'],
  ]);
  expect(it.recorder.stopsUnattached).toEqual([]);
});

test('a camera that is paused stays paused when its workflow is reset', async () => {
  const { it, camera } = await recording('paused');
  await cli('workflow', 'update', 'execute', '--workflow-id', camera, '--name', 'pause');
  await waitFor(async () => (await it.status(camera)).condition.kind === 'paused', {
    what: 'the pause',
    deadlineMs: 10_000,
  });
  const { runId } = await it.client.workflow.getHandle(camera).describe();
  await cli('workflow', 'reset', '--workflow-id', camera, '--type', 'FirstWorkflowTask', '--reason', 'test');
  const isNew = async (): Promise<boolean> => (await it.client.workflow.getHandle(camera).describe()).runId !== runId;
  await waitFor(isNew, { what: 'the new run', deadlineMs: 10_000 });
  await waitFor(async () => (await it.status(camera)).condition.kind === 'paused', {
    what: 'the new run to say that it is paused',
    deadlineMs: 5_000,
  });
  expect((await it.status(camera)).desired).toBe('pause');
  await cli('workflow', 'update', 'execute', '--workflow-id', camera, '--name', 'resume');
  await it.attached(camera, 2);
  expect(it.recorder.of(camera)).toHaveLength(2);
});
