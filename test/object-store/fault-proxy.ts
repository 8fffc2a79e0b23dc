import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/**
 * What goes wrong with a request whose first line matches:
 * `reset`: the connection dies after so many bytes of it; `lose-answer`: the store does what was asked, its answer never arrives;
 * `stall`: after so many bytes nothing moves any more; `stall-answer`: the same for the answer; `down`: from then on nobody is there.
 */
export interface Fault {
  readonly kind: 'reset' | 'lose-answer' | 'stall' | 'stall-answer' | 'down';
  readonly matches: RegExp;
  readonly afterBytes?: number;
  /** Matching requests to let pass first. */
  readonly skip?: number;
  /** Default 1. */
  readonly times?: number;
}

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

const REQUEST_LINE = /^(?:GET|HEAD|PUT|POST|DELETE) \S+ HTTP\/1\.1/;

export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  const requests: string[] = [];
  let armed: { fault: Fault; seen: number; fired: number }[] = [];
  let isDown = false;
  let sentBytes = 0;

  const faultFor = (line: string): Fault | undefined => {
    const hit = armed.find(({ fault, fired }) => fault.matches.test(line) && fired < (fault.times ?? 1));
    if (hit === undefined) return undefined;
    hit.seen++;
    if (hit.seen <= (hit.fault.skip ?? 0)) return undefined;
    hit.fired++;
    return hit.fault;
  };
  const goDown = (): void => {
    isDown = true;
    for (const socket of sockets) socket.resetAndDestroy();
  };

  const server = createServer((client) => {
    if (isDown) return void client.resetAndDestroy();
    const upstream = connect(Number(port), hostname);
    let fault: Fault | undefined;
    let passedBytes = 0;
    let answeredBytes = 0;
    const cut = (): void => {
      client.resetAndDestroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (chunk) => {
      sentBytes += chunk.length;
      const line = REQUEST_LINE.exec(chunk.subarray(0, 2_000).toString('latin1'))?.[0];
      if (line !== undefined) {
        requests.push(line);
        fault = faultFor(line);
        passedBytes = 0;
        answeredBytes = 0;
      }
      const isOver = passedBytes >= (fault?.afterBytes ?? 0);
      passedBytes += chunk.length;
      if (fault?.kind === 'down' && isOver) return goDown();
      if (fault?.kind === 'reset' && isOver) return cut();
      if (fault?.kind === 'stall' && isOver) return void client.pause();
      upstream.write(chunk);
    });
    upstream.on('data', (chunk) => {
      answeredBytes += chunk.length;
      if (fault?.kind === 'lose-answer') return cut();
      if (fault?.kind === 'stall-answer' && answeredBytes > (fault.afterBytes ?? 0)) return void upstream.pause();
      client.write(chunk);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
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
      isDown = false;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
