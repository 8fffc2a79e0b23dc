import { setTimeout as delay } from 'node:timers/promises';

/** Time as a dependency. Wall time names things; monotonic time measures them (a wall clock may step). */
export interface Clock {
  /** UTC milliseconds. */
  wallMs(): number;
  /** Milliseconds since some start; never goes back. */
  monotonicMs(): number;
  /** Rejects with the signal's reason when aborted. */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's own: its wall time may step, by NTP or by hand. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: async (durationMs, signal) => {
    await delay(durationMs, undefined, signal === undefined ? {} : { signal });
  },
};

/** Aborts with the signal's reason, or with a `TimeoutError` after so many milliseconds, whichever comes first. */
export function boundedBy(signal: AbortSignal | undefined, timeoutMs: number): AbortSignal {
  const timeout = AbortSignal.timeout(timeoutMs);
  // Node 20 lets the garbage collector take a timeout that only `any` knows of, and then it never comes: a listener keeps it.
  timeout.addEventListener('abort', () => undefined, { once: true });
  return signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
}
