import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** The way to a server, which can be cut: the server lives on, and nobody who uses this way reaches it. */
export interface Relay {
  /** Where a client finds it, as `127.0.0.1:7233`. */
  readonly address: string;
  /** Of clients, at the moment. */
  connections(): number;
  /** Connections are reset, and new ones refused. */
  cut(): Promise<void>;
  /** At the same address as before. */
  restore(): Promise<void>;
}

/** @param options.port of the server: asked for each connection, as it may be started later than its relay */
export async function startRelay(options: {
  readonly register: (close: () => Promise<void>) => unknown;
  readonly port: () => number;
}): Promise<Relay> {
  const clients = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(options.port(), '127.0.0.1');
    clients.add(client);
    client.pipe(upstream).pipe(client);
    // Either side's end is the other's, and says all that there is to say.
    for (const socket of [client, upstream]) socket.on('error', () => undefined);
    upstream.once('close', () => client.destroy());
    client.once('close', () => {
      clients.delete(client);
      upstream.destroy();
    });
  });
  const listen = async (port: number): Promise<void> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  const cut = async (): Promise<void> => {
    const closed = server.listening ? once(server, 'close') : undefined;
    if (closed !== undefined) server.close();
    for (const client of clients) client.resetAndDestroy();
    await closed;
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  options.register(cut);
  return {
    address: `127.0.0.1:${port}`,
    connections: () => clients.size,
    cut,
    restore: async () => await listen(port),
  };
}
