import { randomBytes } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { pino } from 'pino';
import { ensureSearchAttributes } from '../../src/workers/temporal/search-attributes.js';
import { waitFor } from './wait-for.js';

const RETENTION_SEC = 86_400;

/** A new namespace, so that tests which run at the same time cannot take each other's work: queue names are constants. */
export async function createNamespace(
  address: string,
  name = `test-${randomBytes(4).toString('hex')}`,
): Promise<string> {
  const connection = await Connection.connect({ address });
  try {
    await registerNamespace(connection, name);
    const client = new Client({ connection, namespace: name });
    const log = pino({ level: 'silent' });
    await waitFor(
      async () => {
        await ensureSearchAttributes(connection, name, log);
        const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace: name });
        await client.workflow.count();
        return Object.hasOwn(customAttributes, 'SegmentStart');
      },
      { what: `namespace ${name} to be usable`, deadlineMs: 20_000, pollMs: 100 },
    );
    return name;
  } finally {
    await connection.close();
  }
}

/** As a stranger would make it: without our search attributes. It takes a while until it is usable. */
export async function registerNamespace(connection: Connection, name: string): Promise<void> {
  await connection.workflowService.registerNamespace({
    namespace: name,
    workflowExecutionRetentionPeriod: { seconds: RETENTION_SEC as never },
  });
}
