import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { EmbeddedError } from './embedded-error.js';

const LOOPBACK = '127.0.0.1';
// SeaweedFS puts its gRPC ports 10,000 higher; both ends stay below 32,768, where outgoing connections get their ports.
const LOWEST_PORT = 10_240;
const HIGHEST_PORT = 22_767;
const MAX_TRIES = 200;

/** Some of a server's ports, as wished: of an earlier run, or a user's habit. */
export type WantedPorts<Ports> = { readonly [Name in keyof Ports]?: number | undefined };

interface PortWish {
  /** Taken if it is free; otherwise another one is found. */
  readonly preferred?: number | undefined;
  /** The port plus each of these must be free as well. */
  readonly alsoFreeAt?: readonly number[];
}

/**
 * A finder of free loopback ports that never names one twice. Nothing holds a port until the caller listens on it.
 * The finder throws `EmbeddedError` `no-free-port`.
 */
export function portFinder(): (wish?: PortWish) => Promise<number> {
  const taken = new Set<number>();
  return async (wish = {}) => {
    const port = await findFreePort(wish, taken);
    for (const offset of [0, ...(wish.alsoFreeAt ?? [])]) taken.add(port + offset);
    return port;
  };
}

const MAX_RACES = 3;

/**
 * Starts something on chosen ports, and again on others when it died because somebody took one of them in between.
 * Every other failure is thrown as it is.
 */
export async function startOnFreePorts<Ports extends object, Server>(
  choose: () => Promise<Ports>,
  start: (ports: Ports) => Promise<Server>,
): Promise<Server> {
  for (let races = 1; ; races += 1) {
    const ports = await choose();
    try {
      return await start(ports);
    } catch (error) {
      const hasDied = error instanceof EmbeddedError && error.code === 'server-died';
      if (!hasDied || races === MAX_RACES || (await areFree(Object.values(ports)))) throw error;
    }
  }
}

async function findFreePort(wish: PortWish, taken: ReadonlySet<number>): Promise<number> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const port = tries === 0 && wish.preferred !== undefined ? wish.preferred : randomInt(LOWEST_PORT, HIGHEST_PORT);
    const all = [port, ...(wish.alsoFreeAt ?? []).map((offset) => port + offset)];
    if (all.every((one) => !taken.has(one)) && (await areFree(all))) return port;
  }
  throw new EmbeddedError('no-free-port', `no free port on ${LOOPBACK} in ${MAX_TRIES} tries`);
}

async function areFree(ports: readonly number[]): Promise<boolean> {
  for (const port of ports) {
    if (!(await isPortFree(port))) return false;
  }
  return true;
}

/** True when a server could listen there on 127.0.0.1 now. */
export async function isPortFree(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: LOOPBACK, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
