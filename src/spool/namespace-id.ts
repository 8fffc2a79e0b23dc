import { join } from 'node:path';
import { readIfThere, systemDisk, writeDurably } from './durable-file.js';
import type { SpoolLayout } from './spool.js';

/** The id of the Temporal namespace this spool last worked with; another one means Temporal was wiped. `undefined` at first. */
export async function readNamespaceId(layout: SpoolLayout): Promise<string | undefined> {
  const text = (await readIfThere(pathOf(layout)))?.trim();
  return text === '' ? undefined : text;
}

/** Durable when it resolves. */
export async function writeNamespaceId(layout: SpoolLayout, namespaceId: string): Promise<void> {
  await writeDurably(systemDisk, pathOf(layout), Buffer.from(`${namespaceId}\n`));
}

function pathOf(layout: SpoolLayout): string {
  return join(layout.root, 'namespace-id');
}
