import type { RetentionObserver } from '../activities/retention.js';
import type { CameraId } from '../domain/ids.js';
import type { CameraRetention } from '../workflows/contract.js';
import type { RetentionStatus } from './worker-status.js';

const NONE: RetentionStatus = { expiredObjects: 0, expiredBytes: 0, failures: 0, problems: 0 };

/** What retention did by this worker since it started, for status and metrics. */
export class RetentionLedger implements RetentionObserver {
  readonly #byCamera = new Map<CameraId, RetentionStatus>();

  get retention(): ReadonlyMap<CameraId, RetentionStatus> {
    return this.#byCamera;
  }

  expired({ camera, expiredObjects, expiredBytes, problems }: CameraRetention): void {
    const before = this.#byCamera.get(camera) ?? NONE;
    this.#byCamera.set(camera, {
      ...before,
      expiredObjects: before.expiredObjects + expiredObjects,
      expiredBytes: before.expiredBytes + expiredBytes,
      problems: problems.length,
    });
  }

  failed(camera: CameraId): void {
    const before = this.#byCamera.get(camera) ?? NONE;
    this.#byCamera.set(camera, { ...before, failures: before.failures + 1 });
  }
}
