import { beforeAll, expect, it } from 'vitest';
import { parseCameraId } from '../../src/domain/ids.js';
import { afterFile } from '../support/after-file.js';
import { auditMoved, type Move, moveByKilling } from '../support/moved-camera.js';
import { type Fleet, type FleetRecorder, startFleet } from '../support/two-recorders.js';
import { waitFor } from '../support/wait-for.js';
import { printFigures, TRIALS } from './trials.js';

/** Each takes almost two minutes. */
const MOVES = Math.min(TRIALS, 5);
const SEGMENT_SEC = 15;
const AT_MOST_MS = 90_000;
/** A condition is told to the workflow when it lasted ten seconds, at most once a minute. */
const SHOWN_MS = 90_000;
const SHARED_MS = 5_000;
const CAMERA = parseCameraId('camera-1');

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet({ register: afterFile, cameras: [{}], segmentSec: SEGMENT_SEC });
  fleet.first.start();
  await waitFor(async () => await fleet.first.records(CAMERA), {
    what: 'the camera to be recorded',
    deadlineMs: 30_000,
  });
  fleet.second.start();
});

it(`a recorder that is killed is followed by the other one within 90 s, ${MOVES} times, to and fro`, async () => {
  const { system } = fleet;
  const moves: Move[] = [];
  let [has, waits]: [FleetRecorder, FleetRecorder] = [fleet.first, fleet.second];
  for (let move = 0; move < MOVES; move += 1) {
    await system.storedAfter(CAMERA, Date.now());
    const bounds = { recordingAgainMs: AT_MOST_MS, shownMs: SHOWN_MS };
    moves.push(await moveByKilling(fleet, CAMERA, { lost: has, other: waits }, bounds));
    [has, waits] = [waits, has];
  }
  await system.storedAfter(CAMERA, Date.now());
  const audit = await auditMoved(system, 0);
  expect(audit).toMatchObject({ missing: [], deniedByGaps: [], doubledByOne: [], unexplainedMs: 0 });
  expect(audit.gaps.map(({ cause }) => cause)).toEqual(moves.map(() => 'moved'));
  const again = moves.map(({ recordingAgainMs }) => recordingAgainMs);
  const shared = moves.map(({ sharedMs }) => sharedMs);
  expect(printFigures('recorder killed → another one records', again).maxMs).toBeLessThanOrEqual(AT_MOST_MS);
  expect(printFigures('recorder back → both at the camera', shared).maxMs).toBeLessThanOrEqual(SHARED_MS);
});
