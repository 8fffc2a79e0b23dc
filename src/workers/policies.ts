/**
 * The times of the worker itself, in one place, each with its reason: how long one question to Temporal or the store may take, when it
 * is asked again, and how long each step of a stop may last. None is scaled for tests, which make neither of those quicker, and wait for
 * no sweep; what workflows, activities and the other loops wait is in `workflows/policies.ts`.
 */
const HOUR_MS = 3_600_000;

/** In milliseconds. */
export const WORKER_POLICIES = {
  /** A server that hangs instead of refusing is left then. */
  connectDeadlineMs: 10_000,
  /** Nothing that records waits for it (INV-4). */
  connectRetryMs: 1_000,
  /** Connected, but what comes before serving failed: each try of that is several questions. */
  enterRetryMs: 2_000,
  /** Of each question to Temporal: none may hang. */
  rpcDeadlineMs: 10_000,
  /** From an attempt at recording that we end ourselves to the next, in place of the policy's wait. */
  atOnceMs: 10,
  /** A recording whose workflow does not say in time why it ended goes on. */
  askCauseDeadlineMs: 5_000,
  /** One pass outside of the loop's turn: what it leaves is the loop's. `STOP_DEADLINES` has room for it. */
  announceDeadlineMs: 10_000,
  /** As long as the wait for the next probe (`probeEveryMs`). */
  probeDeadlineMs: 10_000,
  /** Of one camera: the listings of a month and one HEAD. */
  lastEndDeadlineMs: 10_000,
  /** One request to the store for gap objects: a listing, a read or a small write. */
  storeRequestDeadlineMs: 30_000,
  /** At the start, and then often enough that a store that was away then is not asked a day late. */
  sweepEveryMs: HOUR_MS,
  /** Far longer than any upload that moves, or the clock here and the store's differ. */
  abandonedAfterMs: 24 * HOUR_MS,
  /** Longer than a recorder's disk lasts while the store is away. */
  forsakenAfterMs: 30 * 24 * HOUR_MS,
  /** What was missed while Temporal was away is not made up for: the next run does it. */
  retentionCatchupMs: 60_000,
  /** What the SDK gives its activities: a failure report during an outage is tried for 10 s; less would end in "Worker still in use". */
  shutdownForceMs: 20_000,
} as const;

/** Milliseconds for each step. */
export interface StopDeadlines {
  readonly connecting: number;
  readonly workers: number;
  readonly loops: number;
  readonly recorder: number;
  readonly announce: number;
  readonly connection: number;
}

/** Of a `stop` workers, loops and the recorder end side by side; of a `detach` the recorder comes after them. */
export const STOP_DEADLINES: Readonly<Record<'stop' | 'detach', StopDeadlines>> = {
  /**
   * 55 s at most of the keeper's 60 s. The workers' is a little more than `shutdownForceMs`, then they are left behind. Beside that the
   * recorder has the longest ladder of one camera, and sealing.
   */
  stop: {
    connecting: 5_000,
    workers: 25_000,
    loops: 10_000,
    recorder: 40_000,
    announce: 10_000,
    connection: 5_000,
  },
  /** 14 s at most of the keeper's 15 s: the next worker does what is left undone. */
  detach: {
    connecting: 2_000,
    workers: 6_000,
    loops: 6_000,
    recorder: 4_000,
    announce: 0,
    connection: 2_000,
  },
};
