/** A server that is started again when it ends by itself, until it is stopped. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../log.js';
import type { ServerProcess } from './server-process.js';

const RESTART_AFTER_MS = 1_000;
/** A port that was taken meanwhile, a full disk: nothing gets better by asking fast. */
const RETRY_AFTER_MS = 10_000;

/** One server through all its lives. */
export interface KeptServer<Server extends ServerProcess> {
  /** As it was started; later ones listen where it did. */
  readonly first: Server;
  /** The one running now, or the last one that ran. */
  current(): Server;
  /** Idempotent. */
  stop(): Promise<void>;
}

/**
 * Throws what the first start throws; later failures are logged and tried again every 10 s.
 * `start` gets the server that ended, to start the next one in its place.
 */
export async function keepRunning<Server extends ServerProcess>(
  start: (before?: Server) => Promise<Server>,
  options: { readonly name: string; readonly log: Logger },
): Promise<KeptServer<Server>> {
  const stopping = new AbortController();
  const first = await start();
  let current = first;
  const watching = watch().catch((error: unknown) => {
    if (!stopping.signal.aborted) throw error;
  });
  return {
    first,
    current: () => current,
    stop: async () => {
      stopping.abort();
      await current.stop();
      await watching;
      await current.stop();
    },
  };

  async function watch(): Promise<void> {
    while (!stopping.signal.aborted) {
      const { code, signal } = await current.exited;
      if (stopping.signal.aborted) return;
      options.log.warn({ server: options.name, code, signal }, 'embedded server ended, starting it again');
      await delay(RESTART_AFTER_MS, undefined, { signal: stopping.signal });
      current = await startAgain(current);
    }
  }

  async function startAgain(before: Server): Promise<Server> {
    for (;;) {
      try {
        return await start(before);
      } catch (error) {
        stopping.signal.throwIfAborted();
        options.log.error({ server: options.name, err: error }, 'embedded server does not start, trying again');
        await delay(RETRY_AFTER_MS, undefined, { signal: stopping.signal });
      }
    }
  }
}
