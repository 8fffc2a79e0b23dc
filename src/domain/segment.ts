import { z } from 'zod';
import { type GapClaim, gapClaimSchema } from './coverage.js';
import {
  type CameraId,
  parseCameraId,
  parseRecorderId,
  parseSegmentId,
  parseSessionId,
  type RecorderId,
  type SegmentId,
  type SessionId,
} from './ids.js';
import type { TimeRange } from './time-range.js';

/** One sealed MP4 file of a session: a fact, written once, never changed (INV-1). Stored as the sidecar `<segment>.json`. */
export interface SealedSegment extends TimeRange {
  readonly schema: 1;
  readonly id: SegmentId;
  readonly camera: CameraId;
  readonly recorder: RecorderId;
  readonly session: SessionId;
  /** In the session; 0 was opened by a (re)connect, all others by a cut. */
  readonly index: number;
  /** What the object key says: the clock boundary for a cut, the real second for a (re)connect. */
  readonly nominalStartMs: number;
  readonly closed: 'cut' | 'stop-requested' | 'session-ended' | 'salvaged';
  readonly container: 'header-in-front' | 'remuxed' | 'as-recorded';
  readonly video: {
    readonly codec: 'h264' | 'hevc';
    readonly widthPx: number;
    readonly heightPx: number;
    readonly frames: number;
  };
  readonly mediaDurationMs: number;
  /** Of the whole object: header ‖ recording. */
  readonly sizeBytes: number;
  /** Of the whole object: header ‖ recording. */
  readonly crc32Hex: string;
  /** The recorded bytes inside the object; `completeBytes` ends at the last whole fragment. */
  readonly recording: {
    readonly offsetBytes: number;
    readonly sizeBytes: number;
    readonly completeBytes: number;
    readonly sha256Hex: string;
  };
  /** At most 8, oldest first; empty when the segment touches its predecessor (INV-8). */
  readonly gapsBefore: readonly GapClaim[];
  /** The wall clock stepped while the file was open; its times were corrected. */
  readonly clockStepped: boolean;
}

const count = z.number().int().nonnegative();

/** Of a sidecar. Unknown fields are dropped, so that one of a newer version can still be read. */
export const sealedSegmentSchema: z.ZodType<SealedSegment, unknown> = z.object({
  schema: z.literal(1),
  id: z.string().transform(parseSegmentId),
  camera: z.string().transform(parseCameraId),
  recorder: z.string().transform(parseRecorderId),
  session: z.string().transform(parseSessionId),
  index: count,
  fromMs: z.number(),
  toMs: z.number(),
  nominalStartMs: z.number(),
  closed: z.enum(['cut', 'stop-requested', 'session-ended', 'salvaged']),
  container: z.enum(['header-in-front', 'remuxed', 'as-recorded']),
  video: z.object({ codec: z.enum(['h264', 'hevc']), widthPx: count, heightPx: count, frames: count }),
  mediaDurationMs: z.number().nonnegative(),
  sizeBytes: count,
  crc32Hex: z.string().regex(/^[0-9a-f]{8}$/),
  recording: z.object({
    offsetBytes: count,
    sizeBytes: count,
    completeBytes: count,
    sha256Hex: z.string().regex(/^[0-9a-f]{64}$/),
  }),
  gapsBefore: z.array(gapClaimSchema).max(8),
  clockStepped: z.boolean(),
});
