import { z } from 'zod';
import { parseRecorderId, type RecorderId, type SegmentId } from './ids.js';
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
/** Also a metric label, in objects in the bucket and in histories: a word once used keeps its meaning. */
export type GapCause = (typeof GAP_CAUSES)[number];

/** Explains (part of) a gap. A gap is what footage leaves over, so footage that arrives late heals it by itself (INV-8). */
export interface GapClaim extends TimeRange {
  readonly cause: GapCause;
  readonly by: RecorderId;
}

/** Of what was written to disk or bucket, or signalled. That `toMs` is after `fromMs` is not checked. */
export const gapClaimSchema: z.ZodType<GapClaim, unknown> = z.object({
  fromMs: z.number(),
  toMs: z.number(),
  cause: z.enum(GAP_CAUSES),
  by: z.string().transform(parseRecorderId),
});

/** What of a camera's time is in a file that can be played. A `SealedSegment` has all of it but `where`. */
export interface Footage extends TimeRange {
  readonly segment: SegmentId;
  readonly where: 'spool' | 'store';
}

/** One piece of a range, as `coverageOf` makes it. `unexplained` is what must not be there (INV-8). */
export type CoverageSpan = TimeRange &
  (
    | { readonly kind: 'footage'; readonly segment: SegmentId; readonly where: 'spool' | 'store' }
    | { readonly kind: 'gap'; readonly cause: GapCause }
    | { readonly kind: 'unexplained' }
  );

/**
 * Sorted, touching, filling `range` exactly. Footage beats a claim, the earlier segment beats the later, and of two claims the shorter
 * one: it was made by a closer look. Neither the order of the input nor what is given twice makes a difference. Pure.
 */
export function coverageOf(
  range: TimeRange,
  footage: readonly Footage[],
  claims: readonly GapClaim[],
): readonly CoverageSpan[] {
  const spans: CoverageSpan[] = [];
  const known = claims.filter((claim) => overlap(claim, range)).sort(closerFirst);
  let filledToMs = range.fromMs;
  const leaveOver = (toMs: number): void => {
    if (toMs > filledToMs) spans.push(...explained({ fromMs: filledToMs, toMs }, known));
  };
  for (const { fromMs, toMs, segment, where } of footage.filter((one) => overlap(one, range)).sort(earlierFirst)) {
    const endMs = Math.min(toMs, range.toMs);
    if (endMs <= filledToMs) continue;
    leaveOver(fromMs);
    const startMs = Math.max(fromMs, filledToMs);
    spans.push({ fromMs: startMs, toMs: endMs, kind: 'footage', segment, where });
    filledToMs = endMs;
  }
  leaveOver(range.toMs);
  return spans;
}

/** Whether the two have a moment in common. */
export function overlap(one: TimeRange, other: TimeRange): boolean {
  return Math.max(one.fromMs, other.fromMs) < Math.min(one.toMs, other.toMs);
}

/** A gap cut where claims begin and end, each piece with the closest of its claims; neighbours that say the same are one. */
function explained(gap: TimeRange, claims: readonly GapClaim[]): readonly CoverageSpan[] {
  const within = claims.filter((claim) => overlap(claim, gap));
  const edges = within.flatMap(({ fromMs, toMs }) => [fromMs, toMs]).filter((atMs) => isInside(gap, atMs));
  const cuts = [...new Set([...edges, gap.toMs])].sort((one, other) => one - other);
  const spans: CoverageSpan[] = [];
  let fromMs = gap.fromMs;
  for (const toMs of cuts) {
    const claim = within.find((one) => one.fromMs <= fromMs && one.toMs >= toMs);
    push(
      spans,
      claim === undefined ? { fromMs, toMs, kind: 'unexplained' } : { fromMs, toMs, kind: 'gap', cause: claim.cause },
    );
    fromMs = toMs;
  }
  return spans;
}

function push(spans: CoverageSpan[], span: CoverageSpan): void {
  const last = spans.at(-1);
  const isSame = last?.kind === span.kind && causeIn(last) === causeIn(span);
  if (isSame) spans[spans.length - 1] = { ...last, toMs: span.toMs };
  else spans.push(span);
}

function causeIn(span: CoverageSpan): GapCause | null {
  return span.kind === 'gap' ? span.cause : null;
}

function isInside(gap: TimeRange, atMs: number): boolean {
  return gap.fromMs < atMs && atMs < gap.toMs;
}

/** The store's copy of a segment before the spool's: it is the safer one. */
function earlierFirst(one: Footage, other: Footage): number {
  return (
    one.fromMs - other.fromMs ||
    compare(one.segment, other.segment) ||
    other.toMs - one.toMs ||
    compare(other.where, one.where)
  );
}

function closerFirst(one: GapClaim, other: GapClaim): number {
  return (
    one.toMs - one.fromMs - (other.toMs - other.fromMs) ||
    one.fromMs - other.fromMs ||
    GAP_CAUSES.indexOf(one.cause) - GAP_CAUSES.indexOf(other.cause)
  );
}

function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
