/** Two recorders with a spool each, one Temporal, one bucket: who records what, and what a move costs. */
import { beforeAll, expect, it } from 'vitest';
import { type CameraId, parseCameraId } from '../../src/domain/ids.js';
import { afterFile } from '../support/after-file.js';
import { type FfmpegWatch, watchFfmpegs } from '../support/ffmpeg-watch.js';
import { auditMoved, moveByKilling } from '../support/moved-camera.js';
import { report } from '../support/outage.js';
import { type Fleet, startFleet } from '../support/two-recorders.js';
import { waitFor } from '../support/wait-for.js';

const SEGMENT_SEC = 4;
const TIME_SCALE = 0.1;
/** Of Temporal's timers: at most 85 s in real time, here a tenth. */
const POLICIES_MS = 85_000 * TIME_SCALE;
/** What no scale shortens: the camera's answer, its next keyframe, a look at the file; on a machine that does other things as well. */
const CONNECTING_MS = 8_000;
const SHOWN_MS = 15_000;
/** Of the first recorder's FFmpeg after its return, before anybody has told it to let go. */
const SHARED_MS = 3_000;
const EDGE_MS = 500;
const [MOVING, DECLINED] = [parseCameraId('camera-1'), parseCameraId('camera-2')];

let fleet: Fleet;
const watches: FfmpegWatch[] = [];
beforeAll(async () => {
  fleet = await startFleet({
    register: afterFile,
    cameras: [{}, {}],
    knownToFirst: 1,
    segmentSec: SEGMENT_SEC,
    env: { CAMERA_RECORDER_TIME_SCALE: String(TIME_SCALE) },
  });
});

it('a recorder without the secret declines in words, and the one that has it takes the camera', {
  timeout: 60_000,
}, async () => {
  const { first, second } = fleet;
  first.start();
  watches.push(watchFfmpegs(() => first.process, afterFile));
  await startCamera(DECLINED);
  const said = await waitFor(async () => await lastRefusal(DECLINED), { what: 'a refusal', deadlineMs: 20_000 });
  expect(said).toBe(`recorder ${await first.id()} does not take the camera: this recorder has no URL for the camera`);
  second.start();
  watches.push(watchFfmpegs(() => second.process, afterFile));
  await waitFor(async () => await second.records(DECLINED), { what: 'the other one to take it', deadlineMs: 20_000 });
  expect(first.ffmpegPid(DECLINED)).toBeUndefined();
  expect(await first.records(MOVING)).toBe(true);
});

it('a recorder that is killed loses its camera to the other one, lets it go when it returns, and stores what it has left', {
  timeout: 120_000,
}, async () => {
  const { system, first, second } = fleet;
  const [firstId, secondId] = [await first.id(), await second.id()];
  await system.storedUntil(MOVING, 0, 20_000);
  // Right after a cut the open file holds no whole fragment yet, and there is nothing to salvage.
  await waitFor(isMidSegment, { what: 'something to salvage', deadlineMs: 3 * SEGMENT_SEC * 1_000 });
  const { killedAtMs, ...move } = await moveByKilling(
    fleet,
    MOVING,
    { lost: first, other: second },
    { recordingAgainMs: POLICIES_MS + CONNECTING_MS, shownMs: SHOWN_MS },
  );
  report(`recorder killed → another one records, times scaled to ${TIME_SCALE}`, move.recordingAgainMs);
  report('recorder back → lets go of the camera that it still connected to, after', move.sharedMs);
  expect(move.sharedMs).toBeLessThanOrEqual(SHARED_MS);
  const stored = await waitFor(async () => await storedOfBoth(), {
    what: 'the leftover of the one and footage of the other',
    deadlineMs: 40_000,
    pollMs: 200,
  });
  // What was open when it was killed: nobody knew of it until it came back.
  const leftover = stored.filter(({ recorder }) => recorder === firstId).at(-1);
  expect(leftover).toMatchObject({ closed: 'salvaged' });
  expect(Math.abs((leftover?.toMs ?? 0) - killedAtMs)).toBeLessThanOrEqual(1_500);
  expect(stored.find(({ recorder }) => recorder === secondId)?.gapsBefore.map(({ cause }) => cause)).toEqual(['moved']);

  const audit = await auditMoved(system, 0);
  expect(audit).toMatchObject({ missing: [], deniedByGaps: [], doubledByOne: [], unexplainedMs: 0 });
  expect(audit.insideGaps).toBeGreaterThan(0);
  expect(audit.gaps.map(({ cause }) => cause)).toEqual(['moved']);
  expect(Math.abs((audit.gaps[0]?.fromMs ?? 0) - (leftover?.toMs ?? 0))).toBeLessThanOrEqual(EDGE_MS);
  expect(system.cameras.map(({ connections }) => connections.length)).toEqual([1, 1]);
  expect(await second.records(MOVING)).toBe(true);
  expect(await first.records(MOVING)).toBe(false);
  expect(watches.map(({ doubled }) => doubled)).toEqual([[], []]);
  expect(watches.map((watch) => watch.seen(MOVING).length > 0)).toEqual([true, true]);

  async function storedOfBoth() {
    const found = (await system.stored(MOVING)).map(({ segment }) => segment);
    const isThere = found.some(({ recorder, closed }) => recorder === firstId && closed === 'salvaged');
    return isThere && found.some(({ recorder }) => recorder === secondId) && found;
  }
});

function isMidSegment(): boolean {
  const inSegmentMs = Date.now() % (SEGMENT_SEC * 1_000);
  return inSegmentMs > 1_500 && inSegmentMs < 3_500;
}

/** As an operator adds one. */
async function startCamera(camera: CameraId): Promise<void> {
  const spec = { source: { kind: 'secret', name: camera }, segmentDurationSec: SEGMENT_SEC };
  await fleet.system.temporal.workflow.start('Camera', {
    taskQueue: 'camera-recorder',
    workflowId: camera,
    args: [{ spec, timeScale: TIME_SCALE }],
  });
}

/** What the Web UI shows under Pending Activities. */
async function lastRefusal(camera: CameraId): Promise<string | null | undefined> {
  const { raw } = await fleet.system.temporal.workflow.getHandle(camera).describe();
  return raw.pendingActivities?.[0]?.lastFailure?.message;
}
