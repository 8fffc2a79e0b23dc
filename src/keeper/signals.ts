import { hasTerminal } from './terminal.js';

/** The signals that ask for the end of everything. */
export type EndSignal = 'SIGTERM' | 'SIGINT';

interface SignalHandlers {
  readonly end: (signal: EndSignal) => void;
  /** The terminal this process was started from is gone: there is nothing left to write to. */
  readonly closed: () => void;
  readonly upgrade: () => void;
}

/** SIGHUP asks for an upgrade, unless it means what it says: there was a terminal at the start, and it was closed. @returns what ends it */
export function listenForSignals({ end, closed, upgrade }: SignalHandlers): () => void {
  const hadTerminal = process.stderr.isTTY && hasTerminal();
  const onEnd = (signal: NodeJS.Signals): void => end(signal === 'SIGINT' ? 'SIGINT' : 'SIGTERM');
  const onHangUp = (): void => (hadTerminal && !hasTerminal() ? closed() : upgrade());
  process.on('SIGTERM', onEnd);
  process.on('SIGINT', onEnd);
  process.on('SIGHUP', onHangUp);
  return () => {
    process.off('SIGTERM', onEnd);
    process.off('SIGINT', onEnd);
    process.off('SIGHUP', onHangUp);
  };
}
