/**
 * The actor of one camera: a mailbox, `step` and a runner of its commands. Everything slow runs beside the mailbox and comes back as an event.
 * What happened is told to `CameraNotes`, which decides nothing here.
 *
 * 1. The camera's assignment is on disk before its first session starts.
 * 2. What happens after `detach` is left to the next worker.
 */
import type { Clock } from '../clock.js';
import type { CameraCondition, CameraSpec, LastingStop } from '../domain/camera.js';
import type { CameraId } from '../domain/ids.js';
import type { SealedSegment } from '../domain/segment.js';
import type { KeeperClient, ProcessExit } from '../keeper/keeper-client.js';
import type { Logger } from '../log.js';
import type { Assignment, Spool } from '../spool/spool.js';
import { CameraNotes } from './camera-notes.js';
import { CameraSessions } from './camera-sessions.js';
import { lastingStopOf } from './camera-wish.js';
import { Mailbox } from './mailbox.js';
import type { RecorderPolicies } from './policies.js';
import type { Remux } from './remux.js';
import { SealQueue } from './seal-queue.js';
import type { SealJob, SealResult } from './sealer.js';
import type { ProgressDeps } from './session-progress.js';
import type { StartDeps } from './session-start.js';
import type { CameraStatistics } from './statistics.js';
import type { Session, SupervisorCommand, SupervisorEvent, SupervisorState } from './supervisor-state.js';
import { step } from './supervisor-step.js';

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
  readonly #notes: CameraNotes;
  readonly #mailbox: Mailbox<SupervisorEvent>;
  #state: SupervisorState = { kind: 'idle' };
  #isClosed = false;
  #isDetached = false;
  #wake = new AbortController();

  constructor(camera: CameraId, deps: SupervisorDeps, journal: Assignment | undefined) {
    this.camera = camera;
    this.#deps = { ...deps, log: deps.log.child({ camera }) };
    this.#notes = new CameraNotes(camera, this.#deps, journal, this.#state);
    this.#mailbox = new Mailbox(
      (event) => this.#step(event),
      () => this.#notes.look(this.#state),
    );
    this.#queue = new SealQueue({
      spool: deps.spool,
      remux: deps.remux,
      log: this.#deps.log,
      clock: deps.clock,
      policies: deps.policies,
      claimsBefore: (footage, isClockStepped) => this.#notes.claimsBefore(footage, isClockStepped),
      done: (job, result, lagMs) => this.#sealed(job, result, lagMs),
    });
    this.#sessions = new CameraSessions(camera, {
      ...this.#deps,
      queue: this.#queue,
      happened: (event) => this.#dispatch(event),
      noted: () => this.#notes.noted,
      recordedMore: (mediaMs) => this.#notes.recordedMore(mediaMs),
    });
  }

  condition(): CameraCondition {
    return this.#notes.condition(this.#state);
  }

  get lastEndedAtMs(): number | null {
    return this.#notes.lastEndedAtMs;
  }

  /** Records, or is meant to. */
  get isWanted(): boolean {
    return this.#notes.wish?.desired === 'record' || this.#state.kind !== 'idle';
  }

  get spec(): CameraSpec | undefined {
    return this.#notes.wish?.spec;
  }

  get isAssigned(): boolean {
    return this.#notes.wish !== null;
  }

  statistics(): CameraStatistics {
    return this.#notes.statistics(this.#sessions);
  }

  /** Footage of this camera that is known from elsewhere. */
  noteFootage(endedAtMs: number): void {
    this.#notes.footageElsewhere(endedAtMs);
  }

  /** See `Recorder.noteEarlierEnd`. */
  noteEarlierEnd(endedAtMs: number): void {
    if (!this.#isClosed) this.#notes.earlierEnd(endedAtMs);
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
    const notBeforeMs = await this.#notes.wanted(spec, options, this.#sessions.isFollowing);
    if (this.#isClosed) return;
    const notBefore = notBeforeMs === null ? null : notBeforeMs - clock.wallMs() + clock.monotonicMs();
    this.#dispatch({ kind: 'record', spec, notBeforeMs: notBefore });
  }

  /** As the assignment wants it; after a start. */
  async resume(): Promise<void> {
    const { wish } = this.#notes;
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
    if (this.isAssigned && cause !== 'shutdown') await this.#notes.unwanted(cause, this.#state.kind === 'idle');
    this.#dispatch({ kind: 'stop', cause });
    await this.#withinDeadline(this.#ended());
    await this.#notes.write();
    return { lastEndedAtMs: this.lastEndedAtMs };
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
    this.#notes.adopted(session);
    if (!this.#sessions.isFollowing) this.#sessions.follow(session);
    this.#dispatch({ kind: 'adopted', session });
  }

  /** A session that ended without us. Resolves when what it left is sealed and noted, or given up. */
  async recover(session: Session, exit: ProcessExit | undefined): Promise<void> {
    this.#notes.leftBehind(session.id);
    await this.#sessions.recover(session, exit, (outcome) => this.#notes.endedWithoutUs(outcome));
    this.#notes.sealedToItsEnd(session.id);
  }

  /** Nothing runs; whether that was meant is in the assignment. */
  noteRestart(): void {
    this.#notes.restarted();
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
      this.#notes.framesSeen(event.session, this.#sessions.footageFromMs, event.progress.silentMs);
    }
    const [state, commands] = step(before, event, context);
    this.#state = state;
    for (const command of commands) this.#run(command);
    if (state.kind === 'recording' && before.kind !== 'recording') this.#notes.footageBegan(state.session.id);
  }

  #run(command: SupervisorCommand): void {
    switch (command.kind) {
      case 'start':
        this.#notes.trying();
        return this.#beside('start a session', () => this.#sessions.start(command.spec));
      case 'signal':
        return this.#beside('signal FFmpeg', async () => {
          await this.#deps.keeper.signal(command.session, command.signal);
        });
      case 'seal':
        this.#notes.sessionEnded(command.outcome, this.#sessions.end(command.outcome));
        return this.#notes.failed(command.outcome, this.#state);
      case 'note':
        return this.#notes.failed(command.outcome, this.#state);
      case 'wake':
        return this.#wakeAt(command.atMs);
      default:
        return command satisfies never;
    }
  }

  #sealed(job: SealJob, result: SealResult, lagMs: number): void {
    this.#notes.sealed(job, result, lagMs);
    if (result.kind === 'sealed') this.#deps.sealed(result.segment);
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
