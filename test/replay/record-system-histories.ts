/** Histories of cameras that are really recorded: one for each case, with the real program, FFmpeg, server, store and command line. */
import { inject } from 'vitest';
import { RECORD_ACTIVITY_ID } from '../../src/workflows/contract.js';
import { startFaultProxy } from '../object-store/fault-proxy.js';
import { startRollingServer } from '../support/rolling-server.js';
import { createNamespace } from '../support/temporal-namespace.js';
import { startFleet } from '../support/two-recorders.js';
import { waitFor } from '../support/wait-for.js';
import { CAMERAS, DEADLINE_MS, idOf, type Name, RecordedSystem, type Save } from './recorded-system.js';

const SEGMENT_SEC = 4;
const SEGMENT_MS = SEGMENT_SEC * 1_000;
const TIME_SCALE = '0.1';

export async function recordSystemHistories(save: Save, register: (close: () => Promise<void>) => unknown) {
  const server = await startRollingServer(register);
  const store = await startFaultProxy(inject('s3').endpoint);
  register(async () => await store.close());
  const fleet = await startFleet({
    register,
    temporal: server,
    cameras: CAMERAS.map(() => ({})),
    segmentSec: SEGMENT_SEC,
    env: { CAMERA_RECORDER_TIME_SCALE: TIME_SCALE, S3_ENDPOINT: store.endpoint },
  });
  const it = new RecordedSystem(fleet, server, save);
  fleet.first.start();
  await Promise.all(CAMERAS.map(async (name) => await it.attached(name)));
  await workerCrash(it);
  await Promise.all([
    activityVerbs(it),
    workflowReset(it),
    terminated(it),
    cancelled(it),
    pausedAndResumed(it),
    rival(it),
  ]);
  await rolledWithSignals(it);
  store.inject({ kind: 'down', matches: /./ });
  await rolledWhileUploading(it, async () => store.heal());
  await rolledInOutage(it);
  await moved(it);
  await wiped(it);
}

async function workerCrash(it: RecordedSystem): Promise<void> {
  const attempt = await it.attempt('crash');
  process.kill(it.fleet.first.process.workerPid() ?? Number.NaN, 'SIGKILL');
  await Promise.all(CAMERAS.map(async (name) => await it.nextAttempt(name, attempt)));
  await it.temporal.workflow.getHandle(idOf('crash')).cancel();
  await it.closed('crash');
  await it.keep('camera-worker-crash', 'crash');
}

async function activityVerbs(it: RecordedSystem): Promise<void> {
  const verb = async (word: string, name: Name): Promise<string> =>
    await it.cli('activity', word, '--activity-id', RECORD_ACTIVITY_ID, '--workflow-id', idOf(name));
  const before = { reset: await it.attempt('reset'), held: await it.attempt('held') };
  await verb('reset', 'reset');
  await it.nextAttempt('reset', before.reset);
  await verb('pause', 'held');
  await it.stopped('held');
  await verb('unpause', 'held');
  await it.nextAttempt('held', before.held);
  for (const name of ['reset', 'held'] as const) {
    await it.workflow('cancel', name);
    await it.closed(name);
  }
  await it.keep('camera-activity-reset', 'reset');
  await it.keep('camera-activity-paused', 'held');
}

async function workflowReset(it: RecordedSystem): Promise<void> {
  const before = await it.runId('undone');
  await it.workflow('reset', 'undone', '--type', 'LastWorkflowTask', '--reason', 'test');
  await it.nextRun('undone', before);
  await it.attached('undone');
  await it.keep('camera-workflow-reset', 'undone');
}

async function terminated(it: RecordedSystem): Promise<void> {
  const before = await it.runId('ended');
  await it.workflow('terminate', 'ended');
  await it.stopped('ended');
  const spec = { source: { kind: 'secret', name: idOf('ended') }, segmentDurationSec: SEGMENT_SEC };
  const input = JSON.stringify({ spec, timeScale: Number(TIME_SCALE) });
  await it.workflow('start', 'ended', '--type', 'Camera', '--task-queue', 'camera-recorder', '--input', input);
  await it.attached('ended');
  await it.keep('camera-terminated', 'ended', '--run-id', before);
  await it.keep('camera-started-again', 'ended');
}

async function cancelled(it: RecordedSystem): Promise<void> {
  await it.workflow('cancel', 'stopped');
  await it.closed('stopped');
  await it.keep('camera-stopped', 'stopped');
}

async function pausedAndResumed(it: RecordedSystem): Promise<void> {
  await it.workflow('update', 'paused', 'pause');
  await it.stopped('paused');
  await it.workflow('update', 'paused', 'resume');
  await it.attached('paused');
  await it.keep('camera-paused-resumed', 'paused');
}

/** Somebody else's bytes are there already, under the key of the segment to come. */
async function rival(it: RecordedSystem): Promise<void> {
  const { store } = it.fleet.system;
  const camera = idOf('rival');
  const atMs = (Math.floor(Date.now() / SEGMENT_MS) + 2) * SEGMENT_MS;
  const [day = '', time = ''] = new Date(atMs).toISOString().slice(0, 19).split('T');
  const key = `${camera}/${day.replaceAll('-', '')}/${time.replaceAll(':', '-')}_${camera}.mp4`;
  await store.putSmall(key as never, new Uint8Array(100), {}, AbortSignal.timeout(DEADLINE_MS));
  const stored = await waitFor(
    async () => (await it.fleet.system.stored(camera)).find(({ segment }) => segment.nominalStartMs === atMs),
    { what: 'the segment beside its rival', deadlineMs: DEADLINE_MS, pollMs: 500 },
  );
  await it.keepUpload('upload-rival-key', stored.segment.id);
  const plain = (await it.fleet.system.stored(camera)).find(({ segment }) => segment.nominalStartMs !== atMs);
  await it.keepUpload('upload', plain?.segment.id ?? '');
}

/** So many at once that some come while the workflow decides to roll over. */
async function rolledWithSignals(it: RecordedSystem): Promise<void> {
  const before = await it.runId('with-signals');
  const handle = it.temporal.workflow.getHandle(idOf('with-signals'));
  let isDone = false;
  const send = async (): Promise<void> => {
    while (!isDone) await handle.signal('segmentsSealed', []);
  };
  const senders = Array.from({ length: 8 }, send);
  await it.nextRun('with-signals', before);
  isDone = true;
  await Promise.all(senders);
  await it.keep('camera-rolled-with-signals', 'with-signals', '--run-id', before);
}

/** While the store is away: one upload waits for it, one is cancelled. */
async function rolledWhileUploading(it: RecordedSystem, heal: () => Promise<void>): Promise<void> {
  const camera = idOf('while-uploading');
  const running = `WorkflowType = 'UploadSegment' AND ExecutionStatus = 'Running' AND CameraId = '${camera}'`;
  const waiting = await waitFor(
    async () => {
      const found: string[] = [];
      for await (const { workflowId } of it.temporal.workflow.list({ query: running })) found.push(workflowId);
      return found.length >= 2 && found;
    },
    { what: 'two uploads that wait', deadlineMs: DEADLINE_MS, pollMs: 500 },
  );
  const before = await it.roll('while-uploading');
  const [first = '', second = ''] = waiting;
  await waitFor(
    async () => ((await it.temporal.workflow.getHandle(first).describe()).raw.pendingActivities?.[0]?.attempt ?? 0) > 1,
    { what: 'the upload to be tried again', deadlineMs: DEADLINE_MS },
  );
  const { runId } = await it.temporal.workflow.getHandle(second).describe();
  await it.cli('workflow', 'cancel', '--workflow-id', second, '--run-id', runId);
  await it.temporal.workflow
    .getHandle(second, runId)
    .result()
    .catch(() => undefined);
  await it.save('upload-cancelled', second, '--run-id', runId);
  await heal();
  await it.temporal.workflow.getHandle(first).result();
  await it.save('upload-retried', first);
  await it.keep('camera-rolled-while-uploading', 'while-uploading', '--run-id', before);
}

/** Its attempt times out meanwhile, and what was to be told waits. */
async function rolledInOutage(it: RecordedSystem): Promise<void> {
  const before = await it.runId('in-outage');
  const send = it.temporal.workflow.getHandle(idOf('in-outage'));
  for (let sent = 0; sent < 10; sent++) await send.signal('segmentsSealed', []);
  await it.server.kill();
  await new Promise((resolve) => setTimeout(resolve, 3 * SEGMENT_MS));
  await it.server.start();
  await waitFor(async () => await it.runId('in-outage'), { what: 'Temporal', deadlineMs: DEADLINE_MS });
  if ((await it.runId('in-outage')) === before) await it.roll('in-outage');
  await it.keep('camera-rolled-in-outage', 'in-outage', '--run-id', before);
}

async function moved(it: RecordedSystem): Promise<void> {
  const { first, second } = it.fleet;
  await it.attached('moved');
  await first.kill();
  second.start();
  await waitFor(async () => await second.records(idOf('moved')), {
    what: 'the other recorder to record',
    deadlineMs: DEADLINE_MS,
    pollMs: 200,
  });
  await it.attached('moved');
  await it.keep('camera-moved', 'moved');
}

async function wiped(it: RecordedSystem): Promise<void> {
  await it.attached('wiped');
  await it.server.wipe();
  await it.server.start();
  await waitFor(async () => await createNamespace(it.server.address, it.fleet.system.namespace), {
    what: 'a namespace',
    deadlineMs: DEADLINE_MS,
    pollMs: 200,
  });
  await it.attached('wiped');
  await it.keep('camera-wiped', 'wiped');
}
