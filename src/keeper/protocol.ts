/**
 * Worker ⇄ keeper over Node IPC. The keeper holds FFmpeg, so that the worker may come and go (INV-4).
 * Plain JSON, one message an object. Every request that expects an answer carries an `id` that the answer repeats.
 */
import type { CameraId, SessionId } from '../domain/ids.js';
import type { Supervision } from '../domain/supervision.js';

/** A running child of the keeper. Adopting is reading the keeper's list. */
export interface FfmpegProcess {
  readonly session: SessionId;
  readonly camera: CameraId;
  readonly pid: number;
  readonly startedAtMs: number;
}

/** `argv[0]` is the program. `ffconcat` holds the URL and is written to fd 4, once (INV-7). stdout and stderr go to `cwd/ffmpeg.log`. */
export interface SpawnRequest {
  readonly session: SessionId;
  readonly camera: CameraId;
  readonly argv: readonly string[];
  readonly ffconcat: string;
  readonly cwd: string;
}

/** Worker → keeper. Those with an `id` are answered once; the others are told, and get no answer. */
export type KeeperRequest =
  | ({ readonly kind: 'spawn'; readonly id: number } & SpawnRequest)
  | {
      readonly kind: 'signal';
      readonly id: number;
      readonly session: SessionId;
      readonly signal: 'SIGTERM' | 'SIGKILL';
    }
  | { readonly kind: 'list'; readonly id: number }
  /** The worker has heard of this exit; the keeper may forget it. */
  | { readonly kind: 'heard'; readonly session: SessionId }
  /** The worker's pulse: none for 10 s means hung. */
  | { readonly kind: 'alive' }
  /** The worker is up and serves; ends the start-up phase of the keeper's restart limits. */
  | { readonly kind: 'ready' };

/** Keeper → worker. Those with an `id` answer the request that had it; the others come unasked. */
export type KeeperEvent =
  | { readonly kind: 'spawned'; readonly id: number; readonly process: FfmpegProcess }
  | { readonly kind: 'spawn-failed'; readonly id: number; readonly code: string; readonly message: string }
  | { readonly kind: 'signalled'; readonly id: number; readonly delivered: boolean }
  | { readonly kind: 'listed'; readonly id: number; readonly processes: readonly FfmpegProcess[] }
  /** Sent again to every new worker until one says `heard`. */
  | {
      readonly kind: 'exited';
      readonly session: SessionId;
      readonly code: number | null;
      readonly signal: string | null;
    }
  /** `stop`: end every recording, seal, drain, exit 0. `detach`: leave the recordings running (upgrade), drain, exit 0. */
  | { readonly kind: 'leave'; readonly mode: 'stop' | 'detach' }
  /** At the start of a worker, and every few seconds. */
  | { readonly kind: 'supervision'; readonly supervision: Supervision };

/** The worker exits with it when its configuration is wrong: the keeper then ends too, with the same code, instead of restarting (sysexits EX_CONFIG). */
export const EXIT_BAD_CONFIG = 78;
