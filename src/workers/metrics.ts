import { Counter, Gauge, type Registry } from 'prom-client';
import { WORKER_START_REASONS } from '../domain/supervision.js';
import type { RetentionStatus, UploadStatus, WorkerStatus } from './worker-status.js';

const MS_A_SECOND = 1_000;

type Reading = { readonly name: string; readonly help: string };
type OfCamera = Reading & { readonly of: (status: UploadStatus) => number };
/** Null: the series is not there. */
type OfWorker = Reading & { readonly of: (status: WorkerStatus) => number | null };

const CAMERA_COUNTERS: readonly OfCamera[] = [
  {
    name: 'camera_segments_uploaded_total',
    help: 'Segments stored and proved equal, since this worker started.',
    of: ({ uploadedSegments }) => uploadedSegments,
  },
  {
    name: 'camera_upload_failures_total',
    help: 'Upload attempts that failed; every one is tried again.',
    of: ({ failures }) => failures,
  },
  {
    name: 'camera_segments_uploaded_bytes_total',
    help: 'Bytes of the segments stored, since this worker started.',
    of: ({ uploadedBytes }) => uploadedBytes,
  },
  {
    name: 'camera_segments_reclaimed_total',
    help: 'Segments deleted from the spool after a confirmation of the store.',
    of: ({ reclaimedSegments }) => reclaimedSegments,
  },
  {
    name: 'camera_segments_lost_in_store_total',
    help: 'Segments the store had acknowledged and then lost; they are sent again. Never expected to grow.',
    of: ({ lostInStore }) => lostInStore,
  },
  {
    name: 'camera_uploads_swept_total',
    help: 'Multipart uploads nobody went on with for a day (a month, while their segment is not stored), ended in the store.',
    of: ({ sweptUploads }) => sweptUploads,
  },
  {
    name: 'camera_objects_verified_total',
    help: 'Stored objects read back whole and found as they were stored, since this worker started.',
    of: ({ verifiedObjects }) => verifiedObjects,
  },
  {
    name: 'camera_objects_damaged_total',
    help: 'Stored objects found with other bytes than they were stored with, or none. Never expected to grow.',
    of: ({ damagedObjects }) => damagedObjects,
  },
];

const CAMERA_GAUGES: readonly OfCamera[] = [
  {
    name: 'camera_segments_waiting',
    help: 'Sealed segments that are not in the store yet.',
    of: ({ waitingSegments }) => waitingSegments,
  },
  {
    name: 'camera_segments_waiting_bytes',
    help: 'Their bytes.',
    of: ({ waitingBytes }) => waitingBytes,
  },
  {
    name: 'camera_oldest_waiting_segment_timestamp_seconds',
    help: 'End of the oldest of them, Unix time; 0 when none waits.',
    of: ({ oldestWaitingMs }) => (oldestWaitingMs ?? 0) / MS_A_SECOND,
  },
];

const WORKER_GAUGES: readonly OfWorker[] = [
  {
    name: 'recorder_uploads_in_flight',
    help: 'Uploads being sent right now.',
    of: ({ uploadsInFlight }) => uploadsInFlight,
  },
  {
    name: 'recorder_cameras_declined',
    help: 'Cameras that are asked for again and again and that this recorder does not take.',
    of: ({ declined }) => declined.size,
  },
  {
    name: 'recorder_temporal_connected',
    help: '1 when Temporal answers. Recording does not need it.',
    of: ({ temporal }) => Number(temporal.isReachable),
  },
  {
    name: 'recorder_store_reachable',
    help: '1 when the store answers as it should.',
    of: ({ store }) => (store === null ? null : Number(store.isReachable)),
  },
  {
    name: 'object_store_bucket_bytes',
    help: 'Bytes of all objects in the bucket, at the last look, once an hour.',
    of: ({ bucket }) => bucket?.usedBytes ?? null,
  },
  {
    name: 'object_store_bucket_capacity_bytes',
    help: 'What the store holds, as S3_CAPACITY_BYTES says.',
    of: ({ bucket }) => bucket?.capacityBytes ?? null,
  },
  {
    name: 'object_store_bucket_full_timestamp_seconds',
    help: 'When the bucket will be full at the rate of the last day, Unix time; not there when it will not be, or nobody can tell.',
    of: ({ bucket }) => (bucket === null || bucket.fullAtMs === null ? null : bucket.fullAtMs / MS_A_SECOND),
  },
  {
    name: 'recorder_upload_ratio',
    help: 'Bytes stored for each byte recorded, over the last hour or since the worker started; under 1 the backlog grows.',
    of: ({ spoolOutlook }) => spoolOutlook?.ratio ?? null,
  },
  {
    name: 'recorder_spool_full_seconds',
    help: 'Seconds until the spool is full at the rate of the last hour; not there while uploads keep up.',
    of: ({ spoolOutlook }) =>
      spoolOutlook === null || spoolOutlook.fullInMs === null ? null : spoolOutlook.fullInMs / MS_A_SECOND,
  },
  {
    name: 'recorder_worker_memory_bytes',
    help: 'Memory of the worker that nothing but its end gives back; only where there is a limit.',
    of: ({ supervision }) => supervision?.memory?.usedBytes ?? null,
  },
  {
    name: 'recorder_worker_memory_allowed_bytes',
    help: 'When the worker uses more, it is replaced; only where there is a limit.',
    of: ({ supervision }) => supervision?.memory?.allowedBytes ?? null,
  },
];

/** Registers the worker's series; they are read at every scrape and hold nothing themselves. Every known camera has all series, with 0. */
export function registerWorkerMetrics(registry: Registry, status: () => WorkerStatus): void {
  registerCameraCounters(registry, status);
  registerCameraGauges(registry, status);
  registerWorkerGauges(registry, status);
  registerWrongDays(registry, status);
  registerRetention(registry, status);
  registerFailures(registry, status);
  registerStarts(registry, status);
}

function registerCameraCounters(registry: Registry, status: () => WorkerStatus): void {
  for (const { name, help, of } of CAMERA_COUNTERS) {
    new Counter({
      name,
      help,
      labelNames: ['camera_id'],
      registers: [registry],
      collect() {
        // A counter that mirrors a count kept elsewhere: set by starting from 0 again.
        this.reset();
        for (const [camera, uploads] of status().uploads) this.inc({ camera_id: camera }, of(uploads));
      },
    });
  }
}

function registerCameraGauges(registry: Registry, status: () => WorkerStatus): void {
  for (const { name, help, of } of CAMERA_GAUGES) {
    new Gauge({
      name,
      help,
      labelNames: ['camera_id'],
      registers: [registry],
      collect() {
        this.reset();
        for (const [camera, uploads] of status().uploads) this.set({ camera_id: camera }, of(uploads));
      },
    });
  }
}

function registerWorkerGauges(registry: Registry, status: () => WorkerStatus): void {
  for (const { name, help, of } of WORKER_GAUGES) {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        const value = of(status());
        if (value === null) this.remove();
        else this.set(value);
      },
    });
  }
}

function registerWrongDays(registry: Registry, status: () => WorkerStatus): void {
  new Gauge({
    name: 'camera_day_records_wrong',
    help: 'Closed days whose record cannot be read or disagrees with the bucket. Never expected to be more than 0.',
    labelNames: ['camera_id'],
    registers: [registry],
    collect() {
      this.reset();
      const { uploads, wrongDays } = status();
      for (const camera of uploads.keys()) this.set({ camera_id: camera }, wrongDays.get(camera)?.size ?? 0);
    },
  });
}

const RETENTION_COUNTERS: readonly (Reading & { readonly of: (status: RetentionStatus) => number })[] = [
  {
    name: 'camera_expired_objects_total',
    help: 'Objects that retention deleted from the bucket, by this worker since it started.',
    of: ({ expiredObjects }) => expiredObjects,
  },
  {
    name: 'camera_expired_bytes_total',
    help: 'Their bytes.',
    of: ({ expiredBytes }) => expiredBytes,
  },
  {
    name: 'camera_retention_failures_total',
    help: 'Turns of retention that failed; each is tried again.',
    of: ({ failures }) => failures,
  },
];

function registerRetention(registry: Registry, status: () => WorkerStatus): void {
  for (const { name, help, of } of RETENTION_COUNTERS) {
    new Counter({
      name,
      help,
      labelNames: ['camera_id'],
      registers: [registry],
      collect() {
        this.reset();
        const { uploads, retention } = status();
        for (const camera of new Set([...uploads.keys(), ...retention.keys()])) {
          const known = retention.get(camera);
          this.inc({ camera_id: camera }, known === undefined ? 0 : of(known));
        }
      },
    });
  }
  new Gauge({
    name: 'camera_retention_problems',
    help: 'What the last turn of retention could not do, at most 10. Never expected to be more than 0.',
    labelNames: ['camera_id'],
    registers: [registry],
    collect() {
      this.reset();
      const { uploads, retention } = status();
      for (const camera of new Set([...uploads.keys(), ...retention.keys()])) {
        this.set({ camera_id: camera }, retention.get(camera)?.problems ?? 0);
      }
    },
  });
}

function registerFailures(registry: Registry, status: () => WorkerStatus): void {
  new Counter({
    name: 'recorder_background_failures_total',
    help: 'Failures of the loops that announce, reclaim, confirm and own; each is tried again.',
    labelNames: ['loop'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [loop, count] of status().backgroundFailures) this.inc({ loop }, count);
    },
  });
}

function registerStarts(registry: Registry, status: () => WorkerStatus): void {
  new Counter({
    name: 'recorder_worker_starts_total',
    help: 'Starts of the worker since the keeper started, by their reason.',
    labelNames: ['reason'],
    registers: [registry],
    collect() {
      this.reset();
      const starts = status().supervision?.starts;
      for (const reason of WORKER_START_REASONS) this.inc({ reason }, starts?.[reason] ?? 0);
    },
  });
}
