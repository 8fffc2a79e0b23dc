import { type NativeConnection, Worker } from '@temporalio/worker';
import type { RecorderId } from '../domain/ids.js';
import {
  type Activities,
  type Policies,
  RECORDERS_QUEUE,
  RETENTION_QUEUE,
  type RetentionActivities,
  recordQueueOf,
  uploadQueueOf,
} from '../workflows/contract.js';
import { WORKER_POLICIES } from './policies.js';

/** A zombie attempt holds its slot until it notices, so every camera may need two. */
const SLOTS_PER_CAMERA = 2;
const SPARE_SLOTS = 20;
/**
 * Attempts that wait here for their turn, so that the oldest goes first and no camera waits for the others: Temporal hands them out as
 * their back-offs end. Each costs a heartbeat every ten seconds or so.
 */
const WAITING_UPLOADS = 60;
const POLLERS = 2;
/** The scheduled run, and one that somebody started by hand. */
const RETENTION_SLOTS = 2;

interface RecorderWorkerOptions {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly identity: string;
  readonly recorderId: RecorderId;
  readonly activities: Activities;
  readonly retention: RetentionActivities;
  readonly policies: Policies;
  readonly maxCameras: number;
  readonly maxConcurrentUploads: number;
}

/** Makers of four workers on four queues, so that neither a backlog of uploads nor retention can starve recording. */
export function recorderWorkerMakers(options: RecorderWorkerOptions): readonly (() => Promise<Worker>)[] {
  const { recorderId, activities, maxCameras, maxConcurrentUploads } = options;
  const { assignCamera, recordCamera, uploadSegment } = activities;
  return [
    async () =>
      await createWorker(options, {
        taskQueue: recordQueueOf(recorderId),
        activities: { assignCamera, recordCamera },
        slots: maxCameras * SLOTS_PER_CAMERA + SPARE_SLOTS,
      }),
    async () =>
      await createWorker(options, {
        taskQueue: uploadQueueOf(recorderId),
        activities: { uploadSegment },
        slots: maxConcurrentUploads + WAITING_UPLOADS,
      }),
    async () =>
      await createWorker(options, { taskQueue: RECORDERS_QUEUE, activities: { assignCamera }, slots: POLLERS }),
    async () =>
      await createWorker(options, {
        taskQueue: RETENTION_QUEUE,
        activities: options.retention,
        slots: RETENTION_SLOTS,
      }),
  ];
}

interface QueueOptions {
  readonly taskQueue: string;
  readonly activities: Partial<Activities> | RetentionActivities;
  readonly slots: number;
}

async function createWorker(
  { connection, namespace, identity, policies }: RecorderWorkerOptions,
  { taskQueue, activities, slots }: QueueOptions,
): Promise<Worker> {
  return await Worker.create({
    connection,
    namespace,
    identity,
    taskQueue,
    activities: { ...activities },
    maxConcurrentActivityTaskExecutions: slots,
    activityTaskPollerBehavior: { type: 'simple-maximum', maximum: Math.min(POLLERS, slots) },
    maxHeartbeatThrottleInterval: policies.heartbeatThrottleMs,
    shutdownForceTime: WORKER_POLICIES.shutdownForceMs,
  });
}
