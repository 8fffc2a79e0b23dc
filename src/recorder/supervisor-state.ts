/** What a camera supervisor is doing, what happens to it, and what it commands, as values. What follows from what is in `supervisor-step.ts`. */
import type { CameraSpec, StopCause } from '../domain/camera.js';
import type { SessionId } from '../domain/ids.js';
import type { SessionOutcome } from './outcome.js';
import type { Attempts } from './restart-policy.js';

/** One life of one FFmpeg, as it was started or adopted. `dir` has all its files. */
export interface Session {
  readonly id: SessionId;
  readonly dir: string;
  readonly spec: CameraSpec;
  /** Monotonic. */
  readonly startedAtMs: number;
  /** Wall clock; of a session that was under way when we came to it: there it tells better than our first look. */
  readonly recordsSinceMs: number | null;
}

/** Read from the growing files of a session; see `session-progress.ts`. */
export interface Progress {
  /** Video frames of the session that are whole on disk. */
  readonly frames: number;
  readonly mediaMs: number;
  /** Of the open file: what a crash now would leave us. */
  readonly completeBytes: number;
  /** Wall clock; when the last new frame was seen, or the session's start. */
  readonly lastFrameAtMs: number;
  /** Without a new frame, in which the supervisor was awake and the disk answered. */
  readonly silentMs: number;
  readonly hasParametersChanged: boolean;
}

/** All `…Ms` are monotonic. */
export type SupervisorState =
  | { readonly kind: 'idle' }
  /** The keeper was asked to spawn. `stop` is what to do with the session once it is there. */
  | { readonly kind: 'starting'; readonly spec: CameraSpec; readonly attempts: Attempts; readonly stop: Stop | null }
  | { readonly kind: 'connecting'; readonly session: Session; readonly attempts: Attempts }
  | {
      readonly kind: 'recording';
      readonly session: Session;
      readonly attempts: Attempts;
      readonly progress: Progress;
    }
  | {
      readonly kind: 'stopping';
      readonly session: Session;
      readonly attempts: Attempts;
      readonly rung: 'term' | 'kill';
      readonly deadlineMs: number;
      readonly outcome: SessionOutcome;
      /** Recorded next; null: nothing. */
      readonly next: CameraSpec | null;
      readonly hasFootage: boolean;
    }
  | {
      readonly kind: 'waiting';
      readonly spec: CameraSpec;
      readonly last: SessionOutcome;
      readonly attempts: Attempts;
      readonly retryAtMs: number;
    };

/** A stop that was asked for while a session was being started; `next` is recorded after it, null: nothing. */
export interface Stop {
  readonly cause: StopCause;
  readonly next: CameraSpec | null;
}

/** What comes into the mailbox. One of a session that is not the current one changes nothing. */
export type SupervisorEvent =
  /** The same spec again changes nothing; another one stops and starts. `notBeforeMs`: a locked camera account must not be tried earlier. */
  | { readonly kind: 'record'; readonly spec: CameraSpec; readonly notBeforeMs: number | null }
  | { readonly kind: 'stop'; readonly cause: StopCause }
  | { readonly kind: 'started' | 'adopted'; readonly session: Session }
  | { readonly kind: 'start-failed'; readonly outcome: SessionOutcome }
  | { readonly kind: 'progressed'; readonly session: SessionId; readonly progress: Progress }
  | { readonly kind: 'restart'; readonly cause: StopCause }
  | { readonly kind: 'exited'; readonly session: SessionId; readonly outcome: SessionOutcome }
  | { readonly kind: 'space-low' }
  | { readonly kind: 'tick' };

/** Carried out in order, and none is waited for: what comes of it is an event. */
export type SupervisorCommand =
  | { readonly kind: 'start'; readonly spec: CameraSpec }
  | { readonly kind: 'signal'; readonly session: SessionId; readonly signal: 'SIGTERM' | 'SIGKILL' }
  /** The session is over: seal what it left; a gap opens with the outcome's cause. */
  | { readonly kind: 'seal'; readonly session: Session; readonly outcome: SessionOutcome }
  /** No session came to be: the gap goes on with this outcome's cause. */
  | { readonly kind: 'note'; readonly outcome: SessionOutcome }
  | { readonly kind: 'wake'; readonly atMs: number };
