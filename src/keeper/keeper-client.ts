import type { SessionId } from '../domain/ids.js';
import type { FfmpegProcess, SpawnRequest } from './protocol.js';

export interface ProcessExit {
  readonly session: SessionId;
  readonly code: number | null;
  readonly signal: string | null;
}

/** The worker's view of the keeper. The only thing the recorder knows of it. */
export interface KeeperClient {
  /** Rejects when the program cannot be started. */
  spawn(request: SpawnRequest): Promise<FfmpegProcess>;
  /** Resolves to whether the process was there to be signalled. */
  signal(session: SessionId, signal: 'SIGTERM' | 'SIGKILL'): Promise<boolean>;
  list(): Promise<readonly FfmpegProcess[]>;
  /** Each exit is told once to the one listener, also those that happened before this worker lived. Returning means heard. */
  onExited(listener: (exit: ProcessExit) => void): void;
  onLeave(listener: (mode: 'stop' | 'detach') => void): void;
  /** Tells the keeper that the worker serves. */
  ready(): void;
  /** The keeper is gone: there is nobody to record with. */
  readonly disconnected: AbortSignal;
  close(): void;
}
