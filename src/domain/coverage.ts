import { z } from 'zod';
import { parseRecorderId, type RecorderId } from './ids.js';
import type { TimeRange } from './time-range.js';

/** Why no footage covers a stretch of time. The sentences for people are in `gap-causes.ts`. */
export const GAP_CAUSES = [
  'camera-unreachable',
  'camera-refused',
  'camera-stalled',
  'stream-ended',
  'recorder-restarted',
  'recorder-lost',
  'ffmpeg-died',
  'moved',
  'reconfigured',
  'paused',
  'removed',
  'not-scheduled',
  'disk-full',
  'disk-stalled',
  'clock-stepped',
  'quarantined',
  'expired',
] as const;
export type GapCause = (typeof GAP_CAUSES)[number];

/** Explains (part of) a gap. A gap is what footage leaves over, so footage that arrives late heals it by itself (INV-8). */
export interface GapClaim extends TimeRange {
  readonly cause: GapCause;
  readonly by: RecorderId;
}

export const gapClaimSchema: z.ZodType<GapClaim, unknown> = z.object({
  fromMs: z.number(),
  toMs: z.number(),
  cause: z.enum(GAP_CAUSES),
  by: z.string().transform(parseRecorderId),
});
