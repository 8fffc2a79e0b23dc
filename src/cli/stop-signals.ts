import { type Clock, systemClock } from '../clock.js';

/** npm hands the terminal's Ctrl-C on to us, who have had it already: what comes so soon is the same one. */
const SAME_SIGNAL_MS = 500;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** What the person at the terminal asks for. */
export interface StopSignals {
  /** Aborted by the first signal: stop in order. */
  readonly asked: AbortSignal;
  /** Aborted by the second one: stop at once. */
  readonly forced: AbortSignal;
  /** Called for each of the two; one that came earlier is told at once. */
  onAsked(listener: () => void): void;
  close(): void;
}

/** What signals come from; `process` is one. */
export interface SignalSource {
  on(name: NodeJS.Signals, listener: () => void): unknown;
  off(name: NodeJS.Signals, listener: () => void): unknown;
}

/** Takes SIGINT, SIGTERM and SIGHUP over from Node, which would end us at once. */
export function listenForStop(
  source: SignalSource = process,
  clock: Pick<Clock, 'monotonicMs'> = systemClock,
): StopSignals {
  const asked = new AbortController();
  const forced = new AbortController();
  const listeners = new Set<() => void>();
  let takenAtMs = Number.NEGATIVE_INFINITY;
  const take = (): void => {
    const nowMs = clock.monotonicMs();
    if (nowMs - takenAtMs < SAME_SIGNAL_MS || forced.signal.aborted) return;
    takenAtMs = nowMs;
    (asked.signal.aborted ? forced : asked).abort();
    for (const listener of listeners) listener();
  };
  for (const name of SIGNALS) source.on(name, take);
  return {
    asked: asked.signal,
    forced: forced.signal,
    onAsked: (listener) => {
      listeners.add(listener);
      if (asked.signal.aborted) listener();
    },
    close: () => {
      for (const name of SIGNALS) source.off(name, take);
    },
  };
}
