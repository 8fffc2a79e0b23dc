import { Counter, Histogram, type Registry } from 'prom-client';
import type { CameraId } from '../domain/ids.js';
import { type RequestObservation, STORE_OPERATIONS } from './s3-requests.js';
import type { PartProgress } from './send-parts.js';

/** Where the S3 store and `uploadObject` report to. */
export interface StoreMetrics {
  /** For `createS3Store`. */
  observeRequest(observation: RequestObservation): void;
  /** For `onProgress` of `uploadObject`. */
  countPart(camera: CameraId, bytes: number, kind: PartProgress['kind']): void;
  /** Makes the camera's series, with 0, so that a rate over their first value is right. */
  addCamera(camera: CameraId): void;
}

/** What the store costs and how it answers. Labels are bounded: cameras, S3 operations, failure codes. */
export function createStoreMetrics(registry: Registry): StoreMetrics {
  const registers = [registry];
  const requestSeconds = new Histogram({
    name: 'object_store_request_duration_seconds',
    help: 'Time from asking the store to its whole answer, repetitions included.',
    labelNames: ['operation', 'outcome'],
    buckets: [0.01, 0.05, 0.25, 1, 5, 30, 120],
    registers,
  });
  const retries = new Counter({
    name: 'object_store_request_retries_total',
    help: 'Requests that were repeated because the store gave no usable answer.',
    labelNames: ['operation'],
    registers,
  });
  // Of every failure as well they would be some thousand lines.
  for (const operation of STORE_OPERATIONS) {
    requestSeconds.zero({ operation, outcome: 'ok' });
    retries.inc({ operation }, 0);
  }
  const uploadBytes = new Counter({
    name: 'camera_upload_bytes_total',
    help: 'Bytes of recordings safe in the store; "kept" ones were found there when an upload was resumed.',
    labelNames: ['camera_id', 'kind'],
    registers,
  });
  const uploadParts = new Counter({
    name: 'camera_upload_parts_total',
    help: 'Parts of recordings safe in the store; "kept" ones were found there when an upload was resumed.',
    labelNames: ['camera_id', 'kind'],
    registers,
  });
  const countPart: StoreMetrics['countPart'] = (camera, bytes, kind) => {
    uploadBytes.inc({ camera_id: camera, kind }, bytes);
    uploadParts.inc({ camera_id: camera, kind }, 1);
  };
  return {
    countPart,
    addCamera: (camera) => {
      for (const kind of ['sent', 'kept'] as const) {
        uploadBytes.inc({ camera_id: camera, kind }, 0);
        uploadParts.inc({ camera_id: camera, kind }, 0);
      }
    },
    observeRequest: ({ operation, outcome, elapsedMs, attempts }) => {
      requestSeconds.observe({ operation, outcome }, elapsedMs / 1_000);
      retries.inc({ operation }, Math.max(0, attempts - 1));
    },
  };
}
