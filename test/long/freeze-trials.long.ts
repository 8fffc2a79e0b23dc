import { beforeAll, expect, it } from 'vitest';
import type { SimulatedCamera } from '../../src/simulator/simulated-camera.js';
import { afterFile } from '../support/after-file.js';
import { outageAt } from '../support/outage.js';
import { type RecorderSystem, startSystem } from '../support/recorder-system.js';
import { waitFor } from '../support/wait-for.js';
import { phasesMs, printFigures, TRIALS } from './trials.js';

const SEGMENT_SEC = 5;
const GOP_MS = 2_000;
/** How late the moment in the GOP may be met. */
const LATE_MS = 60;
/** A session that lived so long is started again at once. */
const SOUND_SESSION_MS = 12_000;

let system: RecorderSystem;
let camera: SimulatedCamera;
beforeAll(async () => {
  system = await startSystem({ register: afterFile, cameras: [{}], segmentSec: SEGMENT_SEC });
  camera = system.cameras[0] as SimulatedCamera;
  await system.recording();
});

it(`a frozen camera is recorded again, ${TRIALS} times, within 6.5 s in the median and 8 s at most`, async () => {
  const frozenAtMs: number[] = [];
  for (const phaseMs of phasesMs(GOP_MS)) {
    await waitFor(() => recordsSoundly(), { what: 'a sound session', deadlineMs: 60_000 });
    const isThere = (): boolean => (camera.nowMs() - phaseMs + GOP_MS) % GOP_MS < LATE_MS;
    await waitFor(isThere, { what: 'the moment in the GOP', deadlineMs: 3 * GOP_MS, pollMs: 5 });
    frozenAtMs.push(camera.nowMs());
    await camera.setFault({ kind: 'freeze', connections: 'open' });
    expect(camera.connections.map(({ isFrozen }) => isFrozen)).toEqual([true]);
    await waitFor(() => recordsSoundly(0), { what: 'another session', deadlineMs: 60_000 });
  }
  await system.storedAfter(system.ids[0] as never, Date.now());
  expect(await system.audit(0)).toMatchObject({ missing: [], doubled: [], deniedByGaps: [] });
  const footage = await system.footage(0);
  const outages = frozenAtMs.map((atMs) => ({ atMs, ...outageAt(footage, atMs) }));
  expect(outages.map(({ claims }) => claims.map(({ cause }) => cause))).toEqual(
    frozenAtMs.map(() => ['camera-stalled']),
  );
  const { medianMs, maxMs } = printFigures(
    'camera frozen → recording again',
    outages.map(({ atMs, firstAfter }) => firstAfter.atMs - atMs),
  );
  expect(medianMs).toBeLessThanOrEqual(6_500);
  expect(maxMs).toBeLessThanOrEqual(8_000);
});

/** Whether the camera plays for a client that is not frozen, and has so for long enough. */
function recordsSoundly(forMs = SOUND_SESSION_MS): boolean {
  const playing = camera.connections.filter(({ isPlaying, isFrozen }) => isPlaying && !isFrozen);
  return playing.some(({ openedAtMs }) => camera.nowMs() - openedAtMs >= forMs);
}
