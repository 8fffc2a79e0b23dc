import type { Clock } from '../clock.js';
import type { GapCause, GapClaim } from '../domain/coverage.js';
import type { RecorderId } from '../domain/ids.js';
import type { TimeRange } from '../domain/time-range.js';
import type { Assignment } from '../spool/spool.js';
import {
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
import { EMPTY_METER, type GapMeter, gapAdded, gapClosed, gapMsByCause, gapOpened } from './gap-meter.js';

/**
 * Ledger and meter of one camera, kept in step. The last footage may lie in the future, when the clock was wrong then: it is then
 * forgotten, or time would have to catch up before a gap is claimed again.
 */
export class CameraGaps {
  readonly #clock: Clock;
  readonly #by: RecorderId;
  #ledger: GapLedger;
  #meter: GapMeter = EMPTY_METER;
  /** Wall clock. */
  #beganAtMs = 0;
  /**
   * Wall clock; when the meter began to run, until the gap that our own absence left is metered. Null also when a gap was open before:
   * the worker of then metered it, and until when is not known.
   */
  #absentUntilMs: number | null = null;
  /** Monotonic; null when nothing was recorded since the gap meter was last stopped. */
  #lastFrameAtMs: number | null = null;

  constructor(clock: Clock, by: RecorderId, journal: Assignment | undefined) {
    this.#clock = clock;
    this.#by = by;
    this.#ledger = journal === undefined ? EMPTY_LEDGER : ledgerFrom(journal);
    if (journal?.desired === 'record' && !this.#ledger.isGapOpen) this.#absentUntilMs = clock.wallMs();
  }

  get lastEndedAtMs(): number | null {
    return this.#ledger.lastEndedAtMs;
  }

  /** What goes into the assignment, so that a restart keeps it: causes that were noted, up to where footage goes on. */
  openClaims(nowMs: number): readonly GapClaim[] {
    if (this.#ledger.causes.length === 0) return [];
    return claimsUntil(this.#ledger, this.#ledger.isGapOpen ? nowMs : this.#beganAtMs, this.#by);
  }

  msByCause(): ReadonlyMap<GapCause, number> {
    return gapMsByCause(this.#meter, this.#clock.monotonicMs());
  }

  /** @returns whether this is news: the same gap for the same reason is not */
  note(cause: GapCause): boolean {
    const wallMs = this.#clock.wallMs();
    const ledger = this.#isOfAnotherClock(wallMs)
      ? noteCause({ ...EMPTY_LEDGER, lastEndedAtMs: wallMs }, 'clock-stepped', wallMs)
      : noteCause(withoutFuture(this.#ledger, wallMs), cause, wallMs);
    const isNew = ledger !== this.#ledger;
    this.#ledger = ledger;
    const nowMs = this.#clock.monotonicMs();
    if (cause === 'removed' || cause === 'moved') {
      // Nobody waits for a camera that was taken away.
      this.#meter = gapClosed(this.#meter, nowMs);
      this.#lastFrameAtMs = null;
    } else {
      this.#meter = gapOpened(this.#meter, cause, { sinceMs: this.#lastFrameAtMs ?? nowMs, nowMs });
    }
    return isNew;
  }

  /** New frames came `silentMs` ago. */
  framesSeen(silentMs: number): void {
    this.#lastFrameAtMs = this.#clock.monotonicMs() - silentMs;
  }

  began(): void {
    this.#beganAtMs = this.#clock.wallMs();
    this.#ledger = footageBegan(this.#ledger);
    this.#meter = gapClosed(this.#meter, this.#clock.monotonicMs());
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

  sealed(footage: TimeRange): void {
    // A file of before the clock was set back, sealed after it, is in the future itself.
    const nowMs = Math.max(this.#clock.wallMs(), footage.toMs);
    this.#meterAbsence(footage);
    this.#ledger = footageSealed(withoutFuture(this.#ledger, nowMs), footage, this.#by).ledger;
  }

  /** How long we were away is known when the first footage of ours is sealed: what the worker before left may be sealed until then. */
  #meterAbsence(footage: TimeRange): void {
    const untilMs = this.#absentUntilMs;
    if (untilMs === null || footage.toMs <= untilMs) return;
    this.#absentUntilMs = null;
    for (const { cause, fromMs, toMs } of claimsUntil(this.#ledger, Math.min(untilMs, footage.fromMs), this.#by)) {
      this.#meter = gapAdded(this.#meter, cause, toMs - fromMs);
    }
  }

  /** The clock was set back behind the last footage: since when there is none, it cannot tell. */
  #isOfAnotherClock(nowMs: number): boolean {
    const { lastEndedAtMs } = this.#ledger;
    return lastEndedAtMs !== null && isFuture(lastEndedAtMs, nowMs);
  }
}
