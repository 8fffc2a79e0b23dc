import { crc32 } from 'node:zlib';
import { crc32Hex } from '../../src/domain/crc32.js';
import {
  type CameraId,
  type ObjectKey,
  parseRecorderId,
  type RecorderId,
  type SegmentId,
  segmentIdOf,
  sessionIdOf,
} from '../../src/domain/ids.js';
import type { ByteSource, Confirmation, Receipt, UploadCheckpoint } from '../../src/domain/receipt.js';
import type { SealedSegment } from '../../src/domain/segment.js';
import type {
  Assignment,
  AssignmentStore,
  Spool,
  SpooledSegment,
  SpoolLayout,
  SpoolUsage,
} from '../../src/spool/spool.js';

/** The bytes of every segment of a `MemorySpool`. */
export const SEGMENT_BYTES: Uint8Array = new Uint8Array(1_000).fill(7);

/** A spool without a disk, for tests of what works on one. */
export class MemorySpool implements Spool {
  readonly recorder: RecorderId;
  readonly layout: SpoolLayout;
  readonly segments = new Map<SegmentId, SpooledSegment>();
  readonly bytesMissing = new Set<SegmentId>();
  readonly reclaimed: SegmentId[] = [];
  readonly damaged = new Map<SegmentId, readonly ObjectKey[]>();
  readonly assignments: AssignmentStore & { readonly all: Map<CameraId, Assignment> };

  constructor(recorder: string, root = '/nowhere') {
    this.recorder = parseRecorderId(recorder);
    this.layout = layoutAt(root);
    this.assignments = memoryAssignments();
  }

  /** As if the recorder had just sealed it. */
  add(segment: SealedSegment, sealedAtMs = Date.now()): void {
    this.segments.set(segment.id, { kind: 'sealed', segment, sealedAtMs });
  }

  async *list(): AsyncIterable<SpooledSegment> {
    yield* [...this.segments.values()].sort((one, other) => one.segment.fromMs - other.segment.fromMs);
  }

  async find(id: SegmentId): Promise<SpooledSegment | undefined> {
    return this.segments.get(id);
  }

  async read(id: SegmentId): Promise<ByteSource> {
    const found = this.segments.get(id);
    if (found === undefined || this.bytesMissing.has(id)) {
      throw Object.assign(new Error(`no bytes of ${id}`), { code: 'segment-missing' });
    }
    return {
      sizeBytes: found.segment.sizeBytes,
      read: async (into, offsetBytes) => into.set(SEGMENT_BYTES.subarray(offsetBytes, offsetBytes + into.length)),
      close: async () => undefined,
    };
  }

  async seal(): Promise<void> {}

  async recordCheckpoint(id: SegmentId, checkpoint: UploadCheckpoint | null): Promise<void> {
    const found = this.segments.get(id);
    if (found === undefined || found.kind === 'stored') return;
    const { segment, sealedAtMs } = found;
    const base = { segment, sealedAtMs };
    this.segments.set(
      id,
      checkpoint === null ? { ...base, kind: 'sealed' } : { ...base, kind: 'uploading', checkpoint },
    );
  }

  async recordReceipt(id: SegmentId, receipt: Receipt | null): Promise<void> {
    const found = this.segments.get(id);
    if (found === undefined) return;
    const { segment, sealedAtMs } = found;
    const base = { segment, sealedAtMs };
    this.segments.set(id, receipt === null ? { ...base, kind: 'sealed' } : { ...base, kind: 'stored', receipt });
  }

  async recordDamage(id: SegmentId, key: ObjectKey): Promise<void> {
    this.damaged.set(id, [...(await this.damagedKeys(id)), key]);
    await this.recordReceipt(id, null);
  }

  async damagedKeys(id: SegmentId): Promise<readonly ObjectKey[]> {
    return this.damaged.get(id) ?? [];
  }

  async reclaim(proof: Confirmation): Promise<void> {
    if (this.segments.delete(proof.segment)) this.reclaimed.push(proof.segment);
  }

  async quarantine(): Promise<void> {}

  async usage(): Promise<SpoolUsage> {
    const none = { bytes: 0, count: 0 };
    return {
      freeBytes: 1e12,
      totalBytes: 1e12,
      byState: { open: none, sealed: none, uploading: none, stored: none, quarantined: none },
      oldestUnsentMs: null,
    };
  }

  async releaseReserve(): Promise<void> {}
  async restoreReserve(): Promise<void> {}
}

/** A plausible sealed segment of a camera; `index` counts minutes from `firstMs`. */
export function sealedSegment(camera: CameraId, recorder: RecorderId, index: number, firstMs: number): SealedSegment {
  const session = sessionIdOf(firstMs, 0.5);
  const fromMs = firstMs + index * 60_000;
  return {
    schema: 1,
    id: segmentIdOf(camera, session, index),
    camera,
    recorder,
    session,
    index,
    fromMs,
    toMs: fromMs + 60_000,
    nominalStartMs: Math.floor(fromMs / 1_000) * 1_000,
    closed: 'cut',
    container: 'header-in-front',
    video: { codec: 'h264', widthPx: 2560, heightPx: 1440, frames: 900 },
    mediaDurationMs: 60_000,
    sizeBytes: SEGMENT_BYTES.length,
    crc32Hex: crc32Hex(crc32(SEGMENT_BYTES)),
    recording: {
      offsetBytes: 100,
      sizeBytes: SEGMENT_BYTES.length - 100,
      completeBytes: SEGMENT_BYTES.length - 100,
      sha256Hex: '0'.repeat(64),
    },
    gapsBefore: [],
    clockStepped: false,
  };
}

function memoryAssignments(): AssignmentStore & { readonly all: Map<CameraId, Assignment> } {
  const all = new Map<CameraId, Assignment>();
  return {
    all,
    list: async () => [...all.values()],
    find: async (camera) => all.get(camera),
    save: async (assignment) => void all.set(assignment.camera, assignment),
  };
}

function layoutAt(root: string): SpoolLayout {
  return {
    root,
    sessionDir: (camera, session) => `${root}/open/${camera}/${session}`,
    openDir: (camera) => `${root}/open/${camera}`,
    sealedDir: (camera) => `${root}/sealed/${camera}`,
    quarantineDir: `${root}/quarantine`,
    lockPath: `${root}/lock`,
  };
}
