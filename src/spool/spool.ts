import type { CameraSpec } from '../domain/camera.js';
import type { GapCause, GapClaim } from '../domain/coverage.js';
import type { CameraId, ObjectKey, RecorderId, SegmentId, SessionId } from '../domain/ids.js';
import type { ByteSource, Confirmation, Receipt, UploadCheckpoint } from '../domain/receipt.js';
import type { SealedSegment } from '../domain/segment.js';

/**
 * The recorder's directory of segments not yet known to be safe. State is which files exist; none is rewritten in place:
 * `.header` + `.recording.mp4` + `.json` sealed, + `.upload.json` uploading, + `.receipt.json` stored; `.reclaim.json` being deleted.
 * `.damaged.json` names keys of which a receipt counts for nothing.
 */
export type SpooledSegment = { readonly segment: SealedSegment; readonly sealedAtMs: number } & (
  | { readonly kind: 'sealed' }
  | { readonly kind: 'uploading'; readonly checkpoint: UploadCheckpoint }
  | { readonly kind: 'stored'; readonly receipt: Receipt }
);

/** Files of a segment that is about to be sealed, in its session's directory. */
export interface SealRequest {
  readonly segment: SealedSegment;
  /** Absent when the recording itself is the object (`as-recorded`, `remuxed`). */
  readonly header: Uint8Array | null;
  readonly recordingPath: string;
}

/** Its methods may be called at once; what changes one segment waits for its turn. */
export interface Spool {
  readonly recorder: RecorderId;
  readonly layout: SpoolLayout;
  readonly assignments: AssignmentStore;
  /** Oldest first. Finishes or undoes what a crash left half done. Unreadable sidecars are quarantined, never block the next. */
  list(): AsyncIterable<SpooledSegment>;
  /** Finishes or undoes a seal of it that failed half-way. */
  find(id: SegmentId): Promise<SpooledSegment | undefined>;
  /** header ‖ recording. Throws `SpoolError{code:'segment-missing'}`. */
  read(id: SegmentId): Promise<ByteSource>;
  /** Header, recording, directory fsync, then the sidecar the same way: its existence is the seal (INV-1). Safe to repeat after a crash between any two steps. */
  seal(request: SealRequest): Promise<void>;
  /** Durable when it resolves. `null` forgets it. No-op when the segment is gone. */
  recordCheckpoint(id: SegmentId, checkpoint: UploadCheckpoint | null): Promise<void>;
  /** Durable when it resolves. `null`: the store lost it, send again. Either way the checkpoint goes. No-op when the segment is gone. */
  recordReceipt(id: SegmentId, receipt: Receipt | null): Promise<void>;
  /**
   * The store holds other bytes at `key` than it had acknowledged. The segment is sealed again, and no receipt for that key will count.
   * Durable when it resolves; idempotent; no-op when the segment is gone.
   */
  recordDamage(id: SegmentId, key: ObjectKey): Promise<void>;
  /** The keys of which `recordDamage` told. */
  damagedKeys(id: SegmentId): Promise<readonly ObjectKey[]>;
  /** No proof, no deletion: does not compile (INV-2). Idempotent. Throws `invalid-input` when there is no receipt for the proof's key. */
  reclaim(proof: Confirmation): Promise<void>;
  /** Moves what cannot be read out of the way, never deletes it. */
  quarantine(path: string, reason: string): Promise<void>;
  usage(): Promise<SpoolUsage>;
  /**
   * Lets go of `reserve`, so that sidecars, checkpoints and receipts can be written with 0 other bytes free: done by itself when a
   * write finds the disk full. Taken again by itself after deletions that made room, and by `restoreReserve`.
   */
  releaseReserve(): Promise<void>;
  restoreReserve(): Promise<void>;
}

/** One look at the disk, not kept up to date. `freeBytes` is what this user may write, so without root's share. */
export interface SpoolUsage {
  readonly freeBytes: number;
  readonly totalBytes: number;
  /** Bytes and segments by state; `open` are the recordings of running or unsealed sessions; its bytes include their logs. */
  readonly byState: Readonly<
    Record<
      'open' | 'sealed' | 'uploading' | 'stored' | 'quarantined',
      { readonly bytes: number; readonly count: number }
    >
  >;
  /** End of the oldest segment without a receipt; null when all is stored. */
  readonly oldestUnsentMs: number | null;
}

/** Where things are. Pure. */
export interface SpoolLayout {
  readonly root: string;
  sessionDir(camera: CameraId, session: SessionId): string;
  openDir(camera: CameraId): string;
  sealedDir(camera: CameraId): string;
  readonly quarantineDir: string;
  readonly lockPath: string;
}

/** The recorder's last known word on a camera; a small file, no secrets but Temporal's task token. */
export interface Assignment {
  readonly schema: 1;
  readonly camera: CameraId;
  readonly spec: CameraSpec;
  readonly desired: 'record' | 'stop';
  /** Why it is stopped, for the gap that is open then. */
  readonly stopCause: GapCause | null;
  /** End of the last footage known anywhere; what the next gap starts from. */
  readonly lastEndedAtMs: number | null;
  /** A locked camera account must not be tried earlier. */
  readonly notBeforeMs: number | null;
  /** Claims for time after `lastEndedAtMs` that no sealed segment carries yet. */
  readonly openClaims: readonly GapClaim[];
  /** base64; lets a restarted worker end its predecessor's attempt at once. */
  readonly taskToken: string | null;
  /** Absent in a file from before it was noted. */
  readonly stability?: StabilityNote | undefined;
  readonly updatedAtMs: number;
}

/** How steady a camera was within the hour before; UTC ms. The longest lists are cut to their newest. */
export interface StabilityNote {
  /** Nothing is noted of what was earlier. */
  readonly sinceMs: number;
  /** When a connection was lost, oldest first. */
  readonly lostAtMs: readonly number[];
  /** Those that sealed segments carry. */
  readonly claims: readonly GapClaim[];
  /** Null while it is stable. */
  readonly unstableSinceMs: number | null;
}

/** An assignment is never removed: that a configured camera was cancelled must outlive every restart. */
export interface AssignmentStore {
  list(): Promise<readonly Assignment[]>;
  find(camera: CameraId): Promise<Assignment | undefined>;
  /** Durable when it resolves; writes to one camera are in order. */
  save(assignment: Assignment): Promise<void>;
}
