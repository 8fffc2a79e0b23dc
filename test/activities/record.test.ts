import { expect, test } from 'vitest';
import { createRecordActivities, type RecordAttempt } from '../../src/activities/record.js';
import type { StopCause } from '../../src/domain/camera.js';
import { parseCameraId } from '../../src/domain/ids.js';
import { runActivity } from '../support/activity-run.js';
import { FakeRecorder } from '../support/fake-recorder.js';
import { waitFor } from '../support/wait-for.js';
import { SPEC } from '../support/worker-harness.js';

const camera = parseCameraId('camera-3');
const INPUT = { camera, spec: SPEC, lastEndedAtMs: 5, notBeforeMs: 7 };

function attached(stopCause: StopCause | null = 'cancelled', isReset = false) {
  const recorder = new FakeRecorder();
  const announced: string[] = [];
  const asked: RecordAttempt[] = [];
  const detached: string[] = [];
  const { recordCamera } = createRecordActivities({
    recorder,
    heartbeatEveryMs: 10,
    onAttached: () => undefined,
    onDetached: () => void detached.push(JSON.stringify(recorder.attachments.at(-1)?.end)),
    askStopCause: async () => stopCause,
    askReset: async (_, attempt) => {
      asked.push(attempt);
      return isReset;
    },
    announce: async (one) => void announced.push(one),
  });
  const start = async (taskToken?: string) => {
    const before = recorder.attachments.length;
    const run = runActivity(async () => await recordCamera(INPUT), taskToken);
    run.outcome.catch(() => undefined);
    await waitFor(() => recorder.attachments.length > before, { what: 'the attachment', deadlineMs: 2_000 });
    return run;
  };
  return { recorder, announced, asked, detached, start };
}

test.each([
  ['cancelRequested', { stopped: 'cancelled' }],
  ['paused', { stopped: 'paused' }],
  ['reset', 'detached'],
  ['notFound', 'detached'],
  ['timedOut', 'detached'],
  ['workerShutdown', 'detached'],
] as const)('an attempt that ends by %s leaves the recording %o', async (cause, end) => {
  const { recorder, start } = attached();
  const run = await start();
  run.end(cause);
  await expect(run.outcome).rejects.toMatchObject({ name: 'CancelledFailure' });
  expect(recorder.attachments[0]?.end).toEqual(end);
});

test('a reset restarts the recording at once, and lets go of it', async () => {
  const { recorder, announced, start } = attached();
  const run = await start();
  run.end('reset');
  await expect(run.outcome).rejects.toMatchObject({ name: 'CancelledFailure' });
  expect(recorder.attachments[0]).toMatchObject({ restarts: 1, end: 'detached' });
  expect(announced).toEqual([]);
});

test('a later attempt is not told of its reset, and asks: the recording is restarted all the same', async () => {
  const { recorder, asked, start } = attached(null, true);
  const run = await start();
  run.end('notFound');
  await expect(run.outcome).rejects.toMatchObject({ name: 'CancelledFailure' });
  expect(asked).toEqual([{ runId: 'run-1', number: 2 }]);
  expect(recorder.attachments[0]).toMatchObject({ restarts: 1, end: 'detached' });
});

test.each(['cancelRequested', 'paused', 'timedOut', 'workerShutdown'] as const)(
  'an attempt that ends by %s asks nobody whether it was reset',
  async (cause) => {
    const { recorder, asked, start } = attached('cancelled', true);
    const run = await start();
    run.end(cause);
    await expect(run.outcome).rejects.toThrow();
    expect(asked).toEqual([]);
    expect(recorder.attachments[0]?.restarts).toBe(0);
  },
);

test('whoever watches over recordings is told once an attempt has let go', async () => {
  const { detached, start } = attached();
  const run = await start();
  expect(detached).toEqual([]);
  run.end('notFound');
  await expect(run.outcome).rejects.toThrow();
  expect(detached).toEqual(['"detached"']);
});

test.each([
  ['is being reconfigured', 'reconfigured'],
  ['does not answer', null],
] as const)('a cancel by a workflow that %s stops nothing', async (_, stopCause) => {
  const { recorder, start } = attached(stopCause);
  const run = await start();
  run.end('cancelRequested');
  await expect(run.outcome).rejects.toMatchObject({ name: 'CancelledFailure' });
  expect(recorder.attachments[0]).toMatchObject({ restarts: 0, end: 'detached' });
});

test('what the workflow says about a cancel is what the recorder is told, and the last end comes back', async () => {
  const { recorder, announced, start } = attached('paused');
  recorder.lastEndedAtMs = 42;
  const run = await start();
  run.end('cancelRequested');
  await expect(run.outcome).rejects.toMatchObject({ details: [{ lastEndedAtMs: 42 }] });
  expect(recorder.attachments[0]?.end).toEqual({ stopped: 'paused' });
  expect(announced).toEqual([camera]);
});

test('a newer attempt supersedes: the older one ends, and even its cancel stops nothing', async () => {
  const { recorder, start } = attached();
  const older = await start('b2xk');
  const newer = await start('bmV3');
  older.end('cancelRequested');
  await expect(older.outcome).rejects.toMatchObject({ type: 'superseded', nonRetryable: false });
  expect(recorder.attachments.map(({ end }) => end)).toEqual(['detached', 'attached']);
  newer.end('notFound');
  await expect(newer.outcome).rejects.toThrow();
});

test('the attempt is journaled by its task token, and heartbeats what the camera does', async () => {
  const { recorder, start } = attached();
  const run = await start('dGhlIHRva2Vu');
  expect(recorder.attachments[0]?.options).toEqual({ lastEndedAtMs: 5, notBeforeMs: 7, taskToken: 'dGhlIHRva2Vu' });
  recorder.setCondition(camera, { kind: 'connecting', sinceMs: 1 });
  await waitFor(() => run.heartbeats.at(-1) && (run.heartbeats.at(-1) as { kind: string }).kind === 'connecting', {
    what: 'a heartbeat of the change',
    deadlineMs: 2_000,
  });
  run.end('notFound');
  await expect(run.outcome).rejects.toThrow();
});

test('heartbeats go on while a recording is being stopped', async () => {
  const { recorder, start } = attached();
  const release = deferred();
  recorder.beforeStopped = async () => await release.promise;
  const run = await start();
  run.end('cancelRequested');
  const before = run.heartbeats.length;
  await waitFor(() => run.heartbeats.length > before + 2, { what: 'more heartbeats', deadlineMs: 2_000 });
  release.resolve();
  await expect(run.outcome).rejects.toThrow();
});

function deferred() {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
