import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import { systemClock } from '../clock.js';
import type { Config } from '../config/config.js';
import type { Logger } from '../log.js';
import { redact } from '../redact.js';
import { OBSERVE_EVERY_MS, type PageState } from './page-state.js';
import { buildServer } from './server.js';

/** The port may still be held by the process before us. */
const LISTEN_RETRY_MS = 2_000;

interface ServedPage {
  /** Waits for the answers being given. Idempotent. */
  close(): Promise<void>;
}

/** Listens as soon as it can; nothing waits for it: a page without a port is no reason not to record (INV-4). */
export function servePage(options: {
  readonly config: Pick<Config, 'metricsHost' | 'metricsPort'>;
  readonly registry: Registry;
  readonly state: PageState;
  readonly coreMetricsUrl: string | null;
  readonly log: Logger;
}): ServedPage {
  const { registry, state, coreMetricsUrl, log } = options;
  const closing = new AbortController();
  const server = buildServer({
    registry,
    coreMetricsUrl,
    status: () => state.status(),
    readiness: () => state.readiness(),
    log,
  });
  const observing = setInterval(() => state.observe(), OBSERVE_EVERY_MS);
  const listening = listenForever(server, options, closing.signal);
  return {
    close: async () => {
      clearInterval(observing);
      closing.abort();
      await listening;
      await server.close();
    },
  };
}

async function listenForever(
  server: FastifyInstance,
  { config, log }: { readonly config: Pick<Config, 'metricsHost' | 'metricsPort'>; readonly log: Logger },
  signal: AbortSignal,
): Promise<void> {
  const { metricsHost: host, metricsPort: port } = config;
  while (!signal.aborted) {
    try {
      const url = await server.listen({ host, port });
      log.info({ url }, 'page is served');
      return;
    } catch (error) {
      log.warn({ host, port, error: redact(String(error)) }, 'page is not served yet, trying again');
    }
    await systemClock.sleep(LISTEN_RETRY_MS, signal).catch(() => undefined);
  }
}
