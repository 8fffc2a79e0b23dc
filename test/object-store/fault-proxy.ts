import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { ProxiedConnection } from './proxied-connection.js';

/**
 * What goes wrong with a request whose first line matches.
 * `reset`: the connection dies after so many bytes of it. `lose-answer`: the store does what was asked, its answer never arrives.
 * `stall`: after so many bytes nothing moves any more on this connection; `stall-answer`: the same for the answer.
 * `freeze`, `freeze-answer`: as those, and on no other connection either: what the client is caught with when it is killed.
 * `down`: from then on nobody is there. `slow`: its bytes trickle. `buffer`: nothing is passed on before all of it is there.
 * `answer`: it never reaches the store, and is answered so. `edit-answer`: the head of the store's answer is changed.
 */
export type Fault = {
  readonly matches: RegExp;
  /** Matching requests to let pass first. */
  readonly skip?: number;
  /** Default 1. */
  readonly times?: number;
  readonly onFire?: () => void;
} & (
  | { readonly kind: 'reset' | 'stall' | 'freeze' | 'down' | 'stall-answer'; readonly afterBytes?: number }
  | { readonly kind: 'lose-answer' | 'freeze-answer' | 'buffer' }
  | { readonly kind: 'slow'; readonly bytesPerSec: number }
  | { readonly kind: 'answer'; readonly answer: string }
  | { readonly kind: 'edit-answer'; readonly edit: (head: string) => string }
);

/** Stands between a client and a store: counts what is sent, and breaks what it is told to break. */
export interface FaultProxy {
  readonly endpoint: string;
  /** First lines of all requests, in the order they came. */
  readonly requests: readonly string[];
  /** From the client, since the last call. */
  takeSentBytes(): number;
  inject(fault: Fault): { readonly fired: () => number };
  heal(): void;
  close(): Promise<void>;
}

/** What one connection needs of the proxy it belongs to. */
export interface ProxySide {
  readonly target: URL;
  isFrozen(): boolean;
  count(bytes: number): void;
  /** Told once for each request. */
  faultFor(line: string): Fault | undefined;
  freeze(): void;
  goDown(): void;
}

/** @param tls the proxy speaks TLS to its clients, and still plain HTTP to the store */
export async function startFaultProxy(
  target: string,
  tls?: { readonly key: string; readonly cert: string },
): Promise<FaultProxy> {
  const connections = new Set<ProxiedConnection>();
  const requests: string[] = [];
  let armed: { fault: Fault; seen: number; fired: number }[] = [];
  let state: 'up' | 'frozen' | 'down' = 'up';
  let sentBytes = 0;

  const side: ProxySide = {
    target: new URL(target),
    isFrozen: () => state === 'frozen',
    count: (bytes) => {
      sentBytes += bytes;
    },
    faultFor: (line) => {
      requests.push(line);
      const hit = armed.find(({ fault, fired }) => fault.matches.test(line) && fired < (fault.times ?? 1));
      if (hit === undefined) return undefined;
      hit.seen++;
      if (hit.seen <= (hit.fault.skip ?? 0)) return undefined;
      hit.fired++;
      return hit.fault;
    },
    freeze: () => {
      state = 'frozen';
    },
    goDown: () => {
      state = 'down';
      for (const connection of connections) connection.cut();
    },
  };

  const accept = (client: Socket): void => {
    if (state === 'down') return void client.resetAndDestroy();
    const connection = new ProxiedConnection(client, side);
    connections.add(connection);
    client.on('close', () => connections.delete(connection));
  };
  const server: Server = tls === undefined ? createServer(accept) : createTlsServer(tls, accept);
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    takeSentBytes: () => {
      const taken = sentBytes;
      sentBytes = 0;
      return taken;
    },
    inject: (fault) => {
      const entry = { fault, seen: 0, fired: 0 };
      armed.push(entry);
      return { fired: () => entry.fired };
    },
    heal: () => {
      armed = [];
      state = 'up';
    },
    close: async () => {
      for (const connection of connections) connection.cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
