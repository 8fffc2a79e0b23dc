/** The simulated cameras of a demo, in a process of their own: what is recorded comes from something that is not us. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Logger } from '../log.js';
import { portFinder, startOnFreePorts } from './free-port.js';
import { type ServerProcess, startServerProcess, untilReady } from './server-process.js';

/** Drawing and encoding the picture takes most of it, once; it is cached. */
const READY_DEADLINE_MS = 300_000;
/** Beside the program, as it is nobody's data: who removes a demo's folder need not wait again. */
const PICTURE_CACHE = fileURLToPath(new URL('../../.cache', import.meta.url));
const PASSWORD_VARIABLE = 'SIMULATED_CAMERA_PASSWORD';

const messageShape = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('making-picture'), share: z.number() }),
  z.object({ kind: z.literal('serving'), urls: z.array(z.string()) }),
]);

/** All cameras of a demo: one process, so they end together. */
export interface CameraSimulator extends ServerProcess {
  /** With user and password: secrets (INV-7). */
  readonly urls: readonly string[];
  readonly firstPort: number;
}

interface CameraSimulatorOptions {
  readonly ffmpegPath: string;
  /** Its log. */
  readonly dir: string;
  readonly cameras: number;
  readonly account: { readonly user: string; readonly password: string };
  /** The other cameras follow. */
  readonly preferredPort?: number;
  readonly log?: Logger;
  readonly onProgress?: (what: string) => void;
  readonly signal?: AbortSignal;
  /** The built program; for tests. */
  readonly program?: string;
}

/** Throws `EmbeddedError`; leaves no process behind when it throws. */
export async function startCameraSimulator(options: CameraSimulatorOptions): Promise<CameraSimulator> {
  const alsoFreeAt = Array.from({ length: options.cameras - 1 }, (_, index) => index + 1);
  return await startOnFreePorts(
    async () => ({ first: await portFinder()({ preferred: options.preferredPort, alsoFreeAt }) }),
    async ({ first }) => await startOn(first, options),
  );
}

async function startOn(firstPort: number, options: CameraSimulatorOptions): Promise<CameraSimulator> {
  const { user, password } = options.account;
  const logPath = join(options.dir, 'simulator.log');
  let served: readonly string[] | undefined;
  const server = await startServerProcess({
    name: 'the camera simulator',
    file: process.execPath,
    args: simulatorArgs(options, firstPort),
    env: { [PASSWORD_VARIABLE]: password },
    logPath,
    onMessage: (sent) => {
      const message = messageShape.parse(sent);
      if (message.kind === 'serving') served = message.urls;
      else options.onProgress?.(`Drawing what the simulated cameras see (once): ${Math.round(message.share * 100)} %`);
    },
  });
  await untilReady(server, {
    name: 'the camera simulator',
    ask: async () => served !== undefined,
    deadlineMs: READY_DEADLINE_MS,
    logPath,
    signal: options.signal,
  });
  options.log?.info({ cameras: options.cameras, pid: server.pid }, 'simulated cameras are ready');
  return Object.assign(server, { firstPort, urls: (served ?? []).map((url) => withAccount(url, user, password)) });
}

function simulatorArgs(options: CameraSimulatorOptions, firstPort: number): readonly string[] {
  return [
    options.program ?? fileURLToPath(new URL('../simulator/main.js', import.meta.url)),
    ...['--cameras', `${options.cameras}`, '--picture', '2k', '--port', `${firstPort}`],
    ...['--cache', PICTURE_CACHE, '--ffmpeg', options.ffmpegPath],
    ...['--user', options.account.user, '--password-env', PASSWORD_VARIABLE],
  ];
}

function withAccount(text: string, user: string, password: string): string {
  const url = new URL(text);
  url.username = user;
  url.password = password;
  return url.href;
}
