/**
 * What may be deleted of a camera's stored objects. Pure; times by the store's clock.
 *
 * 1. Only an object that its day record knows, and that still is what the record says.
 * 2. Nothing that a hold touches, and nothing younger than a day, whatever the policy says.
 * 3. Oldest first, and no more than the policy asks for.
 */
import { overlap } from './coverage.js';
import type { DayRecord } from './day-record.js';
import type { ListedKey } from './day-record-check.js';
import type { Hold } from './hold.js';
import type { CameraId, ObjectKey, SegmentId } from './ids.js';
import type { TimeRange } from './time-range.js';
import { DAY_MS } from './utc-day.js';

/** Of one camera; null: no limit. What is over either limit goes. */
export interface RetentionPolicy {
  readonly maxAgeMs: number | null;
  readonly maxBytes: number | null;
}

/** `cameras` has those with one of their own. */
export interface RetentionPolicies {
  readonly usual: RetentionPolicy;
  readonly cameras: Readonly<Record<CameraId, RetentionPolicy>>;
}

/** The one that deletes nothing. */
export const KEEP_ALL: RetentionPolicy = { maxAgeMs: null, maxBytes: null };

/** By the store's `LastModified`: an object that has just come may be about to be confirmed, and a clock may be wrong. */
export const YOUNGEST_EXPIRED_MS = DAY_MS;

/** An object that its record knows: it may be judged. */
export interface Candidate extends TimeRange {
  readonly key: ObjectKey;
  readonly sizeBytes: number;
  readonly lastModifiedMs: number;
  /** Null for a gap object. */
  readonly segment: SegmentId | null;
}

/** Why what the policy asks for stays. */
export interface Choice {
  readonly chosen: readonly Candidate[];
  readonly held: readonly Candidate[];
  readonly young: readonly Candidate[];
}

/** Whether it deletes anything at all. */
export function isDeleting({ maxAgeMs, maxBytes }: RetentionPolicy): boolean {
  return maxAgeMs !== null || maxBytes !== null;
}

/** A camera's own, else the usual one. */
export function policyOf({ usual, cameras }: RetentionPolicies, camera: CameraId): RetentionPolicy {
  return Object.hasOwn(cameras, camera) ? (cameras[camera] ?? usual) : usual;
}

/** Deletes only what both delete. */
export function keepingMore(one: RetentionPolicy, other: RetentionPolicy): RetentionPolicy {
  const more = (a: number | null, b: number | null): number | null =>
    a === null || b === null ? null : Math.max(a, b);
  return { maxAgeMs: more(one.maxAgeMs, other.maxAgeMs), maxBytes: more(one.maxBytes, other.maxBytes) };
}

/** What of a day may be judged: in the record and in the listing, of the same size, and not come back since it expired. */
export function candidatesOf(record: DayRecord, listed: readonly ListedKey[]): readonly Candidate[] {
  const there = new Map(listed.map((object) => [object.key, object]));
  return record.objects.flatMap((object) => {
    const { key, sizeBytes, fromMs, toMs, expiredAtMs } = object;
    const found = there.get(key);
    if (found === undefined || found.sizeBytes !== sizeBytes) return [];
    if (expiredAtMs !== null && found.lastModifiedMs > expiredAtMs) return [];
    const segment = object.kind === 'segment' ? object.segment : null;
    return [{ key, sizeBytes, fromMs, toMs, lastModifiedMs: found.lastModifiedMs, segment }];
  });
}

/** @param given.storedBytes of all the camera's objects, the candidates among them */
export function chooseExpired(
  candidates: readonly Candidate[],
  given: {
    readonly policy: RetentionPolicy;
    readonly holds: readonly Hold[];
    readonly nowMs: number;
    readonly storedBytes: number;
  },
): Choice {
  const { policy, nowMs } = given;
  const chosen: Candidate[] = [];
  const held: Candidate[] = [];
  const young: Candidate[] = [];
  let { storedBytes } = given;
  for (const candidate of candidates.toSorted(olderFirst)) {
    const isTooOld = policy.maxAgeMs !== null && candidate.toMs + policy.maxAgeMs <= nowMs;
    const isTooMuch = policy.maxBytes !== null && storedBytes > policy.maxBytes;
    if (!isTooOld && !isTooMuch) continue;
    if (isHeld(candidate, given.holds)) held.push(candidate);
    else if (isYoung(candidate, nowMs)) young.push(candidate);
    else {
      chosen.push(candidate);
      storedBytes -= candidate.sizeBytes;
    }
  }
  return { chosen, held, young };
}

/** Whether a hold that was not released has a moment in common with it. */
export function isHeld(range: TimeRange, holds: readonly Hold[]): boolean {
  return holds.some((hold) => hold.releasedAtMs === null && overlap(hold, range));
}

/** Both by the store and by its own time: one of the two may be wrong. */
function isYoung({ toMs, lastModifiedMs }: Candidate, nowMs: number): boolean {
  return nowMs - Math.max(toMs, lastModifiedMs) < YOUNGEST_EXPIRED_MS;
}

function olderFirst(one: Candidate, other: Candidate): number {
  return one.fromMs - other.fromMs || (one.key < other.key ? -1 : 1);
}
