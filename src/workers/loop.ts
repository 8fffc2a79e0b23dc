import type { Clock } from '../clock.js';
import type { Logger } from '../log.js';
import { errorText } from './error-text.js';

export interface LoopOptions {
  readonly name: string;
  readonly everyMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** Must end soon after the signal aborts. */
  readonly pass: (signal: AbortSignal) => Promise<void>;
}

export interface Loop {
  /** The next pass begins at once, or right after the one under way. */
  hurry(): void;
  /** Passes that failed since the start. */
  failures(): number;
  /** Resolves when the pass under way has ended. */
  stop(): Promise<void>;
}

/** A failing pass is tried later and later, up to this many periods. */
const MAX_BACK_OFF = 8;

/** Runs a pass at once and then regularly. A pass that fails is logged when that begins and when it ends, counted, and tried again. */
export function startLoop(options: LoopOptions): Loop {
  const stopping = new AbortController();
  let failures = 0;
  let waking = new AbortController();
  const isStopped = (): boolean => stopping.signal.aborted;

  const run = async (): Promise<void> => {
    let failedInARow = 0;
    while (!isStopped()) {
      waking = new AbortController();
      const error = await attempt(options, stopping.signal);
      if (isStopped()) return;
      if (error !== null) failures += 1;
      report(options, failedInARow, error);
      failedInARow = error === null ? 0 : failedInARow + 1;
      const waitMs = options.everyMs * Math.min(2 ** Math.max(0, failedInARow - 1), MAX_BACK_OFF);
      await rest(options.clock, waitMs, AbortSignal.any([stopping.signal, waking.signal]));
    }
  };

  const running = run();
  return {
    hurry: () => waking.abort(),
    failures: () => failures,
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

async function attempt({ pass }: LoopOptions, signal: AbortSignal): Promise<{ readonly text: string } | null> {
  try {
    await pass(signal);
    return null;
  } catch (error) {
    return { text: errorText(error) };
  }
}

function report({ name, log }: LoopOptions, failedBefore: number, error: { readonly text: string } | null): void {
  if (error !== null && failedBefore === 0) log.warn({ loop: name, error: error.text }, 'loop failed, trying again');
  if (error !== null && failedBefore > 0) log.debug({ loop: name, error: error.text }, 'loop failed again');
  if (error === null && failedBefore > 0) log.info({ loop: name, attempts: failedBefore + 1 }, 'loop works again');
}

/** An aborted rest is over, not failed. */
async function rest(clock: Clock, durationMs: number, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(durationMs, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
