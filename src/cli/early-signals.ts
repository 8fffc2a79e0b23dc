import { constants } from 'node:os';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/**
 * PID 1 of a container gets no signal that it does not listen to: until somebody does, one ends this process as it would any other.
 * @returns to be called by who listens from then on
 */
export function endAtSignals(): () => void {
  const end = (signal: NodeJS.Signals): void => process.exit(128 + constants.signals[signal]);
  for (const name of SIGNALS) process.once(name, end);
  return () => {
    for (const name of SIGNALS) process.off(name, end);
  };
}
