import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { parseCameraId } from '../../src/domain/ids.js';
import { createStoreMetrics } from '../../src/object-store/metrics.js';
import { STORE_OPERATIONS } from '../../src/object-store/s3-requests.js';

it('counts requests by operation and outcome, repetitions, and bytes by camera', async () => {
  const registry = new Registry();
  const metrics = createStoreMetrics(registry);
  const [camera, idle] = [parseCameraId('camera-1'), parseCameraId('camera-2')];
  metrics.addCamera(idle);
  metrics.countPart(camera, 1_000, 'sent');
  metrics.countPart(camera, 500, 'kept');
  metrics.observeRequest({ operation: 'UploadPart', outcome: 'ok', elapsedMs: 200, attempts: 3 });
  metrics.observeRequest({ operation: 'UploadPart', outcome: 'store-failing', elapsedMs: 40, attempts: 1 });
  const lines = (await registry.metrics()).split('\n');
  for (const line of [
    'camera_upload_bytes_total{camera_id="camera-1",kind="sent"} 1000',
    'camera_upload_bytes_total{camera_id="camera-1",kind="kept"} 500',
    'camera_upload_bytes_total{camera_id="camera-2",kind="sent"} 0',
    'camera_upload_parts_total{camera_id="camera-1",kind="kept"} 1',
    'object_store_request_retries_total{operation="UploadPart"} 2',
    'object_store_request_duration_seconds_bucket{le="0.25",operation="UploadPart",outcome="ok"} 1',
    'object_store_request_duration_seconds_count{operation="UploadPart",outcome="store-failing"} 1',
  ]) {
    expect(lines).toContain(line);
  }
});

it('has a series of every operation before its first request', async () => {
  const registry = new Registry();
  createStoreMetrics(registry);
  const lines = (await registry.metrics()).split('\n');
  for (const operation of STORE_OPERATIONS) {
    expect(lines).toContain(`object_store_request_retries_total{operation="${operation}"} 0`);
    expect(lines).toContain(`object_store_request_duration_seconds_count{operation="${operation}",outcome="ok"} 0`);
  }
});
