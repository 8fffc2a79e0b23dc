/** What the person at the terminal asks for. */
export interface StopSignals {
  /** Aborted by the first signal. */
  readonly asked: AbortSignal;
  /** Called for every signal: each one asks again. One that came earlier is told at once. */
  onAsked(listener: () => void): void;
  close(): void;
}

/** Takes SIGINT, SIGTERM and SIGHUP over from Node, which would end us at once. `onFirst` is told once. */
export function listenForStop(onFirst: () => void): StopSignals {
  const asked = new AbortController();
  const listeners = new Set<() => void>();
  const take = (): void => {
    if (!asked.signal.aborted) onFirst();
    asked.abort();
    for (const listener of listeners) listener();
  };
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of names) process.on(name, take);
  return {
    asked: asked.signal,
    onAsked: (listener) => {
      listeners.add(listener);
      if (asked.signal.aborted) listener();
    },
    close: () => {
      for (const name of names) process.off(name, take);
    },
  };
}
