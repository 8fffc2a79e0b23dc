import type { Connection } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import type { Logger } from '../../log.js';
import { SEARCH_ATTRIBUTES } from '../../workflows/contract.js';
import { errorText } from '../error-text.js';

/** From `temporal.api.enums.v1.IndexedValueType`. */
const INDEXED_VALUE_TYPES = { Keyword: 2, Datetime: 6 } as const;

/**
 * Creates the search attributes that are not there yet. Idempotent. An attribute that is missing makes every workflow task
 * fail until it exists, so a refusal (no permission) is logged with the commands a person can run.
 */
export async function ensureSearchAttributes(
  connection: Pick<NativeConnection | Connection, 'operatorService'>,
  namespace: string,
  log: Logger,
): Promise<void> {
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    const missing = Object.entries(SEARCH_ATTRIBUTES).filter(([name]) => !Object.hasOwn(customAttributes, name));
    if (missing.length === 0) return;
    const searchAttributes = Object.fromEntries(missing.map(([name, type]) => [name, INDEXED_VALUE_TYPES[type]]));
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
  } catch (error) {
    log.warn(
      { namespace, error: errorText(error), run: commandsFor(namespace) },
      'search attributes could not be checked; without them no workflow goes on',
    );
  }
}

function commandsFor(namespace: string): readonly string[] {
  return Object.entries(SEARCH_ATTRIBUTES).map(
    ([name, type]) =>
      `temporal operator search-attribute create --namespace ${namespace} --name ${name} --type ${type}`,
  );
}
