import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import type { CameraCondition } from '../../src/domain/camera.js';
import { type CameraId, parseCameraId, parseSessionId } from '../../src/domain/ids.js';
import { registerRecorderMetrics } from '../../src/recorder/metrics.js';
import { CameraCounts, type CameraStatistics } from '../../src/recorder/statistics.js';
import { redact } from '../../src/redact.js';

const camera = parseCameraId('camera-1');
const nothing = { recordedMs: 0, gapMsByCause: new Map(), claimsToCome: [], openSegment: null };

function exposed() {
  const registry = new Registry();
  const now: { conditions: Map<CameraId, CameraCondition>; statistics: Map<CameraId, CameraStatistics> } = {
    conditions: new Map([[camera, { kind: 'connecting', sinceMs: 0 }]]),
    statistics: new Map([[camera, new CameraCounts().snapshot(nothing)]]),
  };
  registerRecorderMetrics(registry, { conditions: () => now.conditions, statistics: () => now.statistics });
  const lines = async () => (await registry.metrics()).split('\n');
  return { now, lines };
}

test('a camera that has done nothing yet has every series, with 0', async () => {
  const series = (await exposed().lines()).filter((line) => line !== '' && !line.startsWith('#'));
  expect(series.every((line) => line.endsWith(' 0'))).toBe(true);
  for (const name of [
    'camera_stream_connected{camera_id="camera-1"}',
    'camera_last_frame_timestamp_seconds{camera_id="camera-1"}',
    'camera_reconnects_total{camera_id="camera-1",outcome="stalled"}',
    'camera_reconnects_total{camera_id="camera-1",outcome="unauthorized"}',
    'camera_recorded_seconds_total{camera_id="camera-1"}',
    'camera_gap_seconds_total{camera_id="camera-1",cause="camera-unreachable"}',
    'camera_segments_total{camera_id="camera-1",outcome="salvaged"}',
    'camera_seal_lag_seconds{camera_id="camera-1"}',
  ]) {
    expect(series).toContain(`${name} 0`);
  }
});

test('scraped twice nothing counts twice, and a gap that lasts grows', async () => {
  const { now, lines } = exposed();
  const counts = new CameraCounts();
  counts.sessionEnded({ kind: 'stalled', silentMs: 4_000 }, 9_500);
  const gapOf = (gapMs: number) =>
    counts.snapshot({ ...nothing, gapMsByCause: new Map([['camera-stalled', gapMs] as const]) });
  now.statistics = new Map([[camera, gapOf(4_000)]]);
  await lines();
  now.statistics = new Map([[camera, gapOf(6_500)]]);
  const after = await lines();
  expect(after).toContain('camera_reconnects_total{camera_id="camera-1",outcome="stalled"} 1');
  expect(after).toContain('camera_gap_seconds_total{camera_id="camera-1",cause="camera-stalled"} 6.5');
  expect(after).toContain('camera_recorded_seconds_total{camera_id="camera-1"} 9.5');
});

test('connected means recording, and the last frame stays known when the camera is down', async () => {
  const { now, lines } = exposed();
  const session = parseSessionId('20260102T030405Z-0001');
  now.conditions = new Map([[camera, { kind: 'recording', sinceMs: 0, session, lastFrameAtMs: 5_000 }]]);
  expect(await lines()).toContain('camera_stream_connected{camera_id="camera-1"} 1');
  const detail = redact('no answer');
  now.conditions = new Map([[camera, { kind: 'down', sinceMs: 0, cause: 'camera-unreachable', retryAtMs: 0, detail }]]);
  const after = await lines();
  expect(after).toContain('camera_stream_connected{camera_id="camera-1"} 0');
  expect(after).toContain('camera_last_frame_timestamp_seconds{camera_id="camera-1"} 5');
});
