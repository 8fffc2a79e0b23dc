/** Why the keeper started a worker: the first one, asked for, its memory, no pulse, or it ended by itself. */
export const WORKER_START_REASONS = ['first', 'upgrade', 'memory', 'hung', 'crashed'] as const;
/** A metric label too. */
export type WorkerStartReason = (typeof WORKER_START_REASONS)[number];

/** What a worker uses and may use. Only memory counts that nothing but its end gives back. */
export interface WorkerMemory {
  /** For everything the keeper started, and itself, together. */
  readonly limitBytes: number;
  /** Of that, for the worker. */
  readonly allowedBytes: number;
  readonly usedBytes: number;
  /** Replacing the worker did not help: it is not replaced for it again so soon. */
  readonly isTooLow: boolean;
}

/** What the keeper knows of its workers; the worker shows it. Plain JSON. */
export interface Supervision {
  /** Since the keeper started. */
  readonly starts: Readonly<Record<WorkerStartReason, number>>;
  /** Workers that hung or crashed within the last hour. */
  readonly recentFailures: number;
  /** Null where nothing limits it, or where it cannot be measured. */
  readonly memory: WorkerMemory | null;
}
