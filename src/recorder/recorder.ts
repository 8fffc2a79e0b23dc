import type { CameraCondition, CameraSpec, LastingStop } from '../domain/camera.js';
import type { Decline } from '../domain/declines.js';
import type { CameraId } from '../domain/ids.js';
import type { SealedSegment } from '../domain/segment.js';
import type { CameraStatistics } from './statistics.js';

export type { CameraStatistics } from './statistics.js';

/** Root of the camera supervisors in the worker. Knows neither Temporal nor the store. */
export interface Recorder {
  /** Adopts what the keeper holds, seals what ended without us, and starts what the assignments want. Call once. */
  start(): Promise<void>;
  /** Starts (or keeps) a recording that nothing is attached to: configured cameras before Temporal is reachable. No-op when the camera has an assignment. */
  recordUnattached(camera: CameraId, spec: CameraSpec): Promise<void>;
  /** Journals the assignment, starts or keeps the recording, supersedes older attachments: their end then stops nothing (INV-5). */
  attach(camera: CameraId, spec: CameraSpec, options: AttachOptions): Promise<Attachment>;
  /**
   * Until when another recorder has told of the camera, for one of which neither its assignment nor the spool knows any footage: the first
   * segment then claims the time since (INV-8). Comes at any time; no-op when it comes too late for that. Journaled.
   */
  noteEarlierEnd(camera: CameraId, endedAtMs: number): void;
  conditions(): ReadonlyMap<CameraId, CameraCondition>;
  /** With which settings each camera is recorded here, or was last. */
  specs(): ReadonlyMap<CameraId, CameraSpec>;
  /** Recording stops when less is free on the spool's disk. */
  minFreeBytes(): number;
  /** Cameras that record, or are wanted to, with nothing attached, and since when (monotonic ms): the ownership loop asks Temporal about them. */
  unattached(): readonly { readonly camera: CameraId; readonly sinceMonotonicMs: number }[];
  /** Stops an unattached recording. No-op when something is attached. */
  stopUnattached(camera: CameraId, cause: LastingStop): Promise<void>;
  /** Why this recorder cannot take the camera, in words, or null. */
  declines(camera: CameraId, spec: CameraSpec): Promise<{ readonly code: Decline; readonly detail: string } | null>;
  /** Only a hint to hurry; the spool scan is the truth (INV-3). Returns its undo. */
  onSealed(listener: (segment: SealedSegment) => void): () => void;
  onCondition(listener: (camera: CameraId, condition: CameraCondition) => void): () => void;
  statistics(): ReadonlyMap<CameraId, CameraStatistics>;
  /** `stop`: every FFmpeg is stopped by the ladder and everything is sealed. `detach`: supervisors end, recordings go on (INV-4). */
  close(mode: 'stop' | 'detach'): Promise<void>;
}

/** What the workflow knows of the camera. UTC milliseconds; null: it knows nothing. */
export interface AttachOptions {
  readonly lastEndedAtMs: number | null;
  readonly notBeforeMs: number | null;
  /** base64, kept in the assignment. */
  readonly taskToken: string | null;
}

/** A hold on a camera's recording, not the recording: only the newest one can stop or restart it (INV-5). */
export interface Attachment {
  readonly superseded: AbortSignal;
  condition(): CameraCondition;
  /** Idempotent; recording goes on (INV-4). */
  detach(): void;
  /** Starts FFmpeg anew and waits for nobody (INV-4); no-op when superseded. */
  restart(): void;
  /** Resolves after the last seal; no-op when superseded. */
  stop(cause: LastingStop): Promise<{ readonly lastEndedAtMs: number | null }>;
}
