/**
 * The sessions of one camera: started, followed, read to their end, cleared away.
 *
 * 1. At most one is followed at a time (INV-5).
 * 2. The files of a session are read to their end before the next one starts, so that segments are sealed in order.
 * 3. A session's folder goes when all its files are sealed and noted, and FFmpeg's log in any case (INV-7); not before: after a
 *    crash the next worker judges the session again.
 */
import { rm } from 'node:fs/promises';
import type { Clock } from '../clock.js';
import type { CameraSpec } from '../domain/camera.js';
import type { CameraId, SessionId } from '../domain/ids.js';
import type { SealedSegment } from '../domain/segment.js';
import type { ProcessExit } from '../keeper/keeper-client.js';
import type { Logger } from '../log.js';
import { redact } from '../redact.js';
import { openFiles } from '../spool/session-files.js';
import { classifyExit } from './ffmpeg/log-classifier.js';
import { deleteSessionLog, readSessionLog } from './ffmpeg/session-log.js';
import type { SessionOutcome } from './outcome.js';
import type { SealQueue } from './seal-queue.js';
import { type ClosedFile, type ProgressDeps, SessionProgress } from './session-progress.js';
import { type StartDeps, startSession } from './session-start.js';
import type { CameraStatistics } from './statistics.js';
import type { Progress, Session, SupervisorEvent } from './supervisor-state.js';
import { sealsAtOf, startOf } from './times.js';

interface SessionsDeps extends StartDeps, ProgressDeps {
  readonly log: Logger;
  readonly clock: Clock;
  readonly queue: SealQueue;
  /** What happened to a session, in the supervisor's words. */
  happened(event: SupervisorEvent): void;
  /** Resolves when what came of that is in the assignment, and so would be known after a crash. Never rejects. */
  noted(): Promise<void>;
  /** Media time that became known only after a session was counted. */
  recordedMore(mediaMs: number): void;
}

interface Followed {
  readonly session: Session;
  readonly progress: SessionProgress;
  /** How its last file is going to be closed. */
  lastClosed: SealedSegment['closed'];
}

/** One for the life of a supervisor; sessions come and go in it. */
export class CameraSessions {
  readonly #camera: CameraId;
  readonly #deps: SessionsDeps;
  /** Resolves when no session is being started. */
  #started: Promise<void> = Promise.resolve();
  #isDetached = false;
  #followed: Followed | null = null;
  #finished: Promise<void> = Promise.resolve();
  #cleared: Promise<void> = Promise.resolve();
  #codec: 'h264' | 'hevc' | null = null;

  constructor(camera: CameraId, deps: SessionsDeps) {
    this.#camera = camera;
    this.#deps = deps;
  }

  get isFollowing(): boolean {
    return this.#followed !== null;
  }

  /** Of the session that is followed. */
  get recordedMs(): number {
    return this.#followed?.progress.recordedMs ?? 0;
  }

  /** See `SessionProgress`; null too when no session is followed. */
  get footageFromMs(): number | null {
    return this.#followed?.progress.footageFromMs ?? null;
  }

  /** Resolves when everything of the sessions that ended is sealed and cleared away, or given up. */
  get cleared(): Promise<void> {
    return this.#cleared;
  }

  get openSegment(): CameraStatistics['openSegment'] {
    const open = this.#followed?.progress.openFile ?? null;
    if (open === null || this.#followed === null) return null;
    const { segmentDurationSec } = this.#followed.session.spec;
    return { startedAtMs: startOf(open.times), sealsAtMs: sealsAtOf(open.times, segmentDurationSec) };
  }

  /** Ends in `started` or `start-failed`. */
  async start(spec: CameraSpec): Promise<void> {
    this.#started = this.#start(spec);
    await this.#started;
  }

  async #start(spec: CameraSpec): Promise<void> {
    await this.#finished;
    const result = await startSession(this.#camera, spec, this.#codec, this.#deps);
    // The next worker adopts what was started while this one went.
    if (this.#isDetached) return;
    if (result.kind === 'failed') return this.#deps.happened({ kind: 'start-failed', outcome: result.outcome });
    const { session } = result;
    this.follow(session);
    this.#deps.happened({ kind: 'started', session });
  }

  follow(session: Session): void {
    this.#followed = this.#followedOf(session, 'session-ended');
    this.#followed.progress.follow().catch((error: unknown) => {
      this.#deps.log.error({ session: session.id, err: error }, 'a session is no longer followed');
    });
  }

  /** Ends in `exited`, when it is the one that is followed. Resolves when nothing of it is left to do. */
  async exited(exit: ProcessExit): Promise<void> {
    // A session may end before we hear that it started.
    if (this.#followed?.session.id !== exit.session) await this.#started;
    const followed = this.#followed;
    if (followed?.session.id !== exit.session) return;
    await followed.progress.lookAfterExit();
    const outcome = await this.#judge(followed.session, exit);
    this.#deps.happened({ kind: 'exited', session: exit.session, outcome });
    await this.#cleared;
  }

  /** The followed session is over: its last files go to the queue. @returns what it recorded, media milliseconds */
  end(outcome: SessionOutcome): number {
    const followed = this.#followed;
    if (followed === null) return 0;
    this.#followed = null;
    followed.lastClosed = closedBy(outcome);
    const countedMs = followed.progress.recordedMs;
    this.#finished = this.#finished.then(async () => {
      await this.#finish(followed);
      this.#deps.recordedMore(followed.progress.recordedMs - countedMs);
    });
    this.#cleared = this.#clear(followed.session, this.#finished);
    return countedMs;
  }

  /**
   * A session that ended without us. Resolves when nothing of it is left to do.
   * @param judged told why, where that is known, before its files are read
   */
  async recover(
    session: Session,
    exit: ProcessExit | undefined,
    judged: (outcome: SessionOutcome | null) => void,
  ): Promise<void> {
    this.#finished = this.#finished.then(async () => {
      judged(exit === undefined ? null : await this.#judge(session, exit));
      await this.#finish(this.#followedOf(session, 'salvaged'));
    });
    this.#cleared = this.#clear(session, this.#finished);
    await this.#cleared;
  }

  /** Leaves the followed session running. */
  async detach(): Promise<void> {
    this.#isDetached = true;
    await this.#followed?.progress.abandon();
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
    this.#deps.happened({ kind: 'progressed', session, progress });
  }

  #closed({ session, lastClosed }: Followed, file: ClosedFile): void {
    this.#codec = file.recording.video?.codec ?? this.#codec;
    this.#deps.queue.add({
      camera: this.#camera,
      session: session.id,
      segmentDurationSec: session.spec.segmentDurationSec,
      file,
      closed: file.successor === null ? lastClosed : 'cut',
    });
  }

  async #finish({ session, progress }: Followed): Promise<void> {
    try {
      await progress.finish();
    } catch (error) {
      // What could not be read now is still there at the next start.
      this.#deps.log.error({ session: session.id, err: error }, 'the end of a session could not be read');
    }
  }

  async #clear(session: Session, finished: Promise<void>): Promise<void> {
    await finished;
    await this.#deps.queue.settled();
    await this.#deps.noted();
    try {
      await deleteSessionLog(session.dir);
      if ((await openFiles(session.dir)).length === 0) await rm(session.dir, { recursive: true, force: true });
    } catch (error) {
      this.#deps.log.warn({ session: session.id, err: error }, 'the folder of a session stays');
    }
  }

  async #judge(session: Session, { code, signal }: ProcessExit): Promise<SessionOutcome> {
    try {
      // Its keeper was killed: nobody saw it end, and the next one ended it.
      const isLeft = code === null && signal === null;
      const outcome: SessionOutcome = isLeft
        ? { kind: 'stop-requested', cause: 'shutdown' }
        : classifyExit({ logText: await readSessionLog(session.dir), code, signal });
      return outcome;
    } catch (error) {
      return { kind: 'died', detail: redact(`FFmpeg's log could not be read: ${String(error)}`) };
    }
  }
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
