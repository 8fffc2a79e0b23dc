import { type FastifyInstance, type FastifyReply, fastify } from 'fastify';
import { Gauge, type Registry } from 'prom-client';
import { boundedBy } from '../clock.js';
import type { Logger } from '../log.js';
import { redact } from '../redact.js';
import type { ReadinessAnswer } from './readiness.js';
import { statusPage } from './status-page.js';
import type { StatusView } from './status-view.js';

/** How long a scrape waits for Temporal Core's own metrics. */
const CORE_METRICS_TIMEOUT_MS = 2_000;

/** `status` and `readiness` are called at each request, so they must be cheap. */
export interface ServerDeps {
  readonly registry: Registry;
  /** Temporal Core's Prometheus page on loopback; null when it has none. */
  readonly coreMetricsUrl: string | null;
  readonly status: () => StatusView;
  readonly readiness: () => ReadinessAnswer;
  readonly log: Pick<Logger, 'error' | 'debug'>;
}

/** Probes, metrics and the page for people; not listening yet. Register metrics of `registry` before or after, as you like. */
export function buildServer(deps: ServerDeps): FastifyInstance {
  const server = fastify({ logger: false, forceCloseConnections: true });
  server.addHook('onSend', async (_request, reply) => {
    reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff');
  });
  server.setErrorHandler((error, request, reply) => {
    deps.log.error({ path: request.url, error: redact(String(error)) }, 'request failed');
    return reply.code(500).type('text/plain; charset=utf-8').send('This page could not be made; the log says why.\n');
  });
  server.get('/', (_request, reply) => sendPage(reply, deps));
  server.get('/status.json', () => deps.status());
  server.get('/health', () => ({ status: 'ok', upForSec: Math.round(process.uptime()) }));
  server.get('/ready', (_request, reply) => {
    const answer = deps.readiness();
    return reply.code(answer.isReady ? 200 : 503).send(answer);
  });
  const scrape = createScrape(deps);
  server.get('/metrics', async (_request, reply) => reply.type(deps.registry.contentType).send(await scrape()));
  return server;
}

function sendPage(reply: FastifyReply, deps: ServerDeps): FastifyReply {
  return reply
    .header(
      'content-security-policy',
      "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
    )
    .type('text/html; charset=utf-8')
    .send(statusPage(deps.status()));
}

function createScrape({ registry, coreMetricsUrl, log }: ServerDeps): () => Promise<string> {
  const isCoreUp = new Gauge({
    name: 'camera_recorder_temporal_core_metrics_up',
    help: "1 when Temporal Core's own metrics could be added to this page.",
    registers: [registry],
  });
  return async () => {
    const core = coreMetricsUrl === null ? null : await fetchCoreMetrics(coreMetricsUrl, log);
    isCoreUp.set(core === null ? 0 : 1);
    return core === null ? registry.metrics() : `${await registry.metrics()}${core}`;
  };
}

// Core is part of this process: when its page is away, ours must not be. The gauge counts it.
async function fetchCoreMetrics(url: string, log: ServerDeps['log']): Promise<string | null> {
  try {
    const response = await fetch(url, { signal: boundedBy(undefined, CORE_METRICS_TIMEOUT_MS) });
    if (!response.ok) return null;
    const page = await response.text();
    return page.endsWith('\n') || page === '' ? page : `${page}\n`;
  } catch (error) {
    log.debug({ error: redact(String(error)) }, 'temporal core gave no metrics');
    return null;
  }
}
