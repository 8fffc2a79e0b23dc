/** Which clock slots need a gap object, and what it says. Pure; UTC ms. */
import type { CameraCondition } from '../domain/camera.js';
import { type GapCause, type GapClaim, overlap } from '../domain/coverage.js';
import type { GapObject } from '../domain/gap-object.js';
import type { RecorderId } from '../domain/ids.js';
import type { TimeRange } from '../domain/time-range.js';
import type { Assignment } from '../spool/spool.js';

/** After a restart so many slots are looked at again (two days of 15 minutes): the store, and this recorder, may have been away… */
const LOOK_BACK_SLOTS = 192;
/** …and as far back as the footage ended (a month of them); the claims on the next footage explain what is older. */
const FARTHEST_BACK_SLOTS = 2_976;

/** Where a recorder that has just started begins to look: the beginning of a slot. */
export function firstSlotMs({ spec, lastEndedAtMs }: Assignment, nowMs: number): number {
  const slotMs = spec.segmentDurationSec * 1_000;
  const fromMs = Math.min(lastEndedAtMs ?? nowMs, nowMs - LOOK_BACK_SLOTS * slotMs);
  return floorTo(slotMs, Math.max(fromMs, nowMs - FARTHEST_BACK_SLOTS * slotMs));
}

/**
 * The end of the last slot that is told of: over for half its length, so that its footage is sealed and a look at it finds it, and
 * early enough for everything to be told when it is two slots old. Not beyond what a stopped camera needs told.
 */
export function lastSlotEndMs(assignment: Assignment, nowMs: number): number {
  const slotMs = assignment.spec.segmentDurationSec * 1_000;
  const dueMs = floorTo(slotMs, nowMs - slotMs / 2);
  if (assignment.desired === 'record' || assignment.stopCause === 'paused') return dueMs;
  const removed = assignment.openClaims.findLast(({ cause }) => cause === 'removed');
  // The slot in which it was stopped, and the one after it, whose object explains the rest of the first.
  return removed === undefined ? 0 : Math.min(dueMs, floorTo(slotMs, removed.fromMs) + 2 * slotMs);
}

/** All slots between two beginnings of slots. */
export function slotsBetween(fromMs: number, toMs: number, slotMs: number): readonly TimeRange[] {
  const count = Math.max(0, Math.floor((toMs - fromMs) / slotMs));
  return Array.from({ length: count }, (_, index) => ({
    fromMs: fromMs + index * slotMs,
    toMs: fromMs + (index + 1) * slotMs,
  }));
}

/**
 * Why there has been no footage since the last, up to `untilMs`; for a gap that is still open, or whose next footage is not sealed.
 * @param heldFromMs for a camera that never recorded: since when its condition is known to be what it is
 */
export function openClaimsUntil(
  assignment: Assignment,
  condition: CameraCondition | undefined,
  at: { readonly untilMs: number; readonly heldFromMs: number; readonly by: RecorderId },
): readonly GapClaim[] {
  const { openClaims } = assignment;
  const last = openClaims.at(-1);
  // The last cause that was journaled holds until another one is.
  if (last !== undefined) return [...openClaims.slice(0, -1), { ...last, toMs: Math.max(last.toMs, at.untilMs) }];
  const cause = causeNow(condition);
  return cause === null
    ? []
    : [{ cause, fromMs: assignment.lastEndedAtMs ?? at.heldFromMs, toMs: at.untilMs, by: at.by }];
}

/** `undefined` when no claim is about the slot: nobody knows why there is nothing, and a reason is not made up. */
export function gapObjectOf(
  gap: Pick<GapObject, 'camera' | 'recorder'> & { readonly slot: TimeRange; readonly claims: readonly GapClaim[] },
): GapObject | undefined {
  const { camera, recorder, slot, claims } = gap;
  if (!claims.some((claim) => overlap(claim, slot))) return undefined;
  const told = { fromMs: slot.fromMs - (slot.toMs - slot.fromMs), toMs: slot.toMs };
  const cut = claims
    .filter((claim) => overlap(claim, told))
    .map((claim) => ({ ...claim, fromMs: Math.max(claim.fromMs, told.fromMs), toMs: Math.min(claim.toMs, told.toMs) }));
  return { schema: 1, camera, recorder, ...slot, claims: cut };
}

function causeNow(condition: CameraCondition | undefined): GapCause | null {
  if (condition?.kind === 'down') return condition.cause;
  return condition?.kind === 'paused' ? 'paused' : null;
}

function floorTo(slotMs: number, atMs: number): number {
  return Math.floor(atMs / slotMs) * slotMs;
}
