import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { GapCause } from '../../src/domain/coverage.js';
import type { SimulatedCamera } from '../../src/simulator/simulated-camera.js';
import { type Outage, outageAt, report } from '../support/outage.js';
import { type RecorderSystem, startSystem } from '../support/recorder-system.js';
import { waitFor } from '../support/wait-for.js';

const SEGMENT_SEC = 5;
const GOP_MS = 2_000;
/** Of a claim against the camera's own log. */
const EDGE_MS = 500;

/** Whichever part of a GOP a freeze begins in decides how long the next keyframe is waited for. */
const FREEZE_PHASES_MS = [100, 750, 1_400];
const VIDEO_OFF = FREEZE_PHASES_MS.length;
const GONE = VIDEO_OFF + 1;
const HEALTHY = GONE + 1;

describe.concurrent('of six cameras recorded at once', () => {
  let system: RecorderSystem;
  const frozenForMs: number[] = [];

  beforeAll(async () => {
    system = await startSystem({
      register: afterAll,
      temporal: inject('temporal'),
      s3: inject('s3'),
      cameras: Array.from({ length: HEALTHY + 1 }, () => ({})),
      segmentSec: SEGMENT_SEC,
    });
    await system.recording();
    await Promise.all(system.ids.map(async (id) => await system.storedUntil(id, 1)));
  });

  /** One that is there, with its id. */
  function cameraAt(index: number) {
    const [camera, id] = [system.cameras[index], system.ids[index]];
    if (camera === undefined || id === undefined) throw new Error(`no camera ${index}`);
    return { camera, id };
  }

  /** Waits until footage from after the outage is stored, then counts. */
  async function outageOf(index: number, atMs: number, storedUntilMs = atMs): Promise<Outage> {
    const { id } = cameraAt(index);
    await waitFor(async () => (await system.stored(id)).some(({ segment }) => segment.fromMs > storedUntilMs), {
      what: `footage of ${id} after its outage`,
      deadlineMs: 40_000,
      pollMs: 500,
    });
    expect(await system.audit(index)).toMatchObject({ missing: [], doubled: [], deniedByGaps: [] });
    const outage = outageAt(await system.footage(index), atMs);
    expect(Math.abs(outage.claimedMs - outage.lengthMs)).toBeLessThanOrEqual(EDGE_MS);
    return outage;
  }

  it.each(FREEZE_PHASES_MS.map((phaseMs, index) => ({ phaseMs, index })))(
    'one frozen $phaseMs ms after a keyframe is recorded again within 8 s',
    { timeout: 60_000 },
    async ({ phaseMs, index }) => {
      const { camera } = cameraAt(index);
      await inGop(camera, phaseMs);
      const frozenAtMs = camera.nowMs();
      await camera.setFault({ kind: 'freeze', connections: 'open' });
      expect(camera.connections.map(({ isFrozen }) => isFrozen)).toEqual([true]);
      const outage = await outageOf(index, frozenAtMs);
      const againMs = outage.firstAfter.atMs - frozenAtMs;
      report(`frozen ${phaseMs} ms after a keyframe → recording again`, againMs);
      frozenForMs.push(againMs);
      expect(camera.requests.filter(({ method }) => method === 'PLAY')).toHaveLength(2);
      expect(causesOf(outage)).toEqual(['camera-stalled']);
      expect(againMs).toBeLessThanOrEqual(8_000);
    },
  );
});

/** Resolves so long after a keyframe. */
async function inGop(camera: SimulatedCamera, phaseMs: number): Promise<void> {
  const isThere = () => {
    const atMs = camera.nowMs() % GOP_MS;
    return atMs >= phaseMs && atMs < phaseMs + 200;
  };
  await waitFor(isThere, { what: 'the moment in the GOP', deadlineMs: 3 * GOP_MS });
}

function causesOf({ claims }: Outage): readonly GapCause[] {
  return claims.map(({ cause }) => cause);
}
