import { beforeAll, expect, it } from 'vitest';
import type { CameraId } from '../../src/domain/ids.js';
import type { SimulatedCamera } from '../../src/simulator/simulated-camera.js';
import { afterFile } from '../support/after-file.js';
import { outageAt } from '../support/outage.js';
import { commandOf } from '../support/recorder-process.js';
import { type RecorderSystem, startSystem } from '../support/recorder-system.js';
import { waitFor } from '../support/wait-for.js';
import { phasesMs, printFigures, TRIALS } from './trials.js';

const SEGMENT_SEC = 5;
const FPS = 15;
const GOP_MS = 2_000;
/** How late the moment in the GOP may be met. */
const LATE_MS = 60;
/** Started again at once after so long; and by then the camera has let go of the place that the one killed before it held. */
const SOUND_SESSION_MS = 16_000;

let system: RecorderSystem;
let camera: SimulatedCamera;
let id: CameraId;
beforeAll(async () => {
  system = await startSystem({ register: afterFile, cameras: [{}], segmentSec: SEGMENT_SEC });
  [camera, id] = [system.cameras[0] as SimulatedCamera, system.ids[0] as CameraId];
  await system.recording();
});

it(`an FFmpeg that is killed, ${TRIALS} times, costs 2.5 s of video at most`, async () => {
  const killedAtMs: number[] = [];
  for (const phaseMs of phasesMs(GOP_MS)) {
    await waitFor(recordsSoundly, { what: 'a sound session', deadlineMs: 60_000 });
    const pid = system.ffmpegPid(id) ?? Number.NaN;
    const isThere = (): boolean => isMidSegment() && (camera.nowMs() - phaseMs + GOP_MS) % GOP_MS < LATE_MS;
    await waitFor(isThere, { what: 'something to salvage', deadlineMs: 12 * SEGMENT_SEC * 1_000, pollMs: 5 });
    killedAtMs.push(camera.nowMs());
    process.kill(pid, 'SIGKILL');
    await waitFor(() => commandOf(pid) === '', { what: 'FFmpeg to be gone', deadlineMs: 2_000 });
    await waitFor(() => camera.connections.some(({ openedAtMs }) => openedAtMs > (killedAtMs.at(-1) ?? 0)), {
      what: 'another session',
      deadlineMs: 30_000,
    });
  }
  await system.storedAfter(id, Date.now());
  expect(await system.audit(0)).toMatchObject({ missing: [], doubled: [], deniedByGaps: [] });
  const footage = await system.footage(0);
  const outages = killedAtMs.map((atMs) => outageAt(footage, atMs));
  expect(outages.map(({ claims }) => claims.map(({ cause }) => cause))).toEqual(killedAtMs.map(() => ['ffmpeg-died']));
  const { maxMs } = printFigures(
    'FFmpeg killed → video lost',
    outages.map(({ lostFrames }) => (lostFrames * 1_000) / FPS),
  );
  expect(maxMs).toBeLessThanOrEqual(2_500);
});

function recordsSoundly(): boolean {
  const playing = camera.connections.filter(({ isPlaying }) => isPlaying);
  return playing.some(({ openedAtMs }) => camera.nowMs() - openedAtMs >= SOUND_SESSION_MS);
}

function isMidSegment(): boolean {
  const inSegmentMs = Date.now() % (SEGMENT_SEC * 1_000);
  return inSegmentMs > 1_500 && inSegmentMs < 4_500;
}
