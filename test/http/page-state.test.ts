import { expect, it } from 'vitest';
import type { CameraCondition } from '../../src/domain/camera.js';
import type { GapCause, GapClaim } from '../../src/domain/coverage.js';
import { parseRecorderId, parseSessionId, segmentIdOf } from '../../src/domain/ids.js';
import type { SealedSegment } from '../../src/domain/segment.js';
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

const midnightMs = Date.parse('2026-11-25T23:00:00Z');
const by = parseRecorderId('box');

function claim(cause: GapCause, fromMs: number, toMs: number): GapClaim {
  return { cause, fromMs: midnightMs + fromMs, toMs: midnightMs + toMs, by };
}

/** A page over one camera whose clock, condition and gaps the test turns; begun two seconds before midnight. */
function page() {
  const now = { wallMs: midnightMs - 2_000, monotonicMs: 100_000 };
  const seen: { condition: CameraCondition; claims: readonly GapClaim[] } = { condition: recording, claims: [] };
  const listeners: ((segment: SealedSegment) => void)[] = [];
  const state = new PageState({
    config,
    recorder: {
      conditions: () => new Map([[camera1, seen.condition]]),
      specs: () => new Map(),
      statistics: () => new Map([[camera1, { ...statistics, claimsToCome: seen.claims }]]),
      onSealed: (listener) => {
        listeners.push(listener);
        return () => undefined;
      },
    },
    workerStatus: () => statusInput().worker,
    clock: { wallMs: () => now.wallMs, monotonicMs: () => now.monotonicMs, sleep: async () => undefined },
  });
  const sealed = (gapsBefore: readonly GapClaim[]) => {
    for (const listener of listeners) listener({ id: segmentId, camera: camera1, gapsBefore } as never);
  };
  return { state, now, seen, sealed, gaps: () => state.status().cameras[0]?.gapsToday };
}

const segmentId = segmentIdOf(camera1, parseSessionId('20261125T130312Z-7f3a'), 0);

it('the gaps of today begin anew at midnight of the site, also those sealed later', () => {
  const { now, seen, sealed, gaps } = page();
  seen.claims = [claim('camera-stalled', -7_000, -2_000)];
  expect(gaps()).toBe('5 s (camera-stalled 5 s), counted since 23:59:58');
  now.wallMs += 13_000;
  seen.claims = [claim('camera-stalled', -7_000, 2_000)];
  expect(gaps()).toBe('2 s (camera-stalled 2 s)');
  sealed(seen.claims);
  seen.claims = [];
  expect(gaps()).toBe('2 s (camera-stalled 2 s)');
});

it('what is in the spool of earlier today is counted, and how far back that is told where it is not all', async () => {
  const { state, now, gaps } = page();
  now.wallMs -= 1_000;
  const segment = {
    id: segmentId,
    camera: camera1,
    fromMs: midnightMs - 20_000,
    toMs: midnightMs - 10_000,
    gapsBefore: [claim('camera-stalled', -26_000, -20_000)],
  };
  const spoolUntil = (lastEndedAtMs: number) => ({
    async *list() {
      yield { segment };
    },
    assignments: { list: async () => [{ camera: camera1, lastEndedAtMs }] },
  });
  await state.lookBack(spoolUntil(segment.toMs));
  expect(gaps()).toBe('6 s (camera-stalled 6 s), counted since 23:59:34');
  await state.lookBack({ ...spoolUntil(midnightMs - 86_401_000), list: async function* () {} });
  expect(gaps()).toBe('6 s (camera-stalled 6 s)');
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
