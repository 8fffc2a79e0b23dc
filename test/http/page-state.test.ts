import { expect, it } from 'vitest';
import type { CameraCondition } from '../../src/domain/camera.js';
import { PageState } from '../../src/http/page-state.js';
import { UNREADY_AFTER_MS } from '../../src/http/readiness.js';
import { camera1, cameraConfig, recording, statistics, statusInput } from './status-inputs.js';

const config = {
  cameras: [cameraConfig(camera1)],
  timezone: 'Europe/Berlin',
  readinessPolicy: 'all',
  temporalUiUrl: 'http://127.0.0.1:8233',
  temporal: { address: null, namespace: 'cams', variables: {} },
} as const;

/** A page over one camera whose clock and condition the test turns. */
function page() {
  const now = { wallMs: Date.parse('2026-11-25T22:59:58Z'), monotonicMs: 100_000 };
  const seen: { condition: CameraCondition; gapSec: number } = { condition: recording, gapSec: 5 };
  const state = new PageState({
    config,
    recorder: {
      conditions: () => new Map([[camera1, seen.condition]]),
      specs: () => new Map(),
      statistics: () => new Map([[camera1, { ...statistics, gapSecByCause: { 'camera-stalled': seen.gapSec } }]]),
    },
    workerStatus: () => statusInput().worker,
    clock: { wallMs: () => now.wallMs, monotonicMs: () => now.monotonicMs, sleep: async () => undefined },
  });
  return { state, now, seen };
}

it('the gaps of today begin anew at midnight of the site', () => {
  const { state, now, seen } = page();
  expect(state.status().cameras[0]?.gapsToday).toBe('5 s (camera-stalled 5 s), counted since 23:59:58');
  now.wallMs += 13_000;
  seen.gapSec = 7;
  expect(state.status().cameras[0]?.gapsToday).toBe('2 s (camera-stalled 2 s)');
});

it('a camera that stays away makes it unready, and only then', () => {
  const { state, now, seen } = page();
  expect(state.readiness().isReady).toBe(true);
  seen.condition = { kind: 'connecting', sinceMs: 0 };
  expect(state.readiness().isReady).toBe(true);
  now.monotonicMs += UNREADY_AFTER_MS;
  expect(state.readiness()).toMatchObject({ isReady: false, cameras: [{ id: 'camera-1', state: 'connecting' }] });
});

it('links lead into the namespace that is used', () => {
  expect(page().state.status().webUiUrl).toBe('http://127.0.0.1:8233/namespaces/cams/workflows');
});

it('a process that only runs workflows says so, and is ready', () => {
  const state = new PageState({
    config,
    recorder: null,
    workerStatus: () => statusInput().worker,
    clock: { wallMs: () => 0, monotonicMs: () => 0, sleep: async () => undefined },
  });
  expect(state.status()).toMatchObject({
    headline: 'This process only runs workflows; cameras are recorded by others.',
    cameras: [],
  });
  expect(state.readiness().isReady).toBe(true);
});
