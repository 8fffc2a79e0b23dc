import type { Clock } from '../clock.js';
import type { GapCause, GapClaim } from '../domain/coverage.js';
import type { RecorderId, SessionId } from '../domain/ids.js';
import type { TimeRange } from '../domain/time-range.js';
import type { Assignment } from '../spool/spool.js';
import {
  claimsToCome,
  claimsUntil,
  EMPTY_LEDGER,
  endedElsewhere,
  footageBegan,
  footageSealed,
  type GapLedger,
  isFuture,
  ledgerFrom,
  movedHere,
  noteCause,
  noteQuarantined,
  withoutFuture,
} from './gap-ledger.js';
import { type MsByCause, NO_GAPS, type Told, tellMore, withClaims } from './gap-meter.js';

/**
 * Ledger of one camera, and what is counted of it. The last footage may lie in the future, when the clock was wrong then: it is then
 * forgotten, or time would have to catch up before a gap is claimed again.
 *
 * 1. What is counted is what the claims say, those sealed and those to come, so that metrics and bucket agree.
 * 2. Of a gap that is open nothing is counted that may turn out to be footage: while a session is being started, its first frames may
 *    be on disk unseen; what a session left behind is taken for footage until it is sealed.
 */
export class CameraGaps {
  readonly #clock: Clock;
  readonly #by: RecorderId;
  #ledger: GapLedger;
  /** Wall clock. */
  #beganAtMs = 0;
  /** Wall clock; since when a session is being started, or the newest one is running. Null when there is none. */
  #tryingSinceMs: number | null = null;
  /** Footage of sessions that are not sealed to their end, in their order. */
  readonly #unsealed = new Map<SessionId, TimeRange>();
  /** Wall clock; what was before, the worker of then counted. */
  #countedSinceMs: number;
  readonly #startedAtMs: number;
  #sealedMsByCause: MsByCause = NO_GAPS;
  readonly #told = new Map<GapCause, Told>();

  constructor(clock: Clock, by: RecorderId, journal: Assignment | undefined) {
    this.#clock = clock;
    this.#by = by;
    this.#ledger = journal === undefined ? EMPTY_LEDGER : ledgerFrom(journal);
    this.#startedAtMs = clock.wallMs();
    this.#countedSinceMs = journal === undefined ? Number.NEGATIVE_INFINITY : countedUntil(journal, this.#startedAtMs);
  }

  get lastEndedAtMs(): number | null {
    return this.#ledger.lastEndedAtMs;
  }

  /** What goes into the assignment, so that a restart keeps it: causes that were noted, up to where footage goes on. */
  openClaims(nowMs: number): readonly GapClaim[] {
    const newest = this.#ledger.causes.at(-1);
    if (newest === undefined) return [];
    // One noted in this very millisecond would be empty, left out, and not journaled until another one is noted.
    const untilMs = this.#ledger.isGapOpen ? Math.max(nowMs, newest.fromMs + 1) : this.#beganAtMs;
    return claimsUntil(this.#ledger, untilMs, this.#by);
  }

  /** Grows while a gap lasts, and never shrinks. */
  msByCause(): MsByCause {
    for (const [cause, ms] of withClaims(this.#sealedMsByCause, this.claimsToCome(), this.#countedSinceMs)) {
      this.#told.set(cause, tellMore(this.#told.get(cause), ms));
    }
    return new Map([...this.#told].map(([cause, { ms }]) => [cause, ms]));
  }

  /** What no sealed segment tells of yet, the gap that is open included. */
  claimsToCome(): readonly GapClaim[] {
    const unsealed = [...this.#unsealed.values()];
    return claimsToCome(this.#ledger, { unsealed, openUntilMs: this.#openUntilMs() }, this.#by);
  }

  #openUntilMs(): number | null {
    if (!this.#ledger.isGapOpen) return null;
    if (this.#tryingSinceMs !== null) return this.#tryingSinceMs;
    const last = this.#ledger.causes.at(-1);
    // Nobody here waits for a camera that was taken away.
    const isAway = last?.cause === 'removed' || last?.cause === 'moved';
    return isAway ? last.fromMs : this.#clock.wallMs();
  }

  /** @returns whether this is news: the same gap for the same reason is not */
  note(cause: GapCause): boolean {
    const wallMs = this.#clock.wallMs();
    const ledger = this.#isOfAnotherClock(wallMs)
      ? noteCause({ ...EMPTY_LEDGER, lastEndedAtMs: wallMs }, 'clock-stepped', wallMs)
      : noteCause(withoutFuture(this.#ledger, wallMs), cause, wallMs);
    const isNew = ledger !== this.#ledger;
    this.#ledger = ledger;
    this.#tryingSinceMs = null;
    return isNew;
  }

  /** A session is started, or was at `sinceMs`. */
  trying(sinceMs: number = this.#clock.wallMs()): void {
    this.#tryingSinceMs = sinceMs;
  }

  /**
   * New frames of a session came `silentMs` ago.
   * @param fromMs where its footage begins; null while that is not sure
   */
  framesSeen(session: SessionId, fromMs: number | null, silentMs: number): void {
    const toMs = this.#clock.wallMs() - silentMs;
    const sinceMs = fromMs ?? this.#unsealed.get(session)?.fromMs ?? this.#tryingSinceMs ?? toMs;
    this.#unsealed.set(session, { fromMs: sinceMs, toMs: Math.max(sinceMs, toMs) });
  }

  /** A session ended without us: what it recorded is not known before it is sealed. */
  leftBehind(session: SessionId): void {
    const nowMs = this.#clock.wallMs();
    this.#unsealed.set(session, { fromMs: Math.min(this.#ledger.lastEndedAtMs ?? nowMs, nowMs), toMs: nowMs });
  }

  /** All of a session is sealed, or is no footage. Idempotent. */
  sealedToItsEnd(session: SessionId): void {
    this.#unsealed.delete(session);
  }

  began(): void {
    this.#beganAtMs = this.#clock.wallMs();
    this.#ledger = footageBegan(this.#ledger);
  }

  /** Footage of this camera that is known from elsewhere. @returns whether it is later than all we knew, and possible */
  noteElsewhere(endedAtMs: number): boolean {
    if (isFuture(endedAtMs, this.#clock.wallMs())) return false;
    const ledger = endedElsewhere(this.#ledger, endedAtMs);
    const isLater = ledger !== this.#ledger;
    this.#ledger = ledger;
    return isLater;
  }

  /** Another recorder had the camera until `endedAtMs`, and it came here. */
  noteMoved(endedAtMs: number): void {
    this.#ledger = noteCause(this.#ledger, 'moved', endedAtMs);
  }

  /**
   * As `noteMoved`, found out while the camera is being recorded here already. @returns whether it is news: once footage is known here it
   * is not
   */
  noteMovedBefore(endedAtMs: number): boolean {
    if (isFuture(endedAtMs, this.#clock.wallMs())) return false;
    const ledger = movedHere(this.#ledger, endedAtMs);
    if (ledger === this.#ledger) return false;
    // Before the first frame of ours the gap lasts; the claims of the assignment grow with it.
    this.#ledger = { ...ledger, isGapOpen: ledger.isGapOpen || this.#beganAtMs === 0 };
    return true;
  }

  quarantined(fromMs: number): void {
    this.#ledger = noteQuarantined(this.#ledger, fromMs);
  }

  /** @param isClockStepped the wall clock was set forward within the session: that is then why time is missing */
  claimsBefore(footage: TimeRange, isClockStepped: boolean): readonly GapClaim[] {
    return footageSealed(this.#ledger, footage, this.#by, isClockStepped ? 'clock-stepped' : undefined).claims;
  }

  /** @param footage with the claims it carries */
  sealed(footage: TimeRange & { readonly gapsBefore: readonly GapClaim[] }): void {
    this.#sealedMsByCause = withClaims(this.#sealedMsByCause, footage.gapsBefore, this.#countedSinceMs);
    // A file of before the clock was set back, sealed after it, is in the future itself.
    const nowMs = Math.max(this.#clock.wallMs(), footage.toMs);
    this.#ledger = footageSealed(withoutFuture(this.#ledger, nowMs), footage, this.#by).ledger;
    // The gap that the worker before knew of is told: those to come are all ours.
    if (this.#ledger.causes.every(({ fromMs }) => fromMs >= this.#startedAtMs)) {
      this.#countedSinceMs = Number.NEGATIVE_INFINITY;
    }
  }

  /** The clock was set back behind the last footage: since when there is none, it cannot tell. */
  #isOfAnotherClock(nowMs: number): boolean {
    const { lastEndedAtMs } = this.#ledger;
    return lastEndedAtMs !== null && isFuture(lastEndedAtMs, nowMs);
  }
}

/** Until when the worker before counted; of one that noted its own end, it is known. */
function countedUntil({ desired, openClaims, updatedAtMs }: Assignment, startedAtMs: number): number {
  if (desired !== 'record') return startedAtMs;
  const last = openClaims.at(-1);
  if (last === undefined) return Number.NEGATIVE_INFINITY;
  return last.cause === 'recorder-restarted' ? Math.min(updatedAtMs, startedAtMs) : startedAtMs;
}
