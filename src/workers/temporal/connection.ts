import { Client } from '@temporalio/client';
import { NativeConnection, type NativeConnectionOptions } from '@temporalio/worker';
import type { Clock } from '../../clock.js';
import { within } from '../deadline.js';
import type { Link } from '../link.js';
import { WORKER_POLICIES } from '../policies.js';

/** As `loadClientConnectConfig()` of `@temporalio/envconfig` gives it, so that the command line and we read the same settings. */
export interface TemporalSettings {
  readonly connectionOptions: NativeConnectionOptions;
  readonly namespace: string;
}

/** One connection to Temporal. It reconnects by itself for as long as it lives. */
export interface TemporalSession {
  readonly connection: NativeConnection;
  readonly client: Client;
  readonly namespace: string;
  /** Every RPC of ours goes through it: none may hang. */
  ask<T>(rpc: (client: Client) => Promise<T>): Promise<T>;
  /** Changes when Temporal's database was wiped. */
  namespaceId(): Promise<string>;
}

/** Tries for ever, once a second; nothing that records waits for it (INV-4). Rejects only with the signal's reason. */
export async function connectForever(options: {
  readonly temporal: TemporalSettings;
  readonly link: Link;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}): Promise<TemporalSession> {
  const { temporal, link, clock, signal } = options;
  for (;;) {
    signal.throwIfAborted();
    try {
      return sessionOf(await connectOnce(temporal.connectionOptions), temporal.namespace);
    } catch (error) {
      link.down(error);
    }
    await clock.sleep(WORKER_POLICIES.connectRetryMs, signal);
  }
}

/** One try, within ten seconds. Its `connection` is the caller's to close. Rejects with what the client says, or `DeadlineError`. */
export async function connectTo({ connectionOptions, namespace }: TemporalSettings): Promise<TemporalSession> {
  return sessionOf(await connectOnce(connectionOptions), namespace);
}

/** A server that hangs instead of refusing is left after the deadline; a connection that comes later is closed. */
async function connectOnce(options: NativeConnectionOptions): Promise<NativeConnection> {
  const connecting = NativeConnection.connect({ ...options });
  let isLate = false;
  connecting.then(
    async (connection) => {
      if (isLate) await connection.close();
    },
    () => undefined,
  );
  try {
    return await within('connecting to Temporal', WORKER_POLICIES.connectDeadlineMs, connecting);
  } catch (error) {
    isLate = true;
    throw error;
  }
}

function sessionOf(connection: NativeConnection, namespace: string): TemporalSession {
  const client = new Client({ connection, namespace });
  const ask: TemporalSession['ask'] = async (rpc) =>
    await connection.withDeadline(Date.now() + WORKER_POLICIES.rpcDeadlineMs, async () => await rpc(client));
  return {
    connection,
    client,
    namespace,
    ask,
    namespaceId: async () => {
      const { namespaceInfo } = await ask(
        async () => await connection.workflowService.describeNamespace({ namespace }),
      );
      if (typeof namespaceInfo?.id !== 'string') throw new Error(`namespace ${namespace} has no id`);
      return namespaceInfo.id;
    },
  };
}
