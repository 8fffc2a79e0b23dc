import type { BucketOutlook } from '../domain/bucket-outlook.js';
import type { Declined } from '../domain/declines.js';
import type { CameraId, ObjectKey, Redacted } from '../domain/ids.js';
import type { SpoolOutlook } from '../domain/spool-outlook.js';
import type { Supervision } from '../domain/supervision.js';
import type { TimeRange } from '../domain/time-range.js';
import type { UtcDay } from '../domain/utc-day.js';
import type { SpoolUsage } from '../spool/spool.js';

/** Whether something we depend on answers, since when, and why not, in words for people, when it did not. */
export interface LinkStatus {
  readonly isReachable: boolean;
  /** UTC ms of the last change. */
  readonly sinceMs: number;
  readonly detail: Redacted | null;
}

/** What a camera's uploads went through, since this worker started unless said otherwise. */
export interface UploadStatus {
  /** Sealed segments without a receipt, from the spool scan. */
  readonly waitingSegments: number;
  readonly waitingBytes: number;
  /** End of the oldest of them, UTC ms. */
  readonly oldestWaitingMs: number | null;
  /** From the spool scan, or from this worker's own uploads. */
  readonly lastStored: TimeRange | null;
  readonly uploadedSegments: number;
  readonly uploadedBytes: number;
  readonly failures: number;
  readonly reclaimedSegments: number;
  /** Segments that a confirmation found lost in the store and that are sent again. */
  readonly lostInStore: number;
  /** Uploads that nobody went on with, ended in the store. */
  readonly sweptUploads: number;
  /** Objects read back whole that were as they should be. */
  readonly verifiedObjects: number;
  /** Objects that were not. */
  readonly damagedObjects: number;
}

/** An object whose bytes are not those it was stored with. */
export interface DamagedObject {
  readonly camera: CameraId;
  readonly key: ObjectKey;
  readonly why: Redacted;
  /** `sent again`: its recording was still here. `stored again`: the segment is whole at its other key. `lost`: neither. */
  readonly remedy: 'sent again' | 'stored again' | 'lost';
}

/** What retention did of one camera by this worker, since it started. */
export interface RetentionStatus {
  readonly expiredObjects: number;
  readonly expiredBytes: number;
  /** Turns that failed; each is tried again. */
  readonly failures: number;
  /** Of the last turn: what it could not do, at most ten. */
  readonly problems: number;
}

/** Everything the worker knows beside the cameras' conditions; read at every scrape, so it must be cheap (no I/O). */
export interface WorkerStatus {
  readonly temporal: LinkStatus;
  /** Null in a process that only serves workflows: it never asks the store. */
  readonly store: LinkStatus | null;
  readonly uploadsInFlight: number;
  readonly uploads: ReadonlyMap<CameraId, UploadStatus>;
  /** Failures of what runs in the background, by its name; each is tried again. */
  readonly backgroundFailures: ReadonlyMap<string, number>;
  /** Cameras that are asked for again and again and that this recorder does not take. */
  readonly declined: ReadonlyMap<CameraId, Declined>;
  /** Closed days whose record disagrees with the bucket, or cannot be read, and how. */
  readonly wrongDays: ReadonlyMap<CameraId, ReadonlyMap<UtcDay, string>>;
  /** How full the bucket is, and when it will be; null before the first look. */
  readonly bucket: BucketOutlook | null;
  /** What retention did by this worker; a camera that had no turn here is missing. */
  readonly retention: ReadonlyMap<CameraId, RetentionStatus>;
  /** Found since this worker started, the newest last; not more than a page can show. */
  readonly damaged: readonly DamagedObject[];
  /** From the last spool scan; null before the first. */
  readonly spool: SpoolUsage | null;
  /** Whether uploads keep up; null before there is enough to tell. */
  readonly spoolOutlook: SpoolOutlook | null;
  /** What the keeper last said of its workers; null in a process that has none. */
  readonly supervision: Supervision | null;
}
