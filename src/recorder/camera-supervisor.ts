/**
 * The actor of one camera: a mailbox, `step` and a runner of its commands. Everything slow runs beside the mailbox and comes back as an event.
 *
 * 1. The camera's assignment is on disk before its first session starts.
 * 2. The ledger's causes are noted when a session ends, its claims are made when the next footage is sealed (INV-8).
 */
import type { Clock } from '../clock.js';
import { type CameraCondition, type CameraSpec, type LastingStop } from '../domain/camera.js';
import type { CameraId } from '../domain/ids.js';
import type { SealedSegment } from '../domain/segment.js';
import type { KeeperClient, ProcessExit } from '../keeper/keeper-client.js';
import type { Logger } from '../log.js';
import type { Assignment, Spool } from '../spool/spool.js';
import { CameraGaps } from './camera-gaps.js';
import { CameraJournal } from './camera-journal.js';
import { CameraSessions } from './camera-sessions.js';
import { CameraWish, lastingStopOf } from './camera-wish.js';
import { ConditionTeller } from './condition-teller.js';
import { Mailbox } from './mailbox.js';
import { causeOf, causeOfStop, describeOutcome, type SessionOutcome } from './outcome.js';
import type { RecorderPolicies } from './policies.js';
import type { Remux } from './remux.js';
import { SealQueue } from './seal-queue.js';
import type { SealJob, SealResult } from './sealer.js';
import type { ProgressDeps } from './session-progress.js';
import type { StartDeps } from './session-start.js';
import { CameraCounts, type CameraStatistics } from './statistics.js';
import type { Session, SupervisorCommand, SupervisorEvent, SupervisorState } from './supervisor-state.js';
import { step } from './supervisor-step.js';
import { startOf } from './times.js';

/** `sealed` and `conditionChanged` are called within a turn of the mailbox, or of the seal queue: they must neither wait nor throw. */
export interface SupervisorDeps extends StartDeps {
  readonly spool: Spool;
  readonly keeper: KeeperClient;
  readonly remux: Remux;
  readonly createWalker: ProgressDeps['createWalker'];
  readonly probeDisk: ProgressDeps['probeDisk'];
  readonly clock: Clock;
  readonly log: Logger;
  readonly policies: RecorderPolicies;
  sealed(segment: SealedSegment): void;
  conditionChanged(camera: CameraId, condition: CameraCondition): void;
}

/** Does nothing until it is told to; of no more use after `close` or `detach`. `journal`: the assignment as it was found. */
export class CameraSupervisor {
  readonly camera: CameraId;
  readonly #deps: SupervisorDeps;
  readonly #queue: SealQueue;
  readonly #sessions: CameraSessions;
  readonly #gaps: CameraGaps;
  readonly #wish: CameraWish;
  readonly #journal: CameraJournal;
  readonly #teller: ConditionTeller;
  readonly #counts = new CameraCounts();
  readonly #mailbox: Mailbox<SupervisorEvent>;
  #state: SupervisorState = { kind: 'idle' };
  #isClosed = false;
  #isDetached = false;
  #wake = new AbortController();

  constructor(camera: CameraId, deps: SupervisorDeps, journal: Assignment | undefined) {
    this.camera = camera;
    this.#deps = { ...deps, log: deps.log.child({ camera }) };
    this.#wish = new CameraWish(journal);
    this.#gaps = new CameraGaps(deps.clock, deps.spool.recorder, journal);
    const known = { clock: deps.clock, log: this.#deps.log, wish: this.#wish, gaps: this.#gaps };
    this.#journal = new CameraJournal(camera, { ...known, spool: deps.spool });
    const tell = (condition: CameraCondition): void => deps.conditionChanged(camera, condition);
    this.#teller = new ConditionTeller({ ...known, tell }, this.#state);
    this.#mailbox = new Mailbox(
      (event) => this.#step(event),
      () => this.#teller.look(this.#state),
    );
    this.#queue = new SealQueue({
      spool: deps.spool,
      remux: deps.remux,
      log: this.#deps.log,
      clock: deps.clock,
      policies: deps.policies,
      claimsBefore: (footage, isClockStepped) => this.#gaps.claimsBefore(footage, isClockStepped),
      done: (job, result, lagMs) => this.#sealed(job, result, lagMs),
    });
    this.#sessions = new CameraSessions(camera, {
      ...this.#deps,
      queue: this.#queue,
      happened: (event) => this.#dispatch(event),
      noted: () => this.#journal.noted,
      recordedMore: (mediaMs) => this.#counts.recordedMore(mediaMs),
    });
  }

  condition(): CameraCondition {
    return this.#teller.condition(this.#state);
  }

  get lastEndedAtMs(): number | null {
    return this.#gaps.lastEndedAtMs;
  }

  /** Records, or is meant to. */
  get isWanted(): boolean {
    return this.#wish.isToRecord || this.#state.kind !== 'idle';
  }

  get spec(): CameraSpec | undefined {
    return this.#wish.current?.spec;
  }

  get isAssigned(): boolean {
    return this.#wish.current !== null;
  }

  statistics(): CameraStatistics {
    return this.#counts.snapshot({
      recordedMs: this.#sessions.recordedMs,
      gapMsByCause: this.#gaps.msByCause(),
      claimsToCome: this.#gaps.claimsToCome(),
      openSegment: this.#sessions.openSegment,
    });
  }

  /** Footage of this camera that is known from elsewhere. */
  noteFootage(endedAtMs: number): void {
    this.#gaps.noteElsewhere(endedAtMs);
  }

  /** See `Recorder.noteEarlierEnd`. */
  noteEarlierEnd(endedAtMs: number): void {
    if (!this.#isClosed && this.#gaps.noteMovedBefore(endedAtMs)) void this.#journal.note();
  }

  /** Journals, then records; the same spec again changes nothing. Another recorder's later footage means: the camera moved here. */
  async record(
    spec: CameraSpec,
    options: {
      readonly lastEndedAtMs: number | null;
      readonly notBeforeMs: number | null;
      readonly taskToken: string | null;
    },
  ): Promise<void> {
    const { clock } = this.#deps;
    this.#noteMove(options.lastEndedAtMs);
    const notBeforeMs = this.#wish.record(spec, options);
    await this.#journal.note();
    if (this.#isClosed) return;
    const notBefore = notBeforeMs === null ? null : notBeforeMs - clock.wallMs() + clock.monotonicMs();
    this.#dispatch({ kind: 'record', spec, notBeforeMs: notBefore });
  }

  /** As the assignment wants it; after a start. */
  async resume(): Promise<void> {
    const wish = this.#wish.current;
    if (wish === null) return;
    if (wish.desired === 'stop') return this.#dispatch({ kind: 'stop', cause: lastingStopOf(wish.stopCause) });
    await this.record(wish.spec, { ...wish, lastEndedAtMs: null });
  }

  /** FFmpeg is started anew with the settings it has, by the recorder alone (INV-4). */
  restart(): void {
    this.#dispatch({ kind: 'restart', cause: 'reconfigured' });
  }

  /** Resolves after the last seal, or when sealing takes longer than its deadline. `shutdown` leaves the assignment as it is. */
  async stop(cause: LastingStop | 'shutdown'): Promise<{ readonly lastEndedAtMs: number | null }> {
    if (this.isAssigned && cause !== 'shutdown') {
      this.#wish.stop(cause);
      if (this.#state.kind === 'idle') this.#gaps.note(causeOfStop(cause));
      await this.#journal.note();
    }
    this.#dispatch({ kind: 'stop', cause });
    await this.#withinDeadline(this.#ended());
    await this.#journal.note();
    return { lastEndedAtMs: this.#gaps.lastEndedAtMs };
  }

  /** Ends the supervisor and leaves the recording running. */
  async detach(): Promise<void> {
    this.#isClosed = true;
    this.#isDetached = true;
    this.#wake.abort();
    this.#queue.abandon();
    await this.#sessions.detach();
    await this.#queue.settled();
  }

  /** Stops, seals, and ends the supervisor. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.stop('shutdown');
    this.#wake.abort();
    this.#queue.abandon();
    await this.#queue.settled();
  }

  /** A session that another worker started and that is still running. A second one is ended (INV-5). */
  adopt(session: Session): void {
    this.#wish.assume(session.spec);
    if (!this.#sessions.isFollowing) this.#sessions.follow(session);
    this.#gaps.trying(session.recordsSinceMs ?? undefined);
    this.#dispatch({ kind: 'adopted', session });
  }

  /** A session that ended without us. Resolves when what it left is sealed and noted, or given up. */
  async recover(session: Session, exit: ProcessExit | undefined): Promise<void> {
    this.#gaps.leftBehind(session.id);
    await this.#sessions.recover(session, exit, (outcome) => {
      if (outcome === null || !this.#wish.isToRecord) this.noteRestart();
      else this.#gaps.note(causeOf(outcome));
      void this.#journal.note();
    });
    this.#gaps.sealedToItsEnd(session.id);
  }

  /** Nothing runs; whether that was meant is in the assignment. */
  noteRestart(): void {
    if (this.isAssigned) this.#gaps.note(this.#wish.stopCause ?? 'recorder-restarted');
  }

  /** Resolves when what it left is sealed and noted, or given up. Rejects when that is left to the next worker. */
  async exited(exit: ProcessExit): Promise<void> {
    await this.#sessions.exited(exit);
    if (this.#isDetached) throw new Error('the camera was let go of');
  }

  spaceLow(): void {
    this.#dispatch({ kind: 'space-low' });
  }

  #dispatch(event: SupervisorEvent): void {
    if (!this.#isDetached) this.#mailbox.put(event);
  }

  #step(event: SupervisorEvent): void {
    const { clock, random, policies } = this.#deps;
    const context = { nowMs: clock.monotonicMs(), random: random(), timeScale: policies.timeScale };
    const before = this.#state;
    if (event.kind === 'progressed' && isOf(before, event.session) && event.progress.frames > 0) {
      this.#gaps.framesSeen(event.session, this.#sessions.footageFromMs, event.progress.silentMs);
    }
    const [state, commands] = step(before, event, context);
    this.#state = state;
    for (const command of commands) this.#run(command);
    if (state.kind === 'recording' && before.kind !== 'recording') this.#footageBegan(state.session);
  }

  #run(command: SupervisorCommand): void {
    switch (command.kind) {
      case 'start':
        this.#gaps.trying();
        return this.#beside('start a session', () => this.#sessions.start(command.spec));
      case 'signal':
        return this.#beside('signal FFmpeg', async () => {
          await this.#deps.keeper.signal(command.session, command.signal);
        });
      case 'seal':
        this.#sessionEnded(command.outcome, this.#sessions.end(command.outcome));
        return this.#failed(command.outcome);
      case 'note':
        return this.#failed(command.outcome);
      case 'wake':
        return this.#wakeAt(command.atMs);
      default:
        return command satisfies never;
    }
  }

  #sessionEnded(outcome: SessionOutcome, recordedMs: number): void {
    this.#counts.sessionEnded(outcome, recordedMs);
    this.#teller.sessionEnded(outcome, recordedMs);
  }

  #failed(outcome: SessionOutcome): void {
    this.#teller.failed(outcome);
    const isNew = this.#gaps.note(causeOf(outcome));
    this.#noteLock();
    if (isNew) this.#deps.log.info({ outcome: outcome.kind, detail: describeOutcome(outcome) }, 'not recording');
    if (isNew || outcome.kind === 'unauthorized') void this.#journal.note();
  }

  #noteLock(): void {
    const { clock } = this.#deps;
    const state = this.#state;
    if (state.kind !== 'waiting' || state.last.kind !== 'unauthorized') return;
    this.#wish.lock(Math.round(clock.wallMs() + state.retryAtMs - clock.monotonicMs()));
  }

  #footageBegan(session: Session): void {
    this.#deps.log.info({ session: session.id }, 'recording');
    this.#teller.footageBegan();
    this.#gaps.began();
    if (this.#wish.lock(null)) void this.#journal.note();
  }

  #noteMove(lastEndedAtMs: number | null): void {
    if (lastEndedAtMs === null || !this.#gaps.noteElsewhere(lastEndedAtMs)) return;
    if (!this.#sessions.isFollowing) this.#gaps.noteMoved(lastEndedAtMs);
  }

  #sealed(job: SealJob, result: SealResult, lagMs: number): void {
    const { log } = this.#deps;
    this.#counts.fileSealed(result, lagMs);
    if (result.kind === 'quarantined') this.#gaps.quarantined(startOf(job.file.times));
    if (result.kind === 'sealed') {
      this.#gaps.sealed(result.segment);
      this.#teller.sealed(result.segment.gapsBefore);
    }
    if (job.file.successor === null) this.#gaps.sealedToItsEnd(job.session);
    if (result.kind !== 'sealed') {
      log.warn({ session: job.session, index: job.file.index, result: result.kind }, 'a file without footage');
      return;
    }
    const { segment } = result;
    log.info({ segment: segment.id, container: segment.container, frames: segment.video.frames, lagMs }, 'sealed');
    void this.#journal.note();
    this.#deps.sealed(segment);
  }

  get #isEnding(): boolean {
    const state = this.#state;
    return (state.kind === 'stopping' && state.next === null) || (state.kind === 'starting' && state.stop !== null);
  }

  #wakeAt(atMs: number): void {
    this.#wake.abort();
    this.#wake = new AbortController();
    const { signal } = this.#wake;
    const { clock } = this.#deps;
    void clock.sleep(Math.max(0, atMs - clock.monotonicMs()), signal).then(
      () => this.#dispatch({ kind: 'tick' }),
      () => undefined,
    );
  }

  async #ended(): Promise<void> {
    while (this.#isEnding) await this.#mailbox.untilEmptied();
    await this.#sessions.cleared;
  }

  async #withinDeadline(work: Promise<void>): Promise<void> {
    const done = new AbortController();
    const late = this.#deps.clock.sleep(this.#deps.policies.sealDeadlineMs, done.signal).catch(() => undefined);
    await Promise.race([work, late]);
    done.abort();
  }

  /** Runs what is slow beside the mailbox. Its own errors are values; what still throws is a bug, logged and survived. */
  #beside(what: string, work: () => Promise<void>): void {
    void work().catch((error: unknown) => this.#deps.log.error({ what, err: error }, 'supervisor task failed'));
  }
}

function isOf(state: SupervisorState, session: Session['id']): boolean {
  return 'session' in state && state.session.id === session;
}
