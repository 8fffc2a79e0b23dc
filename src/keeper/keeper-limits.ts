import { DEFAULT_RESTART_LIMITS, type RestartLimits } from './restart-limits.js';
import { DEFAULT_MEMORY_LIMITS, type MemoryLimits } from './worker-memory.js';

/** Every deadline of the keeper; tests shorten them. Of a worker's silence only time counts in which the keeper was awake. */
export interface KeeperLimits {
  readonly restarts: RestartLimits;
  readonly memory: MemoryLimits;
  /** A worker without a pulse for so long is hung. */
  readonly pulseTimeoutMs: number;
  /** From its start to its first pulse. */
  readonly startTimeoutMs: number;
  /** For `leave stop`: every FFmpeg by the ladder, sealing, draining. With the next one it stays below the 90 s a pod has. */
  readonly stopTimeoutMs: number;
  /** For `leave detach`, at an upgrade. */
  readonly detachTimeoutMs: number;
  /** A second signal forces the end, unless it comes so soon after the first that no person sent it: npm repeats the terminal's Ctrl-C. */
  readonly repeatedSignalMs: number;
  /** From SIGTERM to SIGKILL for what the worker left: twice FFmpeg's socket timeout and 2 s. */
  readonly ffmpegStopTimeoutMs: number;
  /** The worker of a killed keeper ends at once by itself; if not, it is killed after so long. */
  readonly leftWorkerTimeoutMs: number;
}

/** Where a number has a reason, `KeeperLimits` says it; 60 s + 7 s + a kill stay below the 90 s a pod has to end. */
export const DEFAULT_KEEPER_LIMITS: KeeperLimits = {
  restarts: DEFAULT_RESTART_LIMITS,
  memory: DEFAULT_MEMORY_LIMITS,
  pulseTimeoutMs: 10_000,
  startTimeoutMs: 60_000,
  stopTimeoutMs: 60_000,
  detachTimeoutMs: 15_000,
  repeatedSignalMs: 500,
  ffmpegStopTimeoutMs: 7_000,
  leftWorkerTimeoutMs: 1_000,
};
