/**
 * Keeps, for one camera, the end of its footage and why there has been none since, so that every gap gets its claims (INV-8). Pure.
 *
 * 1. From the end of the footage to the start of the next, the claims touch: nothing between two segments is unexplained.
 * 2. A cause holds from when it was noted until the next one; the first also explains the time before it was noticed.
 */
import type { GapCause, GapClaim } from '../domain/coverage.js';
import type { RecorderId } from '../domain/ids.js';
import type { TimeRange } from '../domain/time-range.js';

/** Never changed, only replaced. A restart makes it anew from the assignment. */
export interface GapLedger {
  /** UTC ms of the newest footage known anywhere; null when there is none yet, and so no gap. */
  readonly lastEndedAtMs: number | null;
  /** Oldest first. */
  readonly causes: readonly CauseFrom[];
  /** Nothing was recorded since the last cause was noted. */
  readonly isGapOpen: boolean;
}

interface CauseFrom {
  readonly cause: GapCause;
  readonly fromMs: number;
}

/** Of a camera without footage: before its first there is no gap. */
export const EMPTY_LEDGER: GapLedger = { lastEndedAtMs: null, causes: [], isGapOpen: false };

/** A sidecar carries at most so many. */
export const MOST_CLAIMS = 8;
/** Of causes remembered: more than claims, so that merging has something to choose from; bounded, because a camera may be down for months. */
const MOST_CAUSES = 32;
/** Nothing was noted: the only thing that leaves no note is our own end, or a clock that was set within a session. */
const UNNOTED: GapCause = 'recorder-restarted';

/** Clocks of machines that follow a time server differ by far less; a clock that was wrong, by far more. */
const LONGEST_SKEW_MS = 10_000;

/** Whether a time can only be of a clock that was wrong then, or is now. */
export function isFuture(atMs: number, nowMs: number): boolean {
  return atMs > nowMs + LONGEST_SKEW_MS;
}

/**
 * The ledger without what lies in the future: the clock was set back since it was noted. When the last footage ended cannot be told
 * then, so nothing is claimed before now.
 */
export function withoutFuture(ledger: GapLedger, nowMs: number): GapLedger {
  if (ledger.lastEndedAtMs !== null && isFuture(ledger.lastEndedAtMs, nowMs)) return EMPTY_LEDGER;
  const causes = ledger.causes.filter(({ fromMs }) => !isFuture(fromMs, nowMs));
  return causes.length === ledger.causes.length ? ledger : { ...ledger, causes };
}

/** The same cause again, with nothing recorded in between, goes on; the ledger stays the same object then. */
export function noteCause(ledger: GapLedger, cause: GapCause, atMs: number): GapLedger {
  if (ledger.isGapOpen && ledger.causes.at(-1)?.cause === cause) return ledger;
  const causes = [...ledger.causes, { cause, fromMs: atMs }];
  return { ...ledger, isGapOpen: true, causes: causes.length > MOST_CAUSES ? withoutShortest(causes) : causes };
}

/** A file that began at `fromMs` could not be read; what is known of later times stays. */
export function noteQuarantined(ledger: GapLedger, fromMs: number): GapLedger {
  const earlier = ledger.causes.filter((cause) => cause.fromMs <= fromMs);
  const later = ledger.causes.filter((cause) => cause.fromMs > fromMs);
  return { ...ledger, causes: [...earlier, { cause: 'quarantined', fromMs }, ...later] };
}

/** Frames come again; the segment that will carry the claims is sealed much later. */
export function footageBegan(ledger: GapLedger): GapLedger {
  return { ...ledger, isGapOpen: false };
}

/** Footage known from elsewhere (a sidecar in the spool, another recorder). Never goes back. */
export function endedElsewhere(ledger: GapLedger, endedAtMs: number): GapLedger {
  return endedAtMs > (ledger.lastEndedAtMs ?? Number.NEGATIVE_INFINITY)
    ? { ...ledger, lastEndedAtMs: endedAtMs }
    : ledger;
}

/**
 * Another recorder's footage, found when there was none known, explains the time until something else was noted. The ledger stays the
 * same object when some is known.
 */
export function movedHere(ledger: GapLedger, endedAtMs: number): GapLedger {
  if (ledger.lastEndedAtMs !== null) return ledger;
  const later = ledger.causes.filter(({ fromMs }) => fromMs > endedAtMs);
  return { ...ledger, lastEndedAtMs: endedAtMs, causes: [{ cause: 'moved', fromMs: endedAtMs }, ...later] };
}

/**
 * @param unnoted the cause when none was noted
 * @returns the claims the new segment carries, and the ledger after it
 */
export function footageSealed(
  ledger: GapLedger,
  footage: TimeRange,
  by: RecorderId,
  unnoted: GapCause = UNNOTED,
): { readonly claims: readonly GapClaim[]; readonly ledger: GapLedger } {
  const claims = claimsUntil(ledger, footage.fromMs, by, unnoted);
  const lastEndedAtMs = Math.max(footage.toMs, ledger.lastEndedAtMs ?? footage.toMs);
  // Noted inside the footage is the end of its own session: the last frame ends a little after it was muxed.
  const causes = ledger.causes.filter((cause) => cause.fromMs >= footage.fromMs);
  return { claims, ledger: { ...ledger, lastEndedAtMs, causes } };
}

/** What explains the time from the last footage to `untilMs`; at most 8, oldest first, touching. */
export function claimsUntil(
  ledger: GapLedger,
  untilMs: number,
  by: RecorderId,
  unnoted: GapCause = UNNOTED,
): readonly GapClaim[] {
  const fromMs = ledger.lastEndedAtMs;
  if (fromMs === null || untilMs <= fromMs) return [];
  const spans = ledger.causes.map(({ cause, fromMs: notedMs }, position) => ({
    cause,
    fromMs: position === 0 ? fromMs : clamp(notedMs, fromMs, untilMs),
    toMs: clamp(ledger.causes[position + 1]?.fromMs ?? untilMs, fromMs, untilMs),
  }));
  const known = spans.length > 0 ? spans : [{ cause: unnoted, fromMs, toMs: untilMs }];
  const claims = mergeToAtMost(
    known.filter((span) => span.toMs > span.fromMs),
    MOST_CLAIMS,
  );
  return claims.map((claim) => ({ ...claim, by }));
}

/**
 * Claims that no sealed segment carries yet, as those to come will say it.
 * @param unsealed footage on its way, oldest first, as far as it is known
 * @param openUntilMs how far the gap reaches that is open after it; null when none is
 */
export function claimsToCome(
  ledger: GapLedger,
  { unsealed, openUntilMs }: { readonly unsealed: readonly TimeRange[]; readonly openUntilMs: number | null },
  by: RecorderId,
): readonly GapClaim[] {
  const claims: GapClaim[] = [];
  let rest = ledger;
  for (const footage of unsealed) {
    const sealed = footageSealed(rest, footage, by);
    claims.push(...sealed.claims);
    rest = sealed.ledger;
  }
  return openUntilMs === null ? claims : [...claims, ...claimsUntil(rest, openUntilMs, by)];
}

/** The ledger as it was when `openClaims` and `lastEndedAtMs` were journaled. */
export function ledgerFrom(journal: {
  readonly lastEndedAtMs: number | null;
  readonly openClaims: readonly GapClaim[];
}): GapLedger {
  return {
    lastEndedAtMs: journal.lastEndedAtMs,
    causes: journal.openClaims.map(({ cause, fromMs }) => ({ cause, fromMs })),
    isGapOpen: journal.openClaims.length > 0,
  };
}

type Span = TimeRange & { readonly cause: GapCause };

function mergeToAtMost(spans: readonly Span[], most: number): readonly Span[] {
  let merged = mergeEqual(spans);
  while (merged.length > most) merged = mergeEqual(swallowShortest(merged));
  return merged;
}

function mergeEqual(spans: readonly Span[]): readonly Span[] {
  const merged: Span[] = [];
  for (const span of spans) {
    const last = merged.at(-1);
    if (last?.cause === span.cause) merged[merged.length - 1] = { ...last, toMs: span.toMs };
    else merged.push(span);
  }
  return merged;
}

/** The shortest span goes to its neighbour: a few seconds get a wrong name, none gets lost. */
function swallowShortest(spans: readonly Span[]): readonly Span[] {
  const shortest = indexOfShortest(spans.map(({ fromMs, toMs }) => toMs - fromMs));
  return spans.flatMap((span, position) => {
    if (position === shortest) return [];
    if (position === shortest - 1) return [{ ...span, toMs: spans[shortest]?.toMs ?? span.toMs }];
    if (position === 1 && shortest === 0) return [{ ...span, fromMs: spans[0]?.fromMs ?? span.fromMs }];
    return [span];
  });
}

function withoutShortest(causes: readonly CauseFrom[]): readonly CauseFrom[] {
  // The newest is open and the first explains what came before it: neither is dropped.
  const lengths = causes.slice(1, -1).map(({ fromMs }, position) => (causes[position + 2]?.fromMs ?? fromMs) - fromMs);
  const dropped = indexOfShortest(lengths) + 1;
  return causes.filter((_, position) => position !== dropped);
}

function indexOfShortest(lengths: readonly number[]): number {
  return lengths.indexOf(Math.min(...lengths));
}

function clamp(valueMs: number, fromMs: number, toMs: number): number {
  return Math.min(Math.max(valueMs, fromMs), toMs);
}
