import { z } from 'zod';
import { type GapClaim, gapClaimSchema } from './coverage.js';
import { type CameraId, parseCameraId, parseRecorderId, type RecorderId } from './ids.js';
import type { TimeRange } from './time-range.js';

/**
 * Body of `<camera>/<day>/<HH-MM-SS>_<camera>.gap.json`: a clock slot in which nothing was recorded, and why. Its claims may reach
 * back into the slot before, of which it explains the rest.
 */
export interface GapObject extends TimeRange {
  readonly schema: 1;
  readonly camera: CameraId;
  /** Who says so. */
  readonly recorder: RecorderId;
  /** At least one, at most `MOST_GAP_CLAIMS`, oldest first. */
  readonly claims: readonly GapClaim[];
}

/** So many fit into the 2 KB of metadata that S3 allows. */
export const MOST_GAP_CLAIMS = 8;

/** Of an object's body. Where its claims lie is not checked. */
export const gapObjectSchema: z.ZodType<GapObject, unknown> = z.object({
  schema: z.literal(1),
  camera: z.string().transform(parseCameraId),
  fromMs: z.number(),
  toMs: z.number(),
  recorder: z.string().transform(parseRecorderId),
  claims: z.array(gapClaimSchema).min(1).max(MOST_GAP_CLAIMS),
});
