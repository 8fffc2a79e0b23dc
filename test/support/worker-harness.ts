import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../src/clock.js';
import type { CameraId } from '../../src/domain/ids.js';
import { KEEP_ALL, type RetentionPolicies } from '../../src/domain/retention.js';
import type { SealedSegment } from '../../src/domain/segment.js';
import type { Logger } from '../../src/log.js';
import { MemoryStore } from '../../src/object-store/memory.js';
import type { Assignment } from '../../src/spool/spool.js';
import type { ConfiguredCamera } from '../../src/workers/camera-workflows.js';
import { policiesOf, type RunningWorker, startWorker } from '../../src/workers/main.js';
import type { CameraStatus, Policies } from '../../src/workflows/contract.js';
import { afterFile } from './after-file.js';
import { FakeRecorder } from './fake-recorder.js';
import { MemorySpool, sealedSegment } from './memory-spool.js';
import { tempDirUntil } from './temp-dir.js';
import { waitFor } from './wait-for.js';
import { workflowBundle } from './workflow-bundle.js';

let bundlePath: Promise<string> | undefined;

export interface TestWorker {
  readonly worker: RunningWorker;
  readonly recorder: FakeRecorder;
  readonly spool: MemorySpool;
  readonly store: MemoryStore;
  readonly client: Client;
  /** As the recorder does it: the file first, then the hint. */
  seal(segment: SealedSegment): void;
  attached(camera: CameraId, count?: number): Promise<void>;
  status(camera: CameraId): Promise<CameraStatus>;
}

export interface TestWorkerOptions {
  readonly address: string;
  readonly namespace: string;
  readonly recorderId: string;
  readonly configured?: readonly ConfiguredCamera[];
  readonly recorder?: FakeRecorder;
  readonly spool?: MemorySpool;
  readonly store?: MemoryStore;
  readonly policies?: Partial<Policies>;
  readonly keepLocalMs?: number;
  /** Default: nothing is read back. */
  readonly verifyEveryMs?: number;
  /** Default: everything is kept. */
  readonly retention?: RetentionPolicies;
  /** Default 4. */
  readonly maxConcurrentUploads?: number;
  /** Default: what `TEST_LOG` says, to the terminal. */
  readonly log?: Logger;
  /** Default `all`. */
  readonly role?: 'all' | 'recorder';
  /** Where its end is registered; default `onTestFinished`. */
  readonly register?: (close: () => Promise<void>) => unknown;
}

/** Times are a twentieth of the real ones, and a cancel arrives within 0.2 s. */
export const TEST_POLICIES: Policies = { ...policiesOf(0.05), heartbeatThrottleMs: 200, heartbeatEveryMs: 100 };

/** The real worker, all roles, with a fake recorder, on a real server. Stopped when the running test ends. */
export async function startTestWorker(options: TestWorkerOptions): Promise<TestWorker> {
  const { address, namespace } = options;
  const closers: (() => Promise<void>)[] = [];
  (options.register ?? onTestFinished)(async () => {
    for (const close of closers.reverse()) await close();
  });
  const register = (close: () => Promise<void>): number => closers.push(close);
  const recorder = options.recorder ?? new FakeRecorder();
  const spool = options.spool ?? new MemorySpool(options.recorderId, await tempDirUntil(register));
  const store = options.store ?? new MemoryStore();
  bundlePath ??= bundleToFile();
  const workflowCode = { kind: 'bundle', path: await bundlePath } as const;
  const worker = await startWorker({
    ...commonOptions(address, namespace, options.policies),
    ...(options.log === undefined ? {} : { log: options.log }),
    ...(options.role === 'recorder' ? { role: 'recorder' } : { role: 'all', workflowCode }),
    recorder,
    spool,
    store,
    timezone: 'Europe/Berlin',
    configuredCameras: options.configured ?? [],
    maxCameras: 50,
    maxConcurrentUploads: options.maxConcurrentUploads ?? 4,
    capacityBytes: null,
    retention: options.retention ?? { usual: KEEP_ALL, cameras: {} },
    keepLocalMs: options.keepLocalMs ?? 3_600_000,
    verifyEveryMs: options.verifyEveryMs ?? null,
  });
  register(async () => await worker.stop('detach'));
  const client = lazyClient(address, namespace, register);
  return {
    worker,
    recorder,
    spool,
    store,
    client,
    seal: (segment) => {
      spool.add(segment);
      recorder.emitSealed(segment);
    },
    attached: async (camera, count = 1) => {
      const isThere = (): boolean => recorder.of(camera).length >= count;
      await waitFor(isThere, { what: `${count} attachments of ${camera}`, deadlineMs: 20_000 });
    },
    status: async (camera) => await client.workflow.getHandle(camera).query<CameraStatus>('status'),
  };
}

/** A worker that runs workflows only. Stopped when the running test ends. */
export async function startWorkflowsOnly(address: string, namespace: string): Promise<RunningWorker> {
  bundlePath ??= bundleToFile();
  const worker = await startWorker({
    ...commonOptions(address, namespace),
    role: 'workflows',
    workflowCode: { kind: 'bundle', path: await bundlePath },
  });
  onTestFinished(async () => await worker.stop('stop'));
  return worker;
}

function commonOptions(address: string, namespace: string, policies: Partial<Policies> = {}) {
  return {
    temporal: { connectionOptions: { address }, namespace },
    policies: { ...TEST_POLICIES, ...policies },
    log: pino({ level: process.env['TEST_LOG'] ?? 'silent' }),
    clock: systemClock,
    coreMetricsPort: null,
  };
}

export function segmentOf(camera: CameraId, spool: MemorySpool, index: number): SealedSegment {
  return sealedSegment(camera, spool.recorder, index, Date.UTC(2025, 11, 14, 1, 30));
}

export const SPEC: ConfiguredCamera['spec'] = {
  source: { kind: 'secret', name: 'front-door' },
  segmentDurationSec: 60,
  audio: 'aac',
  stallTimeoutMs: 4_000,
  socketTimeoutMs: 2_500,
  tlsVerify: false,
};

/** A camera that records, as the recorder remembers it. */
export function assignmentOf(camera: CameraId): Assignment {
  return {
    schema: 1,
    camera,
    spec: SPEC,
    desired: 'record',
    stopCause: null,
    lastEndedAtMs: null,
    notBeforeMs: null,
    openClaims: [],
    taskToken: null,
    updatedAtMs: Date.now(),
  };
}

/** Does not need the server yet. */
function lazyClient(address: string, namespace: string, register: (close: () => Promise<void>) => unknown): Client {
  const connection = Connection.lazy({ address });
  register(async () => await connection.close());
  return new Client({ connection, namespace });
}

async function bundleToFile(): Promise<string> {
  const dir = await tempDirUntil(afterFile, 'workflow-bundle');
  const { code } = await workflowBundle();
  const path = join(dir, 'workflow-bundle.js');
  await writeFile(path, code);
  return path;
}
