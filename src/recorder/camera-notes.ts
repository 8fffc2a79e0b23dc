/**
 * What is noted of one camera whatever it is doing: what is wanted, which time has no footage and why, what is counted, what others
 * were told, and the assignment that a next worker goes on from. The supervisor says what happened; here is what that means to each.
 *
 * 1. The ledger's causes are noted when a session ends, its claims are made when the next footage is sealed (INV-8).
 * 2. News is in the assignment as soon as the disk takes it; what is no news is not written again.
 */
import type { Clock } from '../clock.js';
import type { CameraCondition, CameraSpec, LastingStop } from '../domain/camera.js';
import type { GapClaim } from '../domain/coverage.js';
import type { CameraId, SessionId } from '../domain/ids.js';
import type { TimeRange } from '../domain/time-range.js';
import type { Logger } from '../log.js';
import type { Assignment, Spool } from '../spool/spool.js';
import { CameraGaps } from './camera-gaps.js';
import { CameraJournal } from './camera-journal.js';
import { CameraStability } from './camera-stability.js';
import { CameraWish } from './camera-wish.js';
import { ConditionTeller } from './condition-teller.js';
import { causeOf, causeOfStop, describeOutcome, type SessionOutcome } from './outcome.js';
import type { SealJob, SealResult } from './sealer.js';
import { CameraCounts, type CameraStatistics } from './statistics.js';
import type { Session, SupervisorState } from './supervisor-state.js';
import { startOf } from './times.js';

interface NotesDeps {
  readonly spool: Pick<Spool, 'assignments' | 'recorder'>;
  readonly clock: Clock;
  /** Says of which camera. */
  readonly log: Logger;
  /** Must neither wait nor throw. */
  conditionChanged(camera: CameraId, condition: CameraCondition): void;
}

/** One for the life of a supervisor; `found`: the assignment as it was found. Nothing here waits but for the assignment, or throws. */
export class CameraNotes {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #wish: CameraWish;
  readonly #gaps: CameraGaps;
  readonly #journal: CameraJournal;
  readonly #teller: ConditionTeller;
  readonly #counts = new CameraCounts();

  constructor(camera: CameraId, deps: NotesDeps, found: Assignment | undefined, state: SupervisorState) {
    const { clock, log, spool } = deps;
    this.#clock = clock;
    this.#log = log;
    this.#wish = new CameraWish(found);
    this.#gaps = new CameraGaps(clock, spool.recorder, found);
    const stability = new CameraStability(clock, found?.stability);
    const known = { clock, log, wish: this.#wish, gaps: this.#gaps, stability };
    this.#journal = new CameraJournal(camera, { ...known, spool });
    const tell = (condition: CameraCondition): void => deps.conditionChanged(camera, condition);
    this.#teller = new ConditionTeller({ ...known, tell }, state);
  }

  /** What is wanted; null as long as nobody said. */
  get wish(): CameraWish['current'] {
    return this.#wish.current;
  }

  get lastEndedAtMs(): number | null {
    return this.#gaps.lastEndedAtMs;
  }

  /** Resolves when the newest cause, or footage, is in the assignment. Never rejects. */
  get noted(): Promise<void> {
    return this.#journal.noted;
  }

  condition(state: SupervisorState): CameraCondition {
    return this.#teller.condition(state);
  }

  /** Tells of a condition that is news. Call it after whatever happened. */
  look(state: SupervisorState): void {
    this.#teller.look(state);
  }

  /** @param open of the session that is followed */
  statistics(open: Pick<CameraStatistics, 'openSegment'> & { readonly recordedMs: number }): CameraStatistics {
    const { recordedMs, openSegment } = open;
    const gapMsByCause = this.#gaps.msByCause();
    return this.#counts.snapshot({ recordedMs, gapMsByCause, claimsToCome: this.#gaps.claimsToCome(), openSegment });
  }

  /**
   * It is to be recorded. Resolves, when the assignment says so, to the wall-clock time before which its account must not be tried.
   * Another recorder's later footage means: the camera moved here.
   */
  async wanted(
    spec: CameraSpec,
    said: Pick<Assignment, 'lastEndedAtMs' | 'notBeforeMs' | 'taskToken'>,
    isFollowing: boolean,
  ): Promise<number | null> {
    const { lastEndedAtMs } = said;
    const isMoved = lastEndedAtMs !== null && this.#gaps.noteElsewhere(lastEndedAtMs);
    if (isMoved && !isFollowing) this.#gaps.noteMoved(lastEndedAtMs);
    const notBeforeMs = this.#wish.record(spec, said);
    await this.#journal.note();
    return notBeforeMs;
  }

  /** It is not to be recorded. Resolves when the assignment says so. */
  async unwanted(cause: LastingStop, isIdle: boolean): Promise<void> {
    this.#wish.stop(cause);
    if (isIdle) this.#gaps.note(causeOfStop(cause));
    await this.#journal.note();
  }

  /** Writes the assignment anew. Never rejects. */
  async write(): Promise<void> {
    await this.#journal.note();
  }

  /** Footage of this camera that is known from elsewhere. */
  footageElsewhere(endedAtMs: number): void {
    this.#gaps.noteElsewhere(endedAtMs);
  }

  /** See `Recorder.noteEarlierEnd`. */
  earlierEnd(endedAtMs: number): void {
    if (this.#gaps.noteMovedBefore(endedAtMs)) void this.#journal.note();
  }

  /** A session is started. */
  trying(): void {
    this.#gaps.trying();
  }

  /** A session runs that another worker started. */
  adopted({ spec, recordsSinceMs }: Session): void {
    this.#wish.assume(spec);
    this.#gaps.trying(recordsSinceMs ?? undefined);
  }

  /** A session ended without us: what it recorded is not known before `sealedToItsEnd`. */
  leftBehind(session: SessionId): void {
    this.#gaps.leftBehind(session);
  }

  /** @param outcome null where nobody knows why it ended */
  endedWithoutUs(outcome: SessionOutcome | null): void {
    if (outcome === null || !this.#wish.isToRecord) this.restarted();
    else this.#gaps.note(causeOf(outcome));
    void this.#journal.note();
  }

  /** All of a session is sealed, or is no footage. Idempotent. */
  sealedToItsEnd(session: SessionId): void {
    this.#gaps.sealedToItsEnd(session);
  }

  /** Nothing runs; whether that was meant is in the assignment. */
  restarted(): void {
    if (this.wish !== null) this.#gaps.note(this.#wish.stopCause ?? 'recorder-restarted');
  }

  /** See `CameraGaps`. */
  framesSeen(session: SessionId, fromMs: number | null, silentMs: number): void {
    this.#gaps.framesSeen(session, fromMs, silentMs);
  }

  footageBegan(session: SessionId): void {
    this.#log.info({ session }, 'recording');
    this.#teller.footageBegan();
    this.#gaps.began();
    if (this.#wish.lock(null)) void this.#journal.note();
  }

  /** @param recordedMs media time */
  sessionEnded(outcome: SessionOutcome, recordedMs: number): void {
    this.#counts.sessionEnded(outcome, recordedMs);
    this.#teller.sessionEnded(outcome, recordedMs);
  }

  /** Media time that became known only after a session was counted. */
  recordedMore(mediaMs: number): void {
    this.#counts.recordedMore(mediaMs);
  }

  /** A session ended, or none came to be. @param state what follows from it */
  failed(outcome: SessionOutcome, state: SupervisorState): void {
    this.#teller.failed(outcome);
    const isNew = this.#gaps.note(causeOf(outcome));
    this.#lock(state);
    if (isNew) this.#log.info({ outcome: outcome.kind, detail: describeOutcome(outcome) }, 'not recording');
    if (isNew || outcome.kind === 'unauthorized') void this.#journal.note();
  }

  /** See `CameraGaps`. */
  claimsBefore(footage: TimeRange, isClockStepped: boolean): readonly GapClaim[] {
    return this.#gaps.claimsBefore(footage, isClockStepped);
  }

  /** A closed file is dealt with. @param lagMs from closed to sealed */
  sealed({ file, session }: SealJob, result: SealResult, lagMs: number): void {
    this.#counts.fileSealed(result, lagMs);
    if (result.kind === 'quarantined') this.#gaps.quarantined(startOf(file.times));
    if (result.kind === 'sealed') {
      this.#gaps.sealed(result.segment);
      this.#teller.sealed(result.segment.gapsBefore);
    }
    if (file.successor === null) this.#gaps.sealedToItsEnd(session);
    if (result.kind !== 'sealed') {
      this.#log.warn({ session, index: file.index, result: result.kind }, 'a file without footage');
      return;
    }
    const { id, container, video } = result.segment;
    this.#log.info({ segment: id, container, frames: video.frames, lagMs }, 'sealed');
    void this.#journal.note();
  }

  #lock(state: SupervisorState): void {
    if (state.kind !== 'waiting' || state.last.kind !== 'unauthorized') return;
    this.#wish.lock(Math.round(this.#clock.wallMs() + state.retryAtMs - this.#clock.monotonicMs()));
  }
}
