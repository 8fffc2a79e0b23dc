import { Client } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { execa } from 'execa';
import { createAssignActivities } from '../../src/activities/assign.js';
import { createRecordActivities } from '../../src/activities/record.js';
import { createUploadActivities, type SendSegment } from '../../src/activities/upload.js';
import type { StopCause } from '../../src/domain/camera.js';
import { type CameraId, parseCameraId, type SegmentId } from '../../src/domain/ids.js';
import { objectKeysOf } from '../../src/domain/object-key.js';
import type { Receipt } from '../../src/domain/receipt.js';
import { createAll } from '../../src/workers/create-workers.js';
import { recorderWorkerMakers } from '../../src/workers/recorder-worker.js';
import {
  type CameraStatus,
  type RetentionActivities,
  type SegmentNotice,
  uploadWorkflowIdOf,
  WORKFLOW_QUEUE,
} from '../../src/workflows/contract.js';
import { policiesOf } from '../../src/workflows/policies.js';
import { FakeRecorder } from './fake-recorder.js';
import { MemorySpool } from './memory-spool.js';
import { toolPath } from './tools.js';
import { waitFor } from './wait-for.js';
import { workflowBundle } from './workflow-bundle.js';

const THROTTLE_MS = 200;

let isRuntimeQuiet = false;
let cameras = 0;

const NO_RETENTION: RetentionActivities = {
  surveyBucket: async () => ({ mode: 'report', why: null, cameras: [] }),
  expireCamera: async () => await Promise.reject(new Error('no retention here')),
};

/** A camera id nobody else in this process has. */
export function freshCamera(name = 'camera'): CameraId {
  cameras += 1;
  return parseCameraId(`${name}-${process.pid}-${cameras}`);
}

export interface Harness {
  readonly client: Client;
  readonly recorder: FakeRecorder;
  readonly spool: MemorySpool;
  readonly sent: string[];
  /** The real command line tool, in this harness's namespace. */
  cli(...args: readonly string[]): Promise<string>;
  status(camera: CameraId): Promise<CameraStatus>;
  /** Resolves when the fake recorder has so many attachments of the camera. */
  attached(camera: CameraId, count?: number): Promise<void>;
  /** Adds to the spool and tells the workflow, as the announce loop does. */
  announce(camera: CameraId, notices: readonly SegmentNotice[]): Promise<void>;
  /** The receipt of a segment's upload workflow, which need not exist yet. */
  uploaded(segment: SegmentId): Promise<Receipt>;
  close(): Promise<void>;
}

/** One recorder (fake) and one workflow worker on a real server. Close it in the hook that matches. */
export async function startHarness(options: {
  readonly address: string;
  readonly namespace: string;
  readonly recorderId: string;
  readonly timeScale?: number;
  readonly stopCause?: StopCause;
}): Promise<Harness> {
  quietRuntime();
  const { address, namespace } = options;
  const connection = await NativeConnection.connect({ address });
  const client = new Client({ connection, namespace });
  const recorder = new FakeRecorder();
  const spool = new MemorySpool(options.recorderId);
  const sent: string[] = [];
  const policies = { ...policiesOf(options.timeScale ?? 0.1), heartbeatThrottleMs: THROTTLE_MS, heartbeatEveryMs: 100 };
  const send: SendSegment = async ({ segment, onProgress }) => {
    onProgress(segment.sizeBytes);
    sent.push(segment.id);
    const { preferred } = objectKeysOf(segment);
    return { key: preferred, sizeBytes: segment.sizeBytes, proof: 'full-crc32', atMs: Date.now() };
  };
  const nothing = (): void => undefined;
  const activities = {
    ...createAssignActivities({
      recorderId: spool.recorder,
      timezone: 'Europe/Berlin',
      recorder,
      isShuttingDown: () => false,
      observer: { declined: nothing, accepted: nothing },
    }),
    ...createRecordActivities({
      recorder,
      heartbeatEveryMs: policies.heartbeatEveryMs,
      onAttached: nothing,
      onDetached: nothing,
      askReset: async () => false,
      askStopCause: async () => options.stopCause ?? 'cancelled',
      announce: async () => undefined,
    }),
    ...createUploadActivities({
      spool,
      send,
      findStored: async () => undefined,
      observer: { started: nothing, touched: nothing, stored: nothing, failed: nothing, ended: nothing },
      atOnce: 4,
      heartbeatEveryMs: policies.heartbeatEveryMs,
      slowRetryMs: policies.slowRetryMs,
      waitForOtherMs: policies.waitForOtherUploadMs,
    }),
  };
  const workers = [
    ...(await createAll(
      recorderWorkerMakers({
        connection,
        namespace,
        identity: options.recorderId,
        recorderId: spool.recorder,
        activities,
        retention: NO_RETENTION,
        policies,
        maxCameras: 20,
        maxConcurrentUploads: 4,
      }),
    )),
    await Worker.create({ connection, namespace, taskQueue: WORKFLOW_QUEUE, workflowBundle: await workflowBundle() }),
  ];
  const runs = workers.map(async (worker) => await worker.run());
  return {
    client,
    recorder,
    spool,
    sent,
    cli: async (...args) => await temporalCli(address, namespace, args),
    status: async (camera) => await client.workflow.getHandle(camera).query<CameraStatus>('status'),
    attached: async (camera, count = 1) => {
      const isThere = (): boolean => recorder.of(camera).length >= count;
      await waitFor(isThere, { what: `${count} attachments of ${camera}`, deadlineMs: 15_000 });
    },
    announce: async (camera, notices) => await client.workflow.getHandle(camera).signal('segmentsSealed', notices),
    uploaded: async (segment) => await uploadResult(client, segment),
    close: async () => {
      for (const worker of workers) worker.shutdown();
      await Promise.all(runs);
      await connection.close();
    },
  };
}

/** Waits for the upload workflow to exist, then for its result. */
export async function uploadResult(client: Client, segment: SegmentId): Promise<Receipt> {
  const handle = client.workflow.getHandle(uploadWorkflowIdOf(segment));
  await waitFor(async () => await handle.describe(), { what: `the upload of ${segment}`, deadlineMs: 15_000 });
  return (await handle.result()) as Receipt;
}

/** Rejects with what the tool printed. */
export async function temporalCli(address: string, namespace: string, args: readonly string[]): Promise<string> {
  const { stdout } = await execa(toolPath('temporal'), [...args, '--address', address, '--namespace', namespace]);
  return stdout;
}

function quietRuntime(): void {
  if (isRuntimeQuiet) return;
  isRuntimeQuiet = true;
  const logging = { filter: { core: 'ERROR', other: 'ERROR' }, forward: {} } as const;
  Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging } });
}
