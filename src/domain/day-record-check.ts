/** Whether a day record and the bucket say the same, and what came late to a closed day. Pure; times by the store's clock. */
import type { GapClaim } from './coverage.js';
import { type DayRecord, type RecordedObject, withTotals } from './day-record.js';
import type { ObjectKey } from './ids.js';

/** An object of the day as a listing shows it. */
export interface ListedKey {
  readonly key: ObjectKey;
  readonly sizeBytes: number;
  readonly lastModifiedMs: number;
}

/**
 * One thing that nobody of us did. `missing`: recorded, never expired, and not there. `changed`: of another size. `unknown`: there since
 * before the record was written, and not in it.
 */
export interface Disagreement {
  readonly kind: 'missing' | 'changed' | 'unknown';
  readonly key: ObjectKey;
}

/** Empty when record and bucket agree. What is late, or expired and not deleted yet, is no disagreement. */
export function disagreements(record: DayRecord, listed: readonly ListedKey[]): readonly Disagreement[] {
  const there = new Map(listed.map((object) => [object.key, object]));
  const known = knownIn(record);
  const wrong: Disagreement[] = [];
  const late = new Set(lateIn(record, listed).map(({ key }) => key));
  for (const [key, { sizeBytes, expiredAtMs }] of known) {
    const object = there.get(key);
    if (object === undefined && expiredAtMs === null) wrong.push({ kind: 'missing', key });
    if (object !== undefined && object.sizeBytes !== sizeBytes && !late.has(key)) wrong.push({ kind: 'changed', key });
  }
  for (const object of listed) {
    if (!known.has(object.key) && !late.has(object.key)) wrong.push({ kind: 'unknown', key: object.key });
  }
  return wrong.sort((one, other) => (one.key < other.key ? -1 : 1));
}

/** Objects that came after the record: new ones, ones that came back after they had expired, and gaps that more is told of. */
export function lateIn(record: DayRecord, listed: readonly ListedKey[]): readonly ListedKey[] {
  const known = knownIn(record);
  return listed.filter((object) => {
    const before = known.get(object.key);
    if (before === undefined) return isLate(record, object);
    if (before.expiredAtMs !== null) return object.lastModifiedMs > before.expiredAtMs;
    // Footage never changes; what is told of a gap may be added to.
    return before.kind === 'gap' && object.sizeBytes !== before.sizeBytes && isLate(record, object);
  });
}

/** The record with what came late; nothing that it says is taken back. `fresh`: what the bucket says now. */
export function amended(record: DayRecord, fresh: DayRecord, listed: readonly ListedKey[]): DayRecord {
  const late = new Set(lateIn(record, listed).map(({ key }) => key));
  const kept = record.objects.filter(({ key }) => !late.has(key));
  const segments = new Set(record.reachingIn.map(({ segment }) => segment));
  return withTotals({
    ...record,
    asOfMs: fresh.asOfMs,
    objects: [...kept, ...fresh.objects.filter(({ key }) => late.has(key))].sort(byKey),
    unreadable: [...record.unreadable, ...fresh.unreadable.filter(({ key }) => late.has(key))].sort(byKey),
    reachingIn: [...record.reachingIn, ...fresh.reachingIn.filter(({ segment }) => !segments.has(segment))],
    claims: mergedClaims(record.claims, fresh.claims),
    beganAtMs:
      record.beganAtMs === null || fresh.beganAtMs === null ? null : Math.min(record.beganAtMs, fresh.beganAtMs),
    isRemovedBefore: record.isRemovedBefore && fresh.isRemovedBefore,
  });
}

/**
 * Made anew from the bucket; only what was deleted on purpose, and what held, is taken over from the old one. An object that is there is
 * there, whatever was decided about it.
 */
export function rebuilt(fresh: DayRecord, old: DayRecord | undefined): DayRecord {
  if (old === undefined) return withTotals(fresh);
  const there = new Set(fresh.objects.map(({ key }) => key));
  const reaching = new Set(fresh.reachingIn.map(({ segment }) => segment));
  const gone = old.objects.filter(({ key, expiredAtMs }) => expiredAtMs !== null && !there.has(key));
  const goneIn = old.reachingIn.filter(({ segment, expiredAtMs }) => expiredAtMs !== null && !reaching.has(segment));
  const isOldKnown = gone.length > 0 || goneIn.length > 0;
  return withTotals({
    ...fresh,
    objects: [...fresh.objects, ...gone].sort(byKey),
    reachingIn: [...fresh.reachingIn, ...goneIn],
    // The claims of an object that was deleted are nowhere else.
    claims: isOldKnown ? mergedClaims(old.claims, fresh.claims) : fresh.claims,
    beganAtMs: isOldKnown ? old.beganAtMs : fresh.beganAtMs,
    isRemovedBefore: isOldKnown ? old.isRemovedBefore : fresh.isRemovedBefore,
    holds: old.holds,
  });
}

interface Known {
  readonly key: ObjectKey;
  readonly kind: RecordedObject['kind'] | 'unreadable';
  readonly sizeBytes: number;
  readonly expiredAtMs: number | null;
}

function knownIn({ objects, unreadable }: DayRecord): ReadonlyMap<ObjectKey, Known> {
  const silent = unreadable.map((object): Known => ({ ...object, kind: 'unreadable', expiredAtMs: null }));
  return new Map([...objects, ...silent].map((object) => [object.key, object]));
}

function isLate(record: DayRecord, { lastModifiedMs }: ListedKey): boolean {
  return lastModifiedMs >= record.asOfMs;
}

/** Each claim once, oldest first. */
export function mergedClaims(one: readonly GapClaim[], other: readonly GapClaim[]): readonly GapClaim[] {
  const textOf = ({ fromMs, toMs, cause, by }: GapClaim): string => `${fromMs} ${toMs} ${cause} ${by}`;
  const all = new Map([...one, ...other].map((claim) => [textOf(claim), claim]));
  return [...all.values()].sort((a, b) => a.fromMs - b.fromMs || a.toMs - b.toMs);
}

function byKey(one: { readonly key: string }, other: { readonly key: string }): number {
  return one.key < other.key ? -1 : 1;
}
