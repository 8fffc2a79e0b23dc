import { join } from 'node:path';
import { type ServerProcess, startServerProcess } from '../../src/embedded/server-process.js';
import { temporalServerArgs } from '../../src/embedded/temporal-server.js';
import { freePort } from './ports.js';
import { tempDirUntil } from './temp-dir.js';
import { createNamespace } from './temporal-namespace.js';
import { toolPath } from './tools.js';
import { waitFor } from './wait-for.js';

/** Rolls a workflow over after so many events, instead of 4,096. */
const EVENTS_A_RUN = 90;

export interface RollingServer {
  readonly address: string;
  readonly namespace: string;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** On the same file and ports. */
  start(): Promise<void>;
  /** As `kill`; what starts next on these ports knows nothing, not even the namespace. */
  wipe(): Promise<void>;
  /** It hangs: connections stay, nothing is answered. */
  hang(): void;
  goOn(): void;
}

/** A Temporal of one's own, on a file, so that it can be killed and come back as itself; it suggests continue-as-new early. */
export async function startRollingServer(register: (close: () => Promise<void>) => unknown): Promise<RollingServer> {
  const dir = await tempDirUntil(register, 'rolling-server');
  const ports = { grpc: await freePort(), ui: await freePort(), http: await freePort(), metrics: await freePort() };
  const address = `127.0.0.1:${ports.grpc}`;
  const rollOver = ['--dynamic-config-value', `limit.historyCount.suggestContinueAsNew=${EVENTS_A_RUN}`];
  let databases = 0;
  let server: ServerProcess | undefined;
  const start = async (): Promise<void> => {
    const logPath = join(dir, 'temporal.log');
    const args = [...temporalServerArgs(ports, join(dir, `temporal-${databases}.db`)), ...rollOver];
    server = await startServerProcess({ name: 'Temporal', file: toolPath('temporal'), args, logPath });
  };
  const kill = async (): Promise<void> => await server?.kill();
  const wipe = async (): Promise<void> => {
    await kill();
    databases += 1;
  };
  register(kill);
  await start();
  const namespace = await waitFor(async () => await createNamespace(address), {
    what: 'the server to have a namespace',
    deadlineMs: 30_000,
    pollMs: 200,
  });
  const hang = (): void => void server?.signal('SIGSTOP');
  const goOn = (): void => void server?.signal('SIGCONT');
  return { address, namespace, kill, start, wipe, hang, goOn };
}
