/** Histories of cameras that are really recorded: one for each case, with the real program, FFmpeg, server, store and command line. */
import { inject } from 'vitest';
import { type CameraId, parseCameraId } from '../../src/domain/ids.js';
import { RECORD_ACTIVITY_ID } from '../../src/workflows/contract.js';
import { startFaultProxy } from '../object-store/fault-proxy.js';
import { temporalCli } from '../support/camera-harness.js';
import { type RollingServer, startRollingServer } from '../support/rolling-server.js';
import { createNamespace } from '../support/temporal-namespace.js';
import { type Fleet, startFleet } from '../support/two-recorders.js';
import { waitFor } from '../support/wait-for.js';

const SEGMENT_SEC = 4;
const SEGMENT_MS = SEGMENT_SEC * 1_000;
const TIME_SCALE = '0.1';
const DEADLINE_MS = 60_000;
const CAMERAS = [
  ...['crash', 'reset', 'held', 'undone', 'ended', 'stopped', 'paused', 'moved'],
  ...['in-outage', 'with-signals', 'while-uploading', 'wiped', 'rival'],
] as const;
type Name = (typeof CAMERAS)[number];

export type Save = (
  target: { readonly address: string; readonly namespace: string },
  file: string,
  workflowId: string,
  ...more: readonly string[]
) => Promise<void>;

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
  const it = new Story(fleet, server, save);
  fleet.first.start();
  await Promise.all(CAMERAS.map(async (name) => await it.attached(name)));
  await it.workerCrash();
  await Promise.all([
    it.activityVerbs(),
    it.workflowReset(),
    it.terminated(),
    it.cancelled(),
    it.pausedAndResumed(),
    it.rival(),
  ]);
  await it.rolledWithSignals();
  store.inject({ kind: 'down', matches: /./ });
  await it.rolledWhileUploading(async () => store.heal());
  await it.rolledInOutage();
  await it.moved();
  await it.wiped();
}

class Story {
  readonly #fleet: Fleet;
  readonly #server: RollingServer;
  readonly #save: Save;

  constructor(fleet: Fleet, server: RollingServer, save: Save) {
    this.#fleet = fleet;
    this.#server = server;
    this.#save = save;
  }

  async workerCrash(): Promise<void> {
    const attempt = await this.#attempt('crash');
    process.kill(this.#fleet.first.process.workerPid() ?? Number.NaN, 'SIGKILL');
    await Promise.all(CAMERAS.map(async (name) => await this.#nextAttempt(name, attempt)));
    await this.#fleet.system.temporal.workflow.getHandle(idOf('crash')).cancel();
    await this.#closed('crash');
    await this.#keep('camera-worker-crash', 'crash');
  }

  async activityVerbs(): Promise<void> {
    const verb = async (word: string, name: Name): Promise<string> =>
      await this.#cli('activity', word, '--activity-id', RECORD_ACTIVITY_ID, '--workflow-id', idOf(name));
    const before = { reset: await this.#attempt('reset'), held: await this.#attempt('held') };
    await verb('reset', 'reset');
    await this.#nextAttempt('reset', before.reset);
    await verb('pause', 'held');
    await this.#stopped('held');
    await verb('unpause', 'held');
    await this.#nextAttempt('held', before.held);
    for (const name of ['reset', 'held'] as const) {
      await this.#workflow('cancel', name);
      await this.#closed(name);
    }
    await this.#keep('camera-activity-reset', 'reset');
    await this.#keep('camera-activity-paused', 'held');
  }

  async workflowReset(): Promise<void> {
    const before = await this.#runId('undone');
    await this.#workflow('reset', 'undone', '--type', 'LastWorkflowTask', '--reason', 'test');
    await this.#nextRun('undone', before);
    await this.attached('undone');
    await this.#keep('camera-workflow-reset', 'undone');
  }

  async terminated(): Promise<void> {
    const before = await this.#runId('ended');
    await this.#workflow('terminate', 'ended');
    await this.#stopped('ended');
    const spec = { source: { kind: 'secret', name: idOf('ended') }, segmentDurationSec: SEGMENT_SEC };
    const input = JSON.stringify({ spec, timeScale: Number(TIME_SCALE) });
    await this.#workflow('start', 'ended', '--type', 'Camera', '--task-queue', 'camera-recorder', '--input', input);
    await this.attached('ended');
    await this.#keep('camera-terminated', 'ended', '--run-id', before);
    await this.#keep('camera-started-again', 'ended');
  }

  async cancelled(): Promise<void> {
    await this.#workflow('cancel', 'stopped');
    await this.#closed('stopped');
    await this.#keep('camera-stopped', 'stopped');
  }

  async pausedAndResumed(): Promise<void> {
    await this.#workflow('update', 'paused', 'pause');
    await this.#stopped('paused');
    await this.#workflow('update', 'paused', 'resume');
    await this.attached('paused');
    await this.#keep('camera-paused-resumed', 'paused');
  }

  /** Somebody else's bytes are there already, under the key of the segment to come. */
  async rival(): Promise<void> {
    const { store } = this.#fleet.system;
    const camera = idOf('rival');
    const atMs = (Math.floor(Date.now() / SEGMENT_MS) + 2) * SEGMENT_MS;
    const [day = '', time = ''] = new Date(atMs).toISOString().slice(0, 19).split('T');
    const key = `${camera}/${day.replaceAll('-', '')}/${time.replaceAll(':', '-')}_${camera}.mp4`;
    await store.putSmall(key as never, new Uint8Array(100), {}, AbortSignal.timeout(DEADLINE_MS));
    const stored = await waitFor(
      async () => (await this.#fleet.system.stored(camera)).find(({ segment }) => segment.nominalStartMs === atMs),
      { what: 'the segment beside its rival', deadlineMs: DEADLINE_MS, pollMs: 500 },
    );
    await this.#keepUpload('upload-rival-key', stored.segment.id);
    const plain = (await this.#fleet.system.stored(camera)).find(({ segment }) => segment.nominalStartMs !== atMs);
    await this.#keepUpload('upload', plain?.segment.id ?? '');
  }

  /** So many at once that some come while the workflow decides to roll over. */
  async rolledWithSignals(): Promise<void> {
    const before = await this.#runId('with-signals');
    const handle = this.#fleet.system.temporal.workflow.getHandle(idOf('with-signals'));
    let isDone = false;
    const send = async (): Promise<void> => {
      while (!isDone) await handle.signal('segmentsSealed', []);
    };
    const senders = Array.from({ length: 8 }, send);
    await this.#nextRun('with-signals', before);
    isDone = true;
    await Promise.all(senders);
    await this.#keep('camera-rolled-with-signals', 'with-signals', '--run-id', before);
  }

  /** While the store is away: one upload waits for it, one is cancelled. */
  async rolledWhileUploading(heal: () => Promise<void>): Promise<void> {
    const camera = idOf('while-uploading');
    const running = `WorkflowType = 'UploadSegment' AND ExecutionStatus = 'Running' AND CameraId = '${camera}'`;
    const waiting = await waitFor(
      async () => {
        const found: string[] = [];
        for await (const { workflowId } of this.#fleet.system.temporal.workflow.list({ query: running }))
          found.push(workflowId);
        return found.length >= 2 && found;
      },
      { what: 'two uploads that wait', deadlineMs: DEADLINE_MS, pollMs: 500 },
    );
    const before = await this.#roll('while-uploading');
    const [first = '', second = ''] = waiting;
    await waitFor(
      async () =>
        ((await this.#fleet.system.temporal.workflow.getHandle(first).describe()).raw.pendingActivities?.[0]?.attempt ??
          0) > 1,
      { what: 'the upload to be tried again', deadlineMs: DEADLINE_MS },
    );
    const { runId } = await this.#fleet.system.temporal.workflow.getHandle(second).describe();
    await this.#cli('workflow', 'cancel', '--workflow-id', second, '--run-id', runId);
    await this.#fleet.system.temporal.workflow
      .getHandle(second, runId)
      .result()
      .catch(() => undefined);
    await this.#save(this.#target, 'upload-cancelled', second, '--run-id', runId);
    await heal();
    await this.#fleet.system.temporal.workflow.getHandle(first).result();
    await this.#save(this.#target, 'upload-retried', first);
    await this.#keep('camera-rolled-while-uploading', 'while-uploading', '--run-id', before);
  }

  /** Its attempt times out meanwhile, and what was to be told waits. */
  async rolledInOutage(): Promise<void> {
    const before = await this.#runId('in-outage');
    const send = this.#fleet.system.temporal.workflow.getHandle(idOf('in-outage'));
    for (let sent = 0; sent < 10; sent++) await send.signal('segmentsSealed', []);
    await this.#server.kill();
    await new Promise((resolve) => setTimeout(resolve, 3 * SEGMENT_MS));
    await this.#server.start();
    await waitFor(async () => await this.#runId('in-outage'), { what: 'Temporal', deadlineMs: DEADLINE_MS });
    if ((await this.#runId('in-outage')) === before) await this.#roll('in-outage');
    await this.#keep('camera-rolled-in-outage', 'in-outage', '--run-id', before);
  }

  async moved(): Promise<void> {
    const { first, second } = this.#fleet;
    await this.attached('moved');
    await first.kill();
    second.start();
    await waitFor(async () => await second.records(idOf('moved')), {
      what: 'the other recorder to record',
      deadlineMs: DEADLINE_MS,
      pollMs: 200,
    });
    await this.attached('moved');
    await this.#keep('camera-moved', 'moved');
  }

  async wiped(): Promise<void> {
    await this.attached('wiped');
    await this.#server.wipe();
    await this.#server.start();
    await waitFor(async () => await createNamespace(this.#server.address, this.#fleet.system.namespace), {
      what: 'a namespace',
      deadlineMs: DEADLINE_MS,
      pollMs: 200,
    });
    await this.attached('wiped');
    await this.#keep('camera-wiped', 'wiped');
  }

  async attached(name: Name): Promise<void> {
    await waitFor(async () => (await this.#attempt(name)) !== null, {
      what: `an attempt to record ${name}`,
      deadlineMs: DEADLINE_MS,
      pollMs: 200,
    });
  }

  async #attempt(name: Name): Promise<number | null> {
    const { raw } = await this.#fleet.system.temporal.workflow.getHandle(idOf(name)).describe();
    const pending = raw.pendingActivities?.find(({ activityId }) => activityId === RECORD_ACTIVITY_ID);
    if (!pending?.lastHeartbeatTime || !pending.lastStartedTime) return null;
    return Number(pending.lastStartedTime.seconds) * 1_000 + (pending.lastStartedTime.nanos ?? 0) / 1e6;
  }

  async #nextAttempt(name: Name, before: number | null): Promise<void> {
    await waitFor(async () => ((await this.#attempt(name)) ?? 0) > (before ?? 0), {
      what: `the next attempt of ${name}`,
      deadlineMs: DEADLINE_MS,
      pollMs: 200,
    });
  }

  async #stopped(name: Name): Promise<void> {
    await waitFor(() => this.#fleet.first.ffmpegPid(idOf(name)) === undefined, {
      what: `${name} to stop`,
      deadlineMs: DEADLINE_MS,
    });
  }

  async #closed(name: Name): Promise<void> {
    await this.#fleet.system.temporal.workflow
      .getHandle(idOf(name))
      .result()
      .catch(() => undefined);
  }

  async #runId(name: Name): Promise<string> {
    return (await this.#fleet.system.temporal.workflow.getHandle(idOf(name)).describe()).runId;
  }

  async #nextRun(name: Name, before: string): Promise<void> {
    await waitFor(async () => (await this.#runId(name)) !== before, {
      what: `the next run of ${name}`,
      deadlineMs: DEADLINE_MS,
      pollMs: 50,
    });
  }

  /** By words that say nothing. @returns the run that is over */
  async #roll(name: Name): Promise<string> {
    const before = await this.#runId(name);
    const handle = this.#fleet.system.temporal.workflow.getHandle(idOf(name));
    while ((await this.#runId(name)) === before) await handle.signal('segmentsSealed', []);
    return before;
  }

  get #target() {
    return { address: this.#server.address, namespace: this.#fleet.system.namespace };
  }

  async #workflow(verb: string, name: Name, ...more: readonly string[]): Promise<string> {
    const args =
      verb === 'update'
        ? ['update', 'execute', '--workflow-id', idOf(name), '--name', ...more]
        : [verb, '--workflow-id', idOf(name), ...more];
    return await this.#cli('workflow', ...args);
  }

  async #cli(...args: readonly string[]): Promise<string> {
    return await temporalCli(this.#server.address, this.#fleet.system.namespace, args);
  }

  async #keep(file: string, name: Name, ...more: readonly string[]): Promise<void> {
    await this.#save(this.#target, file, idOf(name), ...more);
  }

  async #keepUpload(file: string, segment: string): Promise<void> {
    const workflowId = `upload/${segment}`;
    await this.#fleet.system.temporal.workflow.getHandle(workflowId).result();
    await this.#save(this.#target, file, workflowId);
  }
}

/** As the settings name them. */
function idOf(name: Name): CameraId {
  return parseCameraId(`camera-${CAMERAS.indexOf(name) + 1}`);
}
