/** Which time is missing for good when a recorder is lost, and the objects that say so. Pure; UTC ms. */
import { type CoverageSpan, type GapClaim, overlap } from '../domain/coverage.js';
import { type GapObject, MOST_GAP_CLAIMS } from '../domain/gap-object.js';
import type { CameraId, RecorderId } from '../domain/ids.js';
import type { TimeRange } from '../domain/time-range.js';
import { slotsBetween } from './gap-object-plan.js';

/** What the bucket says of a range that begins before the first owed time and ends not before the last. */
export interface KnownTimes {
  readonly range: TimeRange;
  readonly spans: readonly CoverageSpan[];
  /** As in `Timeline`. */
  readonly beganAtMs: number | null;
}

/**
 * The holes in what the bucket tells, as far as the owed times reach into them. A hole is taken from its beginning: the claims for it rode on
 * the segment that is lost. What is stored or explained is left out, so doing it twice finds nothing.
 */
export function lostTimes(owed: readonly TimeRange[], known: KnownTimes): readonly TimeRange[] {
  const firstMs = Math.min(...owed.map(({ fromMs }) => fromMs));
  // Before the first object of a camera nothing is missing.
  const startMs = known.beganAtMs === null ? known.range.fromMs : firstMs;
  return holesIn({ fromMs: startMs, toMs: known.range.toMs }, known.spans).flatMap((hole) => {
    const ends = owed.filter((one) => overlap(one, hole)).map(({ toMs }) => toMs);
    return ends.length === 0 ? [] : [{ fromMs: hole.fromMs, toMs: Math.min(hole.toMs, Math.max(...ends)) }];
  });
}

/** One object for each clock slot that the times reach into. */
export function lostObjects(
  times: readonly TimeRange[],
  of: { readonly camera: CameraId; readonly recorder: RecorderId; readonly slotMs: number },
): readonly GapObject[] {
  const { camera, recorder, slotMs } = of;
  const starts = new Set(times.flatMap((time) => slotsOver(time, slotMs).map(({ fromMs }) => fromMs)));
  return [...starts]
    .sort((one, other) => one - other)
    .map((fromMs) => {
      const slot = { fromMs, toMs: fromMs + slotMs };
      const within = times.filter((time) => overlap(time, slot)).map((time) => cutTo(slot, time));
      const claims = within.map((time): GapClaim => ({ ...time, cause: 'recorder-lost', by: recorder }));
      return { schema: 1, camera, recorder, ...slot, claims: atMost(MOST_GAP_CLAIMS, claims) };
    });
}

/**
 * What is told of a slot already, and what is new. When that is too much for one object, what is new is told as one stretch: footage and
 * closer claims beat it. Then the shortest of the old claims go.
 */
export function mergedObject(old: GapObject, fresh: GapObject): GapObject {
  const isNew = (claim: GapClaim): boolean => !old.claims.some((told) => isSame(told, claim));
  const added = atMost(Math.max(1, MOST_GAP_CLAIMS - old.claims.length), fresh.claims.filter(isNew));
  const kept = old.claims
    .toSorted((one, other) => lengthOf(other) - lengthOf(one))
    .slice(0, MOST_GAP_CLAIMS - added.length);
  const claims = [...kept, ...added].sort((one, other) => one.fromMs - other.fromMs || one.toMs - other.toMs);
  return { ...old, claims };
}

function holesIn(range: TimeRange, spans: readonly CoverageSpan[]): readonly TimeRange[] {
  const holes: TimeRange[] = [];
  let doneMs = range.fromMs;
  for (const span of spans.filter(({ kind }) => kind !== 'unexplained')) {
    if (span.fromMs > doneMs) holes.push({ fromMs: doneMs, toMs: span.fromMs });
    doneMs = Math.max(doneMs, span.toMs);
  }
  if (range.toMs > doneMs) holes.push({ fromMs: doneMs, toMs: range.toMs });
  return holes;
}

function slotsOver({ fromMs, toMs }: TimeRange, slotMs: number): readonly TimeRange[] {
  return slotsBetween(Math.floor(fromMs / slotMs) * slotMs, Math.ceil(toMs / slotMs) * slotMs, slotMs);
}

function atMost(most: number, claims: readonly GapClaim[]): readonly GapClaim[] {
  const [first, last] = [claims[0], claims.at(-1)];
  if (claims.length <= most || first === undefined || last === undefined) return claims;
  return [{ ...first, toMs: last.toMs }];
}

function cutTo(slot: TimeRange, time: TimeRange): TimeRange {
  return { fromMs: Math.max(slot.fromMs, time.fromMs), toMs: Math.min(slot.toMs, time.toMs) };
}

function isSame(one: GapClaim, other: GapClaim): boolean {
  return one.fromMs === other.fromMs && one.toMs === other.toMs && one.cause === other.cause;
}

function lengthOf({ fromMs, toMs }: TimeRange): number {
  return toMs - fromMs;
}
