/**
 * The actor of one camera: a mailbox, `step` and a runner of its commands. Everything slow runs beside the mailbox and comes back as an event.
 *
 * 1. The camera's assignment is on disk before its first session starts.
 * 2. A session's files are read to their end before the next session starts, so that segments are sealed in order.
 * 3. The ledger's causes are noted when a session ends, its claims are made when the next footage is sealed (INV-8).
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../clock.js';
import type { CameraCondition, CameraSpec, StopCause } from '../domain/camera.js';
import type { CameraId, SessionId } from '../domain/ids.js';
import type { SealedSegment } from '../domain/segment.js';
import type { KeeperClient, ProcessExit } from '../keeper/keeper-client.js';
import type { Logger } from '../log.js';
import { redact } from '../redact.js';
import { openFiles } from '../spool/session-files.js';
import type { Assignment, Spool } from '../spool/spool.js';
import { type ConditionNow, conditionKey, conditionOf } from './camera-condition.js';
import { CameraGaps } from './camera-gaps.js';
import { classifyExit } from './ffmpeg/log-classifier.js';
import { deleteSessionLog, readSessionLog } from './ffmpeg/session-log.js';
import { causeOf, causeOfStop, describeOutcome, type SessionOutcome } from './outcome.js';
import type { RecorderPolicies } from './policies.js';
import type { Remux } from './remux.js';
import { SealQueue } from './seal-queue.js';
import type { SealJob, SealResult } from './sealer.js';
import { type ClosedFile, LOG_NAME, type ProgressDeps, SessionProgress } from './session-progress.js';
import { type StartDeps, startSession } from './session-start.js';
import { CameraCounts, type CameraStatistics } from './statistics.js';
import {
  type Progress,
  type Session,
  type SupervisorCommand,
  type SupervisorEvent,
  type SupervisorState,
  step,
} from './supervisor-state.js';
import { nominalStartOf, startOf } from './times.js';

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

/** The part of the assignment that is not made of the ledger. */
type Wish = Pick<Assignment, 'spec' | 'desired' | 'stopCause' | 'taskToken' | 'notBeforeMs'>;

interface Followed {
  readonly session: Session;
  readonly progress: SessionProgress;
  /** How its last file is going to be closed. */
  lastClosed: SealedSegment['closed'];
}

export class CameraSupervisor {
  readonly camera: CameraId;
  readonly #deps: SupervisorDeps;
  readonly #queue: SealQueue;
  readonly #gaps: CameraGaps;
  readonly #counts = new CameraCounts();
  readonly #mailbox: SupervisorEvent[] = [];
  readonly #exits = new Map<SessionId, ProcessExit>();
  readonly #waiters = new Set<() => void>();
  #state: SupervisorState = { kind: 'idle' };
  #isStepping = false;
  #isClosed = false;
  #isDetached = false;
  #wish: Wish | null;
  #followed: Followed | null = null;
  #finished: Promise<void> = Promise.resolve();
  #cleared: Promise<void> = Promise.resolve();
  #trouble: SessionOutcome | null = null;
  #codec: 'h264' | 'hevc' | null = null;
  #wake = new AbortController();
  #condition: CameraCondition;

  constructor(camera: CameraId, deps: SupervisorDeps, journal: Assignment | undefined) {
    this.camera = camera;
    this.#deps = { ...deps, log: deps.log.child({ camera }) };
    this.#wish = journal ?? null;
    this.#gaps = new CameraGaps(deps.clock, deps.spool.recorder, journal);
    this.#condition = { ...this.#conditionNow(), sinceMs: deps.clock.wallMs() };
    this.#queue = new SealQueue({
      spool: deps.spool,
      remux: deps.remux,
      log: this.#deps.log,
      clock: deps.clock,
      policies: deps.policies,
      claimsBefore: (footage) => this.#gaps.claimsBefore(footage),
      done: (job, result, lagMs) => this.#sealed(job, result, lagMs),
    });
  }

  condition(): CameraCondition {
    const now = this.#conditionNow();
    return { ...now, sinceMs: this.#condition.sinceMs };
  }

  get lastEndedAtMs(): number | null {
    return this.#gaps.lastEndedAtMs;
  }

  /** Records, or is meant to. */
  get isWanted(): boolean {
    return this.#isMeantToRecord || this.#state.kind !== 'idle';
  }

  get spec(): CameraSpec | undefined {
    return this.#wish?.spec;
  }

  get isAssigned(): boolean {
    return this.#wish !== null;
  }

  statistics(): CameraStatistics {
    return this.#counts.snapshot({
      recordedMs: this.#followed?.progress.recordedMs ?? 0,
      gapMsByCause: this.#gaps.msByCause(),
      openSegment: this.#openSegment(),
    });
  }

  /** Footage of this camera that is known from elsewhere. */
  noteFootage(endedAtMs: number): void {
    this.#gaps.noteElsewhere(endedAtMs);
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
    const { taskToken } = options;
    const notBeforeMs = options.notBeforeMs ?? this.#wish?.notBeforeMs ?? null;
    this.#wish = { spec, desired: 'record', stopCause: null, taskToken, notBeforeMs };
    await this.#journal();
    if (this.#isClosed) return;
    const notBefore = notBeforeMs === null ? null : notBeforeMs - clock.wallMs() + clock.monotonicMs();
    this.#dispatch({ kind: 'record', spec, notBeforeMs: notBefore });
  }

  /** As the assignment wants it; after a start. */
  async resume(): Promise<void> {
    if (this.#wish === null) return;
    if (this.#wish.desired === 'stop') return this.#dispatch({ kind: 'stop', cause: stopCauseOf(this.#wish) });
    await this.record(this.#wish.spec, { ...this.#wish, lastEndedAtMs: null });
  }

  /** Resolves after the last seal, or when sealing takes longer than its deadline. `shutdown` leaves the assignment as it is. */
  async stop(cause: StopCause): Promise<{ readonly lastEndedAtMs: number | null }> {
    const isFinal = cause === 'cancelled' || cause === 'paused' || cause === 'moved';
    if (this.#wish !== null && isFinal) {
      this.#wish = { ...this.#wish, desired: 'stop', stopCause: causeOfStop(cause), taskToken: null };
      if (this.#state.kind === 'idle') this.#gaps.note(causeOfStop(cause));
      await this.#journal();
    }
    this.#dispatch({ kind: 'stop', cause });
    while (this.#isEnding) await new Promise<void>((resolve) => this.#waiters.add(resolve));
    await this.#withinDeadline(this.#cleared);
    return { lastEndedAtMs: this.#gaps.lastEndedAtMs };
  }

  /** Ends the supervisor and leaves the recording running. */
  async detach(): Promise<void> {
    this.#isClosed = true;
    this.#isDetached = true;
    this.#wake.abort();
    this.#queue.abandon();
    await this.#followed?.progress.abandon();
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
    this.#wish ??= { spec: session.spec, desired: 'record', stopCause: null, taskToken: null, notBeforeMs: null };
    if (this.#followed === null) this.#follow(session);
    this.#dispatch({ kind: 'adopted', session });
  }

  /** A session that ended without us: what it left is sealed. */
  recover(session: Session, exit: ProcessExit | undefined): void {
    this.#finished = this.#finished.then(async () => {
      const outcome = exit === undefined ? null : await this.#judge(session, exit);
      if (outcome === null || !this.#isMeantToRecord) this.noteRestart();
      else this.#gaps.note(causeOf(outcome));
      await this.#finish(this.#followedOf(session, 'salvaged'));
    });
    this.#cleared = this.#clear(session, this.#finished);
  }

  /** Nothing runs; whether that was meant is in the assignment. */
  noteRestart(): void {
    if (this.#wish !== null) this.#gaps.note(this.#wish.stopCause ?? 'recorder-restarted');
  }

  exited(exit: ProcessExit): void {
    const followed = this.#followed;
    if (followed?.session.id !== exit.session) {
      // It may have ended before we heard that it started.
      if (this.#state.kind === 'starting') this.#exits.set(exit.session, exit);
      return;
    }
    this.#beside('judge the end of a session', async () => {
      await followed.progress.look();
      const outcome = await this.#judge(followed.session, exit);
      this.#dispatch({ kind: 'exited', session: exit.session, outcome });
    });
  }

  spaceLow(): void {
    this.#dispatch({ kind: 'space-low' });
  }

  #dispatch(event: SupervisorEvent): void {
    if (this.#isDetached) return;
    this.#mailbox.push(event);
    if (this.#isStepping) return;
    this.#isStepping = true;
    try {
      for (let next = this.#mailbox.shift(); next !== undefined; next = this.#mailbox.shift()) this.#step(next);
    } finally {
      this.#isStepping = false;
    }
    this.#tellCondition();
    for (const resolve of this.#waiters) resolve();
    this.#waiters.clear();
  }

  #step(event: SupervisorEvent): void {
    const { clock, random, policies } = this.#deps;
    const context = { nowMs: clock.monotonicMs(), random: random(), timeScale: policies.timeScale };
    const before = this.#state;
    const [state, commands] = step(before, event, context);
    this.#state = state;
    for (const command of commands) this.#run(command);
    if (state.kind === 'recording' && before.kind !== 'recording') this.#footageBegan();
  }

  #run(command: SupervisorCommand): void {
    switch (command.kind) {
      case 'start':
        return this.#beside('start a session', () => this.#start(command.spec));
      case 'signal':
        return this.#beside('signal FFmpeg', async () => {
          await this.#deps.keeper.signal(command.session, command.signal);
        });
      case 'seal':
        return this.#end(command.session, command.outcome);
      case 'note':
        return this.#failed(command.outcome);
      case 'wake':
        return this.#wakeAt(command.atMs);
      default:
        return command satisfies never;
    }
  }

  async #start(spec: CameraSpec): Promise<void> {
    await this.#finished;
    const result = await startSession(this.camera, spec, this.#codec, this.#deps);
    if (result.kind === 'failed') return this.#dispatch({ kind: 'start-failed', outcome: result.outcome });
    // The next worker adopts what was started while this one went.
    if (this.#isDetached) return;
    const { session } = result;
    this.#follow(session);
    this.#dispatch({ kind: 'started', session });
    const exit = this.#exits.get(session.id);
    this.#exits.clear();
    if (exit !== undefined) this.exited(exit);
  }

  #follow(session: Session): void {
    const followed = this.#followedOf(session, 'session-ended');
    this.#followed = followed;
    this.#beside('follow a session', () => followed.progress.follow());
  }

  #followedOf(session: Session, lastClosed: SealedSegment['closed']): Followed {
    const followed: Followed = {
      session,
      lastClosed,
      progress: new SessionProgress(session, this.#deps, {
        progressed: (progress) => this.#progressed(session.id, progress),
        closed: (file) => this.#closed(followed, file),
      }),
    };
    return followed;
  }

  #progressed(session: SessionId, progress: Progress): void {
    if (progress.frames > 0 && this.#followed?.session.id === session) this.#gaps.framesSeen(progress.silentMs);
    this.#dispatch({ kind: 'progressed', session, progress });
  }

  #closed({ session, lastClosed }: Followed, file: ClosedFile): void {
    this.#codec = file.recording.video?.codec ?? this.#codec;
    this.#queue.add({
      camera: this.camera,
      session: session.id,
      segmentDurationSec: session.spec.segmentDurationSec,
      file,
      closed: file.successor === null ? lastClosed : 'cut',
    });
  }

  #end(session: Session, outcome: SessionOutcome): void {
    const followed = this.#followed;
    this.#followed = null;
    this.#counts.sessionEnded(outcome, followed?.progress.recordedMs ?? 0);
    this.#failed(outcome);
    if (followed === null) return;
    followed.lastClosed = closedBy(outcome);
    this.#finished = this.#finished.then(() => this.#finish(followed));
    this.#cleared = this.#clear(session, this.#finished);
  }

  async #finish(followed: Followed): Promise<void> {
    try {
      await followed.progress.finish();
    } catch (error) {
      // What could not be read now is still there at the next start.
      this.#deps.log.error({ session: followed.session.id, err: error }, 'the end of a session could not be read');
    }
  }

  /** When all files of a session are sealed its folder goes. */
  async #clear(session: Session, finished: Promise<void>): Promise<void> {
    await finished;
    await this.#queue.settled();
    try {
      if ((await openFiles(session.dir)).length === 0) await rm(session.dir, { recursive: true, force: true });
    } catch (error) {
      this.#deps.log.warn({ session: session.id, err: error }, 'the folder of a session stays');
    }
  }

  #failed(outcome: SessionOutcome): void {
    const cause = causeOf(outcome);
    this.#trouble = outcome.kind === 'stop-requested' ? null : outcome;
    const isNew = this.#gaps.note(cause);
    if (isNew) this.#deps.log.info({ outcome: outcome.kind, detail: describeOutcome(outcome) }, 'not recording');
    if (isNew || outcome.kind === 'unauthorized') this.#beside('journal', () => this.#journal());
  }

  #footageBegan(): void {
    this.#trouble = null;
    this.#gaps.began();
    if (this.#wish === null || this.#wish.notBeforeMs === null) return;
    this.#wish = { ...this.#wish, notBeforeMs: null };
    this.#beside('journal', () => this.#journal());
  }

  #noteMove(lastEndedAtMs: number | null): void {
    if (lastEndedAtMs === null || !this.#gaps.noteElsewhere(lastEndedAtMs)) return;
    if (this.#followed === null) this.#gaps.noteMoved(lastEndedAtMs);
  }

  #sealed(job: SealJob, result: SealResult, lagMs: number): void {
    const { log } = this.#deps;
    this.#counts.fileSealed(result, lagMs);
    if (result.kind === 'quarantined') this.#gaps.quarantined(startOf(job.file.times));
    if (result.kind !== 'sealed') {
      log.warn({ session: job.session, index: job.file.index, result: result.kind }, 'a file without footage');
      return;
    }
    const { segment } = result;
    this.#gaps.sealed(segment);
    log.info({ segment: segment.id, container: segment.container, frames: segment.video.frames, lagMs }, 'sealed');
    this.#beside('journal', () => this.#journal());
    this.#deps.sealed(segment);
  }

  async #judge(session: Session, { code, signal }: ProcessExit): Promise<SessionOutcome> {
    const path = join(session.dir, LOG_NAME);
    try {
      const outcome = classifyExit({ logText: await readSessionLog(path), code, signal });
      await deleteSessionLog(path);
      return outcome;
    } catch (error) {
      return { kind: 'died', detail: redact(`FFmpeg's log could not be read: ${String(error)}`) };
    }
  }

  async #journal(): Promise<void> {
    const { spool, clock, log } = this.#deps;
    if (this.#wish === null) return;
    const nowMs = clock.wallMs();
    try {
      await spool.assignments.save({
        schema: 1,
        camera: this.camera,
        ...this.#wish,
        notBeforeMs: this.#lockedUntilMs() ?? this.#wish.notBeforeMs,
        lastEndedAtMs: this.#gaps.lastEndedAtMs,
        openClaims: this.#gaps.openClaims(nowMs),
        updatedAtMs: nowMs,
      });
    } catch (error) {
      // Recording is worth more than the note about it, which is made anew with the next change (INV-4).
      log.error({ err: error }, 'assignment not journaled');
    }
  }

  #lockedUntilMs(): number | null {
    const state = this.#state;
    if (state.kind !== 'waiting' || state.last.kind !== 'unauthorized') return null;
    return Math.round(this.#deps.clock.wallMs() + state.retryAtMs - this.#deps.clock.monotonicMs());
  }

  get #isMeantToRecord(): boolean {
    return this.#wish?.desired === 'record';
  }

  get #isEnding(): boolean {
    const state = this.#state;
    return (state.kind === 'stopping' && state.next === null) || (state.kind === 'starting' && state.stop !== null);
  }

  #conditionNow(): ConditionNow {
    const { clock } = this.#deps;
    return conditionOf(this.#state, {
      trouble: this.#trouble,
      stopCause: this.#wish?.stopCause ?? null,
      wallMs: clock.wallMs(),
      monotonicMs: clock.monotonicMs(),
    });
  }

  #tellCondition(): void {
    const now = this.#conditionNow();
    if (conditionKey(now) === conditionKey(this.#condition)) return;
    this.#condition = { ...now, sinceMs: this.#deps.clock.wallMs() };
    this.#deps.conditionChanged(this.camera, this.#condition);
  }

  #openSegment(): CameraStatistics['openSegment'] {
    const open = this.#followed?.progress.openFile ?? null;
    if (open === null || this.#followed === null) return null;
    const startedAtMs = startOf(open.times);
    const { segmentDurationSec } = this.#followed.session.spec;
    const slotMs = nominalStartOf(1, startedAtMs, segmentDurationSec);
    return { startedAtMs, sealsAtMs: slotMs + segmentDurationSec * 1_000 };
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

function stopCauseOf({ stopCause }: Wish): StopCause {
  return stopCause === 'paused' || stopCause === 'moved' ? stopCause : 'cancelled';
}

function closedBy(outcome: SessionOutcome): SealedSegment['closed'] {
  switch (outcome.kind) {
    case 'stop-requested':
      return 'stop-requested';
    case 'stalled':
    case 'no-video':
    case 'died':
      return 'salvaged';
    default:
      return 'session-ended';
  }
}
