/** How late an event loop is: the worker's, and for comparison that of an idle thread on the same machine at the same time. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { RecorderSystem } from '../support/recorder-system.js';

/** Since it was asked last; on an idle machine all of them are about 10 ms, because so often it is looked. */
export interface Lag {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface IdleLoop {
  lag(): Promise<Lag>;
}

/** A page that is late has a busy loop to tell of. */
const ANSWER_MS = 30_000;

/** By the worker's own metrics. @throws when the page does not answer */
export async function lagOf({ recorder }: RecorderSystem): Promise<Lag> {
  const answer = await fetch(`${recorder.pageUrl}/metrics`, { signal: AbortSignal.timeout(ANSWER_MS) });
  const page = await answer.text();
  const read = (name: string): number => {
    const value = new RegExp(`^nodejs_eventloop_lag_${name}_seconds (\\S+)$`, 'm').exec(page)?.[1];
    if (value === undefined) throw new Error(`/metrics says nothing of the event loop's ${name}`);
    return Number(value) * 1_000;
  };
  return { p50Ms: read('p50'), p99Ms: read('p99'), maxMs: read('max') };
}

const IDLE = `
  const { monitorEventLoopDelay } = require('node:perf_hooks');
  const { parentPort } = require('node:worker_threads');
  const delay = monitorEventLoopDelay();
  delay.enable();
  parentPort.on('message', () => {
    const [p50Ms, p99Ms, maxMs] = [delay.percentile(50), delay.percentile(99), delay.max].map((ns) => ns / 1e6);
    parentPort.postMessage({ p50Ms, p99Ms, maxMs });
    delay.reset();
  });
`;

/** Measured as the worker's metrics measure. */
export function startIdleLoop(register: (tearDown: () => Promise<void>) => unknown): IdleLoop {
  const thread = new Worker(IDLE, { eval: true });
  register(async () => {
    await thread.terminate();
  });
  return {
    lag: async () => {
      const answer = once(thread, 'message', { signal: AbortSignal.timeout(ANSWER_MS) });
      thread.postMessage('lag');
      const [lag] = await answer;
      return lag as Lag;
    },
  };
}
