/** The real program with a camera for each case, and what is done to those cameras and waited for. */
import type { Client } from '@temporalio/client';
import { type CameraId, parseCameraId } from '../../src/domain/ids.js';
import { RECORD_ACTIVITY_ID } from '../../src/workflows/contract.js';
import { temporalCli } from '../support/camera-harness.js';
import type { RollingServer } from '../support/rolling-server.js';
import type { Fleet } from '../support/two-recorders.js';
import { waitFor } from '../support/wait-for.js';

export const DEADLINE_MS = 60_000;
export const CAMERAS = [
  ...['crash', 'reset', 'held', 'undone', 'ended', 'stopped', 'paused', 'moved'],
  ...['in-outage', 'with-signals', 'while-uploading', 'wiped', 'rival'],
] as const;
export type Name = (typeof CAMERAS)[number];

/** Keeps the history of one workflow in a file. */
export type Save = (
  target: { readonly address: string; readonly namespace: string },
  file: string,
  workflowId: string,
  ...more: readonly string[]
) => Promise<void>;

/** Cameras are called by their case. */
export class RecordedSystem {
  readonly fleet: Fleet;
  readonly server: RollingServer;
  readonly #save: Save;

  constructor(fleet: Fleet, server: RollingServer, save: Save) {
    this.fleet = fleet;
    this.server = server;
    this.#save = save;
  }

  get temporal(): Client {
    return this.fleet.system.temporal;
  }

  async attached(name: Name): Promise<void> {
    await waitFor(async () => (await this.attempt(name)) !== null, {
      what: `an attempt to record ${name}`,
      deadlineMs: DEADLINE_MS,
      pollMs: 200,
    });
  }

  /** When the attempt that records it started; null when none does. */
  async attempt(name: Name): Promise<number | null> {
    const { raw } = await this.temporal.workflow.getHandle(idOf(name)).describe();
    const pending = raw.pendingActivities?.find(({ activityId }) => activityId === RECORD_ACTIVITY_ID);
    if (!pending?.lastHeartbeatTime || !pending.lastStartedTime) return null;
    return Number(pending.lastStartedTime.seconds) * 1_000 + (pending.lastStartedTime.nanos ?? 0) / 1e6;
  }

  async nextAttempt(name: Name, before: number | null): Promise<void> {
    await waitFor(async () => ((await this.attempt(name)) ?? 0) > (before ?? 0), {
      what: `the next attempt of ${name}`,
      deadlineMs: DEADLINE_MS,
      pollMs: 200,
    });
  }

  async stopped(name: Name): Promise<void> {
    await waitFor(() => this.fleet.first.ffmpegPid(idOf(name)) === undefined, {
      what: `${name} to stop`,
      deadlineMs: DEADLINE_MS,
    });
  }

  async closed(name: Name): Promise<void> {
    await this.temporal.workflow
      .getHandle(idOf(name))
      .result()
      .catch(() => undefined);
  }

  async runId(name: Name): Promise<string> {
    return (await this.temporal.workflow.getHandle(idOf(name)).describe()).runId;
  }

  async nextRun(name: Name, before: string): Promise<void> {
    await waitFor(async () => (await this.runId(name)) !== before, {
      what: `the next run of ${name}`,
      deadlineMs: DEADLINE_MS,
      pollMs: 50,
    });
  }

  /** By words that say nothing. @returns the run that is over */
  async roll(name: Name): Promise<string> {
    const before = await this.runId(name);
    const handle = this.temporal.workflow.getHandle(idOf(name));
    while ((await this.runId(name)) === before) await handle.signal('segmentsSealed', []);
    return before;
  }

  async workflow(verb: string, name: Name, ...more: readonly string[]): Promise<string> {
    const args =
      verb === 'update'
        ? ['update', 'execute', '--workflow-id', idOf(name), '--name', ...more]
        : [verb, '--workflow-id', idOf(name), ...more];
    return await this.cli('workflow', ...args);
  }

  async cli(...args: readonly string[]): Promise<string> {
    return await temporalCli(this.server.address, this.fleet.system.namespace, args);
  }

  async save(file: string, workflowId: string, ...more: readonly string[]): Promise<void> {
    const target = { address: this.server.address, namespace: this.fleet.system.namespace };
    await this.#save(target, file, workflowId, ...more);
  }

  /** Of a camera. */
  async keep(file: string, name: Name, ...more: readonly string[]): Promise<void> {
    await this.save(file, idOf(name), ...more);
  }

  /** Of an upload, when it is done. */
  async keepUpload(file: string, segment: string): Promise<void> {
    const workflowId = `upload/${segment}`;
    await this.temporal.workflow.getHandle(workflowId).result();
    await this.save(file, workflowId);
  }
}

/** As the settings name them. */
export function idOf(name: Name): CameraId {
  return parseCameraId(`camera-${CAMERAS.indexOf(name) + 1}`);
}
