import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { CameraId } from '../../src/domain/ids.js';
import { freshCamera, temporalCli } from '../support/camera-harness.js';
import { createNamespace } from '../support/temporal-namespace.js';
import { waitFor } from '../support/wait-for.js';
import { SPEC, startTestWorker, type TestWorker } from '../support/worker-harness.js';

/** Every command the documentation tells people to type, through the real tool. */
let address: string;
let namespace: string;
let it: TestWorker;
let closing: () => Promise<void>;

beforeAll(async () => {
  ({ address } = inject('temporal'));
  namespace = await createNamespace(address);
  it = await startTestWorker({ address, namespace, recorderId: 'typed', register: (close) => (closing = close) });
});
afterAll(async () => await closing?.());

const cli = async (...args: readonly string[]): Promise<string> => await temporalCli(address, namespace, args);

async function started(input: unknown = { spec: SPEC, timeScale: 0.05 }): Promise<CameraId> {
  const camera = freshCamera('typed');
  await cli(
    ...['workflow', 'start', '--type', 'Camera', '--task-queue', 'camera-recorder', '--workflow-id', camera],
    ...['--fail-existing', '--input', JSON.stringify(input)],
  );
  await it.attached(camera);
  return camera;
}

/** With its payloads as text. */
const readable = (history: unknown): string =>
  JSON.stringify(history).replace(/"data":"([^"]+)"/g, (_, data: string) => Buffer.from(data, 'base64').toString());

const endOf = (camera: CameraId) => it.recorder.of(camera).at(-1)?.end;

test('start with only a secret records with the defaults; a second start fails and says why', async () => {
  const input = { spec: { source: { kind: 'secret', name: 'camera-3' } } };
  const camera = await started(input);
  expect(it.recorder.of(camera)[0]?.spec).toMatchObject({ segmentDurationSec: 900, audio: 'aac' });
  const again = cli(
    ...['workflow', 'start', '--type', 'Camera', '--task-queue', 'camera-recorder', '--workflow-id', camera],
    ...['--fail-existing', '--input', JSON.stringify(input)],
  );
  await expect(again).rejects.toThrow(/already (started|running)/i);
});

test('query status answers with what is wanted, where and how', async () => {
  const camera = await started();
  await waitFor(async () => (await it.status(camera)).condition.kind === 'recording', {
    what: 'the workflow to hear that it records',
    deadlineMs: 10_000,
  });
  const text = await cli('workflow', 'query', '--workflow-id', camera, '--type', 'status', '-o', 'json');
  expect(text).toContain('"desired": "record"');
  expect(text).toContain('"recorder": "typed"');
});

test('metadata shows the state in words and explains every handler', async () => {
  const camera = await started();
  await waitFor(async () => (await cli('workflow', 'metadata', '--workflow-id', camera)).includes('Recording since'), {
    what: 'the details to say that it records',
    deadlineMs: 10_000,
    pollMs: 200,
  });
  const text = await cli('workflow', 'metadata', '--workflow-id', camera);
  expect(text).toContain('Recorder: `typed`');
  expect(text).toContain('Stop recording until `resume`');
});

test('update pause, resume and reconfigure do what they say, and a wrong setting is refused in words', async () => {
  const camera = await started();
  const update = async (name: string, ...more: readonly string[]): Promise<string> =>
    await cli('workflow', 'update', 'execute', '--workflow-id', camera, '--name', name, ...more);
  await expect(update('pause', '--input', '"the wall"')).rejects.toThrow(/painting the wall/);
  await update('pause', '--input', '{"reason":"painting the wall"}');
  await waitFor(() => endOf(camera) !== 'attached', { what: 'the pause', deadlineMs: 10_000 });
  expect(endOf(camera)).toEqual({ stopped: 'paused' });
  const details = async (): Promise<string> => await cli('workflow', 'metadata', '--workflow-id', camera);
  expect(await details()).toMatch(/Paused since .*: painting the wall/);
  expect(
    JSON.parse(await cli('workflow', 'query', '--workflow-id', camera, '--type', 'status', '-o', 'json')),
  ).toMatchObject({ queryResult: [{ desired: 'pause', pauseReason: 'painting the wall' }] });
  await update('resume');
  expect(await details()).not.toMatch(/Paused since/);
  await it.attached(camera, 2);
  await expect(update('reconfigure', '--input', '{"segmentDurationSec":7}')).rejects.toThrow(/must divide a day/);
  await expect(
    update('reconfigure', '--input', '{"source":{"kind":"url","rtspUrl":"rtsp://u:hunter2@h/s"}}'),
  ).rejects.toThrow(/CAMERA_SECRETS_DIR/);
  await update('reconfigure', '--input', '{"segmentDurationSec":300}');
  await it.attached(camera, 3);
  await update('reconfigure', '--input', '{"audio":"off"}');
  await it.attached(camera, 4);
  expect(it.recorder.of(camera).at(-1)?.spec).toMatchObject({ segmentDurationSec: 300, audio: 'off' });
  const history = readable(await it.client.workflow.getHandle(camera).fetchHistory());
  expect(history).toContain('"segmentDurationSec":300');
  expect(history).not.toContain('hunter2');
});

test('activity pause stops FFmpeg until unpause', async () => {
  const camera = await started();
  await cli('activity', 'pause', '--activity-id', 'record', '--workflow-id', camera, '--reason', 'ladder');
  await waitFor(() => endOf(camera) !== 'attached', { what: 'the stop', deadlineMs: 10_000 });
  expect(endOf(camera)).toEqual({ stopped: 'paused' });
  expect(await cli('workflow', 'describe', '--workflow-id', camera)).toContain('Paused');
  await cli('activity', 'unpause', '--activity-id', 'record', '--workflow-id', camera);
  await it.attached(camera, 2);
});

test('activity pause that lasts longer than any timeout still resumes', async () => {
  const camera = await started({ spec: SPEC, timeScale: 0.02 });
  await cli('activity', 'pause', '--activity-id', 'record', '--workflow-id', camera);
  await waitFor(() => endOf(camera) !== 'attached', { what: 'the stop', deadlineMs: 10_000 });
  const before = it.recorder.of(camera).length;
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  expect(it.recorder.of(camera)).toHaveLength(before);
  await cli('activity', 'unpause', '--activity-id', 'record', '--workflow-id', camera);
  await it.attached(camera, before + 1);
});

test('activity reset restarts FFmpeg', async () => {
  const camera = await started();
  await cli('activity', 'reset', '--activity-id', 'record', '--workflow-id', camera);
  await it.attached(camera, 2);
  expect(it.recorder.of(camera)[0]).toMatchObject({ restarts: 1, end: 'detached' });
});

test('describe lists what the recording reports', async () => {
  const camera = await started();
  await waitFor(
    async () => {
      const text = await cli('workflow', 'describe', '--workflow-id', camera);
      return text.includes('recordCamera') && text.includes(camera);
    },
    { what: 'the activity in the description', deadlineMs: 10_000, pollMs: 200 },
  );
});

test('list finds cameras by what they do and by their name, and count counts those that run', async () => {
  const camera = await started();
  const listed = async (query: string): Promise<string> => await cli('workflow', 'list', '--query', query);
  await waitFor(async () => (await listed('CameraState="recording" AND Recorder="typed"')).includes(camera), {
    what: 'the camera in the list',
    deadlineMs: 10_000,
    pollMs: 200,
  });
  const byName = await listed(`CameraId="${camera}"`);
  expect(byName.match(/typed-[\w-]+/g)).toEqual([camera]);
  const counted = await cli('workflow', 'count', '--query', 'WorkflowType="Camera" AND ExecutionStatus="Running"');
  expect(Number(/^Total: (\d+)/.exec(counted)?.[1])).toBeGreaterThan(0);
});

test('cancel stops FFmpeg and ends the camera', async () => {
  const camera = await started();
  await cli('workflow', 'cancel', '--workflow-id', camera);
  await expect(it.client.workflow.getHandle(camera).result()).rejects.toThrow(/cancel/i);
  expect(endOf(camera)).toEqual({ stopped: 'cancelled' });
});

test('cancel ends a camera whose activity is paused', async () => {
  const camera = await started();
  await cli('activity', 'pause', '--activity-id', 'record', '--workflow-id', camera);
  await waitFor(() => endOf(camera) !== 'attached', { what: 'the stop', deadlineMs: 10_000 });
  await cli('workflow', 'cancel', '--workflow-id', camera);
  await expect(it.client.workflow.getHandle(camera).result()).rejects.toThrow(/cancel/i);
});

test('terminate: the recording is let go, and stopped once Temporal says so', async () => {
  const camera = await started();
  await cli('workflow', 'terminate', '--workflow-id', camera, '--reason', 'test');
  await waitFor(() => it.recorder.stopsUnattached.some((one) => one.camera === camera), {
    what: 'the ownership check to stop it',
    deadlineMs: 15_000,
  });
  expect(endOf(camera)).toBe('detached');
});
