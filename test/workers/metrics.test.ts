import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { registerWorkerMetrics } from '../../src/workers/metrics.js';
import type { WorkerStatus } from '../../src/workers/worker-status.js';
import { statusInput } from '../http/status-inputs.js';

async function seriesOf(status: WorkerStatus): Promise<string> {
  const registry = new Registry();
  registerWorkerMetrics(registry, () => status);
  return await registry.metrics();
}

test('whether the store answers is told only by a process that asks it', async () => {
  const { worker } = statusInput();
  expect(await seriesOf(worker)).toMatch(/^recorder_store_reachable 1$/m);
  const workflowsOnly = await seriesOf({ ...worker, store: null });
  expect(workflowsOnly).not.toMatch(/^recorder_store_reachable /m);
  expect(workflowsOnly).toMatch(/^recorder_temporal_connected 1$/m);
});
