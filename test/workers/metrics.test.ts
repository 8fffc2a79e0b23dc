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

test('starts of the worker have a series for each reason, and its memory only where there is a limit', async () => {
  const { worker } = statusInput();
  const unlimited = await seriesOf(worker);
  expect(unlimited.match(/^recorder_worker_starts_total\{reason="\w+"\} 0$/gm)).toHaveLength(5);
  expect(unlimited).not.toMatch(/^recorder_worker_memory_/m);
  const starts = { first: 1, upgrade: 0, memory: 2, hung: 0, crashed: 0 };
  const memory = { limitBytes: 512, allowedBytes: 320, usedBytes: 200, isTooLow: false };
  const limited = await seriesOf({ ...worker, supervision: { starts, recentFailures: 0, memory } });
  expect(limited).toMatch(/^recorder_worker_starts_total\{reason="memory"\} 2$/m);
  expect(limited).toMatch(/^recorder_worker_memory_bytes 200$/m);
  expect(limited).toMatch(/^recorder_worker_memory_allowed_bytes 320$/m);
});

test('how long the spool lasts is told only while uploads do not keep up', async () => {
  const { worker } = statusInput();
  expect(await seriesOf(worker)).not.toMatch(/^recorder_(upload_ratio|spool_full_seconds) /m);
  const outlook = { overMs: 3_600_000, sealedBytes: 4, storedBytes: 1, ratio: 0.25, fullInMs: 5_000 };
  const behind = await seriesOf({ ...worker, spoolOutlook: outlook });
  expect(behind).toMatch(/^recorder_upload_ratio 0.25$/m);
  expect(behind).toMatch(/^recorder_spool_full_seconds 5$/m);
});
