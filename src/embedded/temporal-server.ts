/**
 * The Temporal dev server that `npm start` and the tests run: loopback only, asking nobody on the internet.
 *
 * 1. Killed and started again on the same file and ports it continues where it was: nothing acknowledged is lost.
 * 2. Ready means the namespace is served, has our search attributes, and keeps history for 30 days.
 */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import { boundedBy } from '../clock.js';
import type { Logger } from '../log.js';
import { SEARCH_ATTRIBUTES } from '../workflows/contract.js';
import { portFinder, startOnFreePorts, type WantedPorts } from './free-port.js';
import { type ServerProcess, serverEnv, startServerProcess, untilReady } from './server-process.js';

const READY_DEADLINE_MS = 30_000;
const CLI_DEADLINE_MS = 10_000;
/** The server's own default is 24 h, too short to look at last week's segment. */
const RETENTION_HOURS = 720;
const NAMESPACE = 'default';

interface TemporalPorts {
  readonly grpc: number;
  readonly ui: number;
  readonly http: number;
  readonly metrics: number;
}

/** One life of it, ready for our workers: namespace and search attributes are there. */
export interface TemporalServer extends ServerProcess {
  /** `127.0.0.1:7233` */
  readonly address: string;
  readonly namespace: string;
  readonly uiUrl: string;
  /** The ones in use, which are the wanted ones only if those were free. */
  readonly ports: TemporalPorts;
}

interface TemporalServerOptions {
  readonly temporalPath: string;
  /** SQLite file; null keeps everything in memory. */
  readonly dbPath: string | null;
  readonly logPath: string;
  readonly ports?: WantedPorts<TemporalPorts>;
  readonly log?: Logger;
  readonly signal?: AbortSignal;
}

/** Throws `EmbeddedError`; leaves no process behind when it throws. */
export async function startTemporalServer(options: TemporalServerOptions): Promise<TemporalServer> {
  if (options.dbPath !== null) await mkdir(dirname(options.dbPath), { recursive: true });
  return await startOnFreePorts(
    async () => await chooseTemporalPorts(options.ports ?? {}),
    async (ports) => await startOn(ports, options),
  );
}

async function chooseTemporalPorts(wanted: WantedPorts<TemporalPorts>): Promise<TemporalPorts> {
  const findPort = portFinder();
  return {
    grpc: await findPort({ preferred: wanted.grpc }),
    ui: await findPort({ preferred: wanted.ui }),
    http: await findPort({ preferred: wanted.http }),
    metrics: await findPort({ preferred: wanted.metrics }),
  };
}

async function startOn(ports: TemporalPorts, options: TemporalServerOptions): Promise<TemporalServer> {
  const server = await startServerProcess({
    name: 'Temporal',
    file: options.temporalPath,
    args: temporalServerArgs(ports, options.dbPath),
    logPath: options.logPath,
  });
  await untilReady(server, {
    name: 'Temporal',
    ask: async (signal) => (await ask(ports.http, '', namespaceAnswer, signal)) !== undefined,
    deadlineMs: READY_DEADLINE_MS,
    logPath: options.logPath,
    signal: options.signal,
  });
  const address = `127.0.0.1:${ports.grpc}`;
  await prepareNamespace(server, { ...options, ports, address });
  options.log?.info({ address, pid: server.pid }, 'temporal is ready');
  return Object.assign(server, { address, namespace: NAMESPACE, uiUrl: `http://127.0.0.1:${ports.ui}`, ports });
}

/** The command line without the program. The random ports it would choose otherwise are all named. */
export function temporalServerArgs(ports: TemporalPorts, dbPath: string | null): readonly string[] {
  const named = Object.entries(SEARCH_ATTRIBUTES).flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]);
  const file =
    dbPath === null
      ? []
      : ['--db-filename', dbPath, '--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=NORMAL'];
  return [
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', `${ports.grpc}`, '--ui-port', `${ports.ui}`],
    ...['--http-port', `${ports.http}`, '--metrics-port', `${ports.metrics}`],
    ...['--log-format', 'json', '--log-level', 'warn', '--ui-disable-news-fetch'],
    ...['--dynamic-config-value', 'frontend.enableServerVersionCheck=false'],
    ...named,
    ...file,
  ];
}

/** An existing file keeps the attributes and the retention it was made with: what is missing is added. */
async function prepareNamespace(
  server: ServerProcess,
  options: TemporalServerOptions & { readonly ports: TemporalPorts; readonly address: string },
): Promise<void> {
  const operate = async (...args: readonly string[]): Promise<void> => {
    await execa(options.temporalPath, ['operator', ...args, '--address', options.address], {
      timeout: CLI_DEADLINE_MS,
      env: serverEnv(),
      extendEnv: false,
      ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
    });
  };
  const deadline = boundedBy(undefined, CLI_DEADLINE_MS);
  try {
    for (const [name, type] of await missingAttributes(options.ports.http, deadline)) {
      await operate('search-attribute', 'create', '--name', name, '--type', type);
    }
    const namespace = await ask(options.ports.http, '', namespaceAnswer, deadline);
    if (namespace?.config.workflowExecutionRetentionTtl !== `${RETENTION_HOURS * 3_600}s`) {
      await operate('namespace', 'update', '-n', NAMESPACE, '--retention', `${RETENTION_HOURS}h`);
    }
  } catch (error) {
    await server.kill();
    throw error;
  }
}

const namespaceAnswer = z.object({ config: z.object({ workflowExecutionRetentionTtl: z.string() }) });
const attributesAnswer = z.object({ customAttributes: z.record(z.string(), z.string()).default({}) });

async function missingAttributes(
  httpPort: number,
  signal: AbortSignal,
): Promise<readonly (readonly [name: string, type: string])[]> {
  const known = await ask(httpPort, '/search-attributes', attributesAnswer, signal);
  return Object.entries(SEARCH_ATTRIBUTES).filter(([name]) => known?.customAttributes[name] === undefined);
}

/** Undefined: it does not answer (yet). */
async function ask<T>(
  httpPort: number,
  path: string,
  shape: z.ZodType<T>,
  signal: AbortSignal,
): Promise<T | undefined> {
  try {
    const answer = await fetch(`http://127.0.0.1:${httpPort}/api/v1/namespaces/${NAMESPACE}${path}`, { signal });
    return answer.ok ? shape.parse(await answer.json()) : undefined;
  } catch (error) {
    if (error instanceof z.ZodError) throw error;
    return undefined;
  }
}
