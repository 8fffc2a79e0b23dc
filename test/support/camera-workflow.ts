import { type Client, Connection, Client as TemporalClient } from '@temporalio/client';
import type { CameraId } from '../../src/domain/ids.js';
import { type CameraStatus, STATUS_QUERY } from '../../src/workflows/contract.js';

/** Everything Temporal keeps about one workflow, as one text with its payloads decoded. */
export interface KeptWorkflow {
  readonly id: string;
  readonly text: string;
}

/** A namespace as an operator sees it. */
export interface TemporalView {
  readonly client: Client;
  status(camera: CameraId): Promise<CameraStatus>;
  /** The Markdown of the Web UI. */
  currentDetails(workflowId: string): Promise<string>;
  /** Histories, memos, search attributes, pending activities with their heartbeats and failures, of all workflows. */
  everything(): Promise<readonly KeptWorkflow[]>;
}

export async function openTemporalView(options: {
  readonly address: string;
  readonly namespace: string;
  readonly register: (close: () => Promise<void>) => unknown;
}): Promise<TemporalView> {
  const connection = await Connection.connect({ address: options.address });
  options.register(async () => await connection.close());
  const client = new TemporalClient({ connection, namespace: options.namespace });
  return {
    client,
    status: async (camera) => await client.workflow.getHandle(camera).query<CameraStatus>(STATUS_QUERY),
    currentDetails: async (workflowId) => {
      const answer = await client.workflow.getHandle(workflowId).query('__temporal_workflow_metadata');
      return textOf(answer).join('\n');
    },
    everything: async () => {
      const kept: KeptWorkflow[] = [];
      for await (const { workflowId, runId } of client.workflow.list()) {
        const handle = client.workflow.getHandle(workflowId, runId);
        const texts = [...textOf(await handle.fetchHistory()), ...textOf((await handle.describe()).raw)];
        kept.push({ id: workflowId, text: texts.join('\n') });
      }
      return kept;
    },
  };
}

/** Every text in it, however deep, bytes read as UTF-8. */
function textOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (value instanceof Uint8Array) return [Buffer.from(value).toString('utf8')];
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inner]) => [key, ...textOf(inner)]);
}
