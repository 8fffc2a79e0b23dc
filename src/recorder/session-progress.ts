/**
 * Follows the files of one session: proof of new video frames, closed files in order, and their times.
 *
 * 1. Only frames that are whole on disk count; FFmpeg's life, the file's growth and sound prove nothing.
 * 2. Time in which we ourselves were not awake, or the disk did not answer, is not the camera's silence.
 * 3. File N is closed when N+1 exists or the session ended; each is reported closed once, in order.
 */
import type { Clock } from '../clock.js';
import type { Logger } from '../log.js';
import type { RecordingIndex } from '../mp4/recording-index.js';
import { openFiles } from '../spool/session-files.js';
import { errnoOf } from '../spool/spool-error.js';
import { stepBetween } from './clock-steps.js';
import type { ProbeDisk } from './disk-probe.js';
import { boundSessionLog } from './ffmpeg/session-log.js';
import { type CreateWalker, GrowingFile } from './growing-file.js';
import type { RecorderPolicies } from './policies.js';
import { lookedAgain, silenceFrom } from './silence.js';
import { StartNote } from './start-note.js';
import type { Progress, Session } from './supervisor-state.js';
import { type FileTimes, nominalStartOf, seenFrom } from './times.js';

/** A file nothing is written to any more. */
export interface ClosedFile {
  readonly index: number;
  readonly path: string;
  readonly sizeBytes: number;
  readonly recording: RecordingIndex;
  /** Why it could not be followed to its end; null when it could. */
  readonly unreadable: Error | null;
  readonly times: FileTimes;
  /** Of the file that followed; null for the session's last one, and for one whose end is missing. */
  readonly successor: FileTimes | null;
}

/** What following a session needs. */
export interface ProgressDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly createWalker: CreateWalker;
  readonly probeDisk: ProbeDisk;
  readonly policies: Pick<RecorderPolicies, 'lookEveryMs' | 'syncEveryMs' | 'probeLimitMs'>;
}

interface ProgressListener {
  progressed(progress: Progress): void;
  closed(file: ClosedFile): void;
}

/** FFmpeg writes several times a second: a file that did not grow for longer may have a successor. */
const QUIET_LOOKS = 2;
/** The first looks at a file see its frames late: after 2 s of it its beginning was still told up to 0.3 s too late. */
const SURE_AFTER_MS = 3_000;

/** One for each session. It reports only while one of its methods runs. */
export class SessionProgress {
  readonly #session: Pick<Session, 'id' | 'dir' | 'spec'>;
  readonly #deps: ProgressDeps;
  readonly #listener: ProgressListener;
  readonly #ended = new AbortController();
  #file: GrowingFile | undefined;
  #nextIndex: number | undefined;
  /** Where the footage of the first file begins, once that is closed. */
  #footageFromMs: number | null = null;
  #start: StartNote | undefined;
  #closedFrames = 0;
  #closedMediaMs = 0;
  #silence;
  #sample;
  #lastFrameAtMs: number;
  #syncedAtMs: number;
  #hasParametersChanged = false;
  #quietLooks = 0;
  #isGone = false;
  #last: Promise<void> = Promise.resolve();

  constructor(session: Pick<Session, 'id' | 'dir' | 'spec'>, deps: ProgressDeps, listener: ProgressListener) {
    this.#session = session;
    this.#deps = deps;
    this.#listener = listener;
    const { clock } = deps;
    this.#silence = silenceFrom(clock.monotonicMs(), 0);
    this.#sample = { wallMs: clock.wallMs(), monotonicMs: clock.monotonicMs() };
    this.#lastFrameAtMs = clock.wallMs();
    // What an earlier worker followed may have gone without for a while.
    this.#syncedAtMs = Number.NEGATIVE_INFINITY;
  }

  /** Looks again and again until the session ends. Call once. */
  async follow(): Promise<void> {
    const { signal } = this.#ended;
    const { clock, policies } = this.#deps;
    while (!signal.aborted) {
      await this.look();
      await clock.sleep(untilNextLook(clock.monotonicMs(), policies.lookEveryMs), signal).catch(() => undefined);
    }
  }

  /** Takes in what is on disk now and says so. Looks follow each other; never rejects. */
  look(): Promise<void> {
    this.#last = this.#last.then(() => this.#lookOnce());
    return this.#last;
  }

  /** FFmpeg is gone: what it logged last is worth reading now. */
  async lookAfterExit(): Promise<void> {
    this.#isGone = true;
    await this.look();
  }

  /** FFmpeg is gone: everything left is read once more and reported closed. */
  async finish(): Promise<void> {
    this.#ended.abort();
    await this.#last;
    await this.#followCuts();
    await this.#file?.look();
    await this.#closeFile(null);
  }

  /** Leaves the session as it is, running. */
  async abandon(): Promise<void> {
    this.#ended.abort();
    await this.#last;
    await this.#file?.close();
    this.#file = undefined;
  }

  /** Media time of the session that is whole on disk, milliseconds. */
  get recordedMs(): number {
    return this.#closedMediaMs + (this.#file?.recording.videoEndMs ?? 0);
  }

  /** UTC ms, where the session's footage begins, or what was not sealed of it when we came; null while that is not sure. */
  get footageFromMs(): number | null {
    if (this.recordedMs < SURE_AFTER_MS) return null;
    return this.#footageFromMs ?? (this.#file === undefined ? null : seenFromOf(this.#file));
  }

  /** Of the file that is growing. */
  get openFile(): { readonly times: FileTimes; readonly recording: RecordingIndex } | null {
    return this.#file ?? null;
  }

  async #lookOnce(): Promise<void> {
    if (this.#ended.signal.aborted) return;
    const { clock, log } = this.#deps;
    try {
      this.#followClock();
      await this.#read();
      this.#silence = lookedAgain(this.#silence, clock.monotonicMs(), this.#frames);
      if (this.#silence.silentMs >= this.#session.spec.stallTimeoutMs) await this.#confirmSilence();
      await this.#syncIfDue();
      if (this.#file !== undefined) await this.#start?.look(this.#file, this.recordedMs >= SURE_AFTER_MS);
    } catch (error) {
      // The disk's fault: this look did not happen, so it is no silence either.
      this.#silence = { ...this.#silence, lookedAtMs: clock.monotonicMs() };
      log.warn({ session: this.#session.id, errno: errnoOf(error), err: error }, 'session files could not be read');
    }
    this.#listener.progressed(this.#progress());
  }

  get #frames(): number {
    return this.#closedFrames + (this.#file?.recording.videoFrames ?? 0);
  }

  #progress(): Progress {
    return {
      frames: this.#frames,
      mediaMs: this.recordedMs,
      completeBytes: this.#file?.recording.completeBytes ?? 0,
      lastFrameAtMs: this.#lastFrameAtMs,
      silentMs: this.#silence.silentMs,
      hasParametersChanged: this.#hasParametersChanged,
    };
  }

  /** Before somebody is killed for it: is it the disk, and has something come since? */
  async #confirmSilence(): Promise<void> {
    const { clock, log, probeDisk, policies } = this.#deps;
    const answer = await probeDisk(this.#session.dir, policies.probeLimitMs);
    await this.#read();
    if (answer === 'in-time' && this.#frames === this.#silence.frames) return;
    if (answer === 'late') log.warn({ session: this.#session.id }, 'the disk is late: waiting for it');
    this.#silence = silenceFrom(clock.monotonicMs(), this.#frames);
  }

  async #read(): Promise<void> {
    const before = this.#frames;
    const isGrowing = (await this.#file?.look()) ?? false;
    // A look for the next file costs as much as all the rest: only where there may be one.
    this.#quietLooks = isGrowing ? 0 : this.#quietLooks + 1;
    if (this.#quietLooks >= QUIET_LOOKS || this.#isCutDue()) {
      await this.#followCuts();
      await this.#file?.look();
    }
    this.#hasParametersChanged ||= this.#file?.recording.hasParametersChanged === true;
    if (this.#frames > before) this.#lastFrameAtMs = this.#deps.clock.wallMs();
  }

  /** FFmpeg cuts after a boundary of the clock; a file it cut for another reason does not grow any more. */
  #isCutDue(): boolean {
    if (this.#file === undefined) return true;
    const { segmentDurationSec } = this.#session.spec;
    const { firstSeenAtMs, steppedMs } = this.#file.times;
    const slotOf = (atMs: number): number => nominalStartOf(1, atMs, segmentDurationSec);
    return slotOf(this.#deps.clock.wallMs()) !== slotOf(firstSeenAtMs + steppedMs);
  }

  async #followCuts(): Promise<void> {
    this.#start ??= await StartNote.read(this.#session, this.#deps.log);
    this.#nextIndex ??= (await openFiles(this.#session.dir))[0]?.index ?? 0;
    for (;;) {
      const next = await GrowingFile.open(this.#session.dir, this.#nextIndex, {
        createWalker: this.#deps.createWalker,
        nowMs: this.#deps.clock.wallMs(),
        predecessor: this.#file,
        notedStartMs: this.#nextIndex === 0 ? this.#start.startMs : null,
      });
      if (next === undefined) return;
      await this.#closeFile(next.times);
      this.#file = next;
      this.#nextIndex = next.index + 1;
    }
  }

  async #closeFile(successor: FileTimes | null): Promise<void> {
    const file = this.#file;
    if (file === undefined) return;
    this.#file = undefined;
    const { index, path, sizeBytes, recording, unreadable, times } = file;
    this.#footageFromMs ??= seenFromOf(file);
    // A power loss cut it off though its successor is there: then that does not tell where it ended.
    const isCutOff = unreadable === null && !recording.isFinished;
    this.#closedFrames += recording.videoFrames;
    this.#closedMediaMs += recording.videoEndMs;
    this.#hasParametersChanged ||= recording.hasParametersChanged;
    await this.#syncLast(file);
    await file.close();
    const follower = isCutOff ? null : successor;
    this.#listener.closed({ index, path, sizeBytes, recording, unreadable, times, successor: follower });
  }

  /** Sealing syncs it too, but after reading all of it, and in its turn: until then the end of each file that waits could be lost. */
  async #syncLast(file: GrowingFile): Promise<void> {
    try {
      await file.sync();
    } catch (error) {
      this.#deps.log.warn(
        { session: this.#session.id, errno: errnoOf(error) },
        'a closed file not synced: sealing does',
      );
    }
  }

  #followClock(): void {
    const { clock, log } = this.#deps;
    const sample = { wallMs: clock.wallMs(), monotonicMs: clock.monotonicMs() };
    const stepMs = stepBetween(this.#sample, sample);
    this.#sample = sample;
    if (stepMs === 0) return;
    this.#file?.stepped(stepMs);
    this.#lastFrameAtMs += stepMs;
    log.warn({ session: this.#session.id, stepMs: Math.round(stepMs) }, 'the wall clock was set: times corrected');
  }

  async #syncIfDue(): Promise<void> {
    const { clock, policies } = this.#deps;
    if (clock.monotonicMs() - this.#syncedAtMs < policies.syncEveryMs) return;
    this.#syncedAtMs = clock.monotonicMs();
    await this.#file?.sync();
    if (!this.#isGone) await boundSessionLog(this.#session.dir);
  }
}

function seenFromOf({ times, recording }: Pick<GrowingFile, 'times' | 'recording'>): number {
  return seenFrom(times, recording.videoStartMs);
}

/** All cameras are looked at in the same instant: the process wakes up once for all of them. Timers may be a little early. */
function untilNextLook(nowMs: number, everyMs: number): number {
  const waitMs = everyMs - (nowMs % everyMs);
  return waitMs < everyMs / 10 ? waitMs + everyMs : waitMs;
}
