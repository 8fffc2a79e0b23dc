import type { Clock } from '../clock.js';
import type { Logger } from '../log.js';
import { errorText } from './error-text.js';

/** `everyMs` is counted from the end of one pass to the beginning of the next. */
export interface LoopOptions {
  readonly name: string;
  readonly everyMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** Must end soon after the signal aborts. `skipped`: what it needs is away, so it neither failed nor worked. */
  readonly pass: (signal: AbortSignal) => Promise<'skipped' | void>;
  /** Told of every pass that fails, to count it. */
  readonly failed?: () => void;
}

/** Runs until it is stopped; no pass that fails ends it. */
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
      if (error !== 'skipped') {
        report(options, failedInARow, error);
        failedInARow = error === null ? 0 : failedInARow + 1;
      }
      if (error !== null && error !== 'skipped') {
        failures += 1;
        options.failed?.();
      }
      await rest(
        options.clock,
        backOffMs(options.everyMs, failedInARow),
        AbortSignal.any([stopping.signal, waking.signal]),
      );
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

/** How long to wait after so many failures in a row. */
export function backOffMs(everyMs: number, failedInARow: number): number {
  return everyMs * Math.min(2 ** Math.max(0, failedInARow - 1), MAX_BACK_OFF);
}

async function attempt(
  { pass }: LoopOptions,
  signal: AbortSignal,
): Promise<{ readonly text: string } | 'skipped' | null> {
  try {
    return (await pass(signal)) ?? null;
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
