import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import type { CameraId } from '../../src/domain/ids.js';
import { type SealedSegment, sealedSegmentSchema } from '../../src/domain/segment.js';
import { afterFile } from '../support/after-file.js';
import { outageAt, report } from '../support/outage.js';
import { commandOf } from '../support/recorder-process.js';
import { type RecorderSystem, startSystem } from '../support/recorder-system.js';
import { waitFor } from '../support/wait-for.js';

const SEGMENT_SEC = 5;
/** Of a claim against the camera's own log. */
const EDGE_MS = 500;
const ATTACHED_WITHIN_MS = 5_000;
const STARTED = 2;

const GOP_MS = 2_000;
const KILL_PHASES_MS = [300, 950, 1_600];
const OTHERS = [3, 4];

/** In this order: each goes on with what the one before left running. */
describe('while five cameras are recorded', () => {
  let system: RecorderSystem;

  beforeAll(async () => {
    system = await startSystem({
      register: afterFile,
      temporal: inject('temporal'),
      s3: inject('s3'),
      cameras: [{}, {}, {}, {}, {}],
      segmentSec: SEGMENT_SEC,
    });
    await system.recording();
    await Promise.all(system.ids.map(async (id) => await system.storedUntil(id, 1)));
  });

  function cameraAt(index: number) {
    const [camera, id] = [system.cameras[index], system.ids[index]];
    if (camera === undefined || id === undefined) throw new Error(`no camera ${index}`);
    return { camera, id };
  }

  /** Footage from after `atMs` is stored, and nothing is lost in silence. */
  async function footageFrom(index: number, atMs: number) {
    const { id } = cameraAt(index);
    await waitFor(async () => (await system.stored(id)).some(({ segment }) => segment.fromMs > atMs), {
      what: `footage of ${id} from after ${new Date(atMs).toISOString()}`,
      deadlineMs: 60_000,
      pollMs: 500,
    });
    expect(await system.audit(index)).toMatchObject({ missing: [], doubled: [], deniedByGaps: [] });
    return await system.footage(index);
  }

  async function expectNothingLost(index: number, atMs: number): Promise<void> {
    const { gaps, produced, counters } = await footageFrom(index, atMs);
    expect(gaps).toEqual([]);
    expect(counters.length).toBe(produced.length);
  }

  /** Kills the camera's FFmpeg so long after a keyframe. @returns when */
  async function killFfmpeg(index: number, phaseMs: number): Promise<number> {
    const { camera, id } = cameraAt(index);
    const pid = system.ffmpegPid(id) ?? Number.NaN;
    const isThere = () => isMidSegment() && Math.abs((camera.nowMs() % GOP_MS) - phaseMs) < 100;
    await waitFor(isThere, { what: 'something to salvage', deadlineMs: 6 * SEGMENT_SEC * 1_000 });
    const killedAtMs = camera.nowMs();
    process.kill(pid, 'SIGKILL');
    await waitFor(() => commandOf(pid) === '', { what: 'FFmpeg to be gone', deadlineMs: 2_000 });
    return killedAtMs;
  }

  it.each(KILL_PHASES_MS.map((phaseMs, index) => ({ phaseMs, index })))(
    'FFmpeg killed $phaseMs ms after a keyframe loses 2.5 s of its camera and nothing of the others',
    { timeout: 60_000 },
    async ({ phaseMs, index }) => {
      const { camera } = cameraAt(index);
      const killedAtMs = await killFfmpeg(index, phaseMs);
      const footage = await footageFrom(index, killedAtMs);
      const outage = outageAt(footage, killedAtMs);
      report('FFmpeg killed → last frame stored before', killedAtMs - outage.lastBefore.atMs);
      const playAtMs = camera.requests.findLast(({ method }) => method === 'PLAY')?.atMs ?? Number.NaN;
      report('FFmpeg killed → next session plays', playAtMs - killedAtMs);
      report(`FFmpeg killed ${phaseMs} ms after a keyframe: hole`, outage.lengthMs);
      const torn = footage.segments.findLast(({ fromMs }) => fromMs < killedAtMs);
      expect(torn?.closed).toBe('salvaged');
      expect(outage.claims.map(({ cause }) => cause)).toEqual(['ffmpeg-died']);
      expect(Math.abs(outage.claimedMs - outage.lengthMs)).toBeLessThanOrEqual(EDGE_MS);
      expect(killedAtMs - outage.lastBefore.atMs).toBeLessThanOrEqual(2_500);
      for (const other of OTHERS) await expectNothingLost(other, killedAtMs);
    },
  );

  it.each([
    { what: 'the worker killed', act: () => process.kill(system.recorder.workerPid() ?? Number.NaN, 'SIGKILL') },
    { what: 'the worker replaced at a SIGHUP', act: () => system.recorder.keeper.kill('SIGHUP') },
  ])('$what costs no frame, and the next is attached within 5 s', { timeout: 60_000 }, async ({ what, act }) => {
    const ffmpegs = [...system.recorder.ffmpegPids()].toSorted((a, b) => a - b);
    expect(ffmpegs).toHaveLength(system.ids.length);
    const worker = system.recorder.workerPid();
    const atMs = Date.now();
    act();
    const attachedMs = await Promise.all(system.ids.map(async (id) => (await attachedAfter(id, atMs)) - atMs));
    expect(commandOf(worker ?? Number.NaN)).toBe('');
    expect(system.recorder.workerPid()).not.toBe(worker);
    report(`${what} → attached again`, Math.max(...attachedMs));
    expect([...system.recorder.ffmpegPids()].toSorted((a, b) => a - b)).toEqual(ffmpegs);
    for (const index of OTHERS) await expectNothingLost(index, atMs);
    expect(Math.max(...attachedMs)).toBeLessThanOrEqual(ATTACHED_WITHIN_MS);
  });

  /** When the attempt that is attached now began. */
  async function attachedAfter(id: CameraId, atMs: number): Promise<number> {
    return await waitFor(
      async () => {
        const { raw } = await system.temporal.workflow.getHandle(id).describe();
        const activity = raw.pendingActivities?.find(({ activityId }) => activityId === 'record');
        const startedAtMs =
          Number(activity?.lastStartedTime?.seconds ?? 0) * 1_000 + (activity?.lastStartedTime?.nanos ?? 0) / 1e6;
        return activity?.state === STARTED && startedAtMs > atMs ? startedAtMs : null;
      },
      { what: `${id} to be attached again`, deadlineMs: 30_000, pollMs: 100 },
    );
  }

  it('the program stopped leaves nothing running and nothing unsealed, and goes on when it is started again', {
    timeout: 90_000,
  }, async () => {
    const { recorder } = system;
    const pids = [recorder.workerPid() ?? Number.NaN, ...recorder.ffmpegPids()];
    expect(pids).toHaveLength(1 + system.ids.length);
    await waitFor(isMidSegment, { what: 'a file that is open', deadlineMs: 2 * SEGMENT_SEC * 1_000 });
    const stoppedAtMs = Date.now();
    expect(await recorder.stop()).toBe(0);
    report('SIGTERM → ended', Date.now() - stoppedAtMs);
    expect(pids.map(commandOf)).toEqual(pids.map(() => ''));
    const last = await Promise.all(system.ids.map(async (id) => await lastSealed(system.spoolDir, id)));
    expect(last.map(({ closed }) => closed)).toEqual(system.ids.map(() => 'stop-requested'));
    expect(system.ids.map((id) => readdirSync(join(system.spoolDir, 'open', id)))).toEqual(system.ids.map(() => []));
    system.start();
    await system.recording();
    for (const [index, { id: segment }] of last.entries()) {
      const footage = await footageFrom(index, stoppedAtMs);
      expect(footage.segments.map(({ id }) => id)).toContain(segment);
      const outage = outageAt(footage, last[index]?.toMs ?? Number.NaN);
      report(`${system.ids[index]} stopped and started: video lost`, outage.lengthMs);
      report(`${system.ids[index]} SIGTERM → last frame stored`, outage.lastBefore.atMs - stoppedAtMs);
      expect(outage.claims.map(({ cause }) => cause)).toEqual(['recorder-restarted']);
      expect(Math.abs(outage.claimedMs - outage.lengthMs)).toBeLessThanOrEqual(EDGE_MS);
    }
  });
});

function isMidSegment(): boolean {
  const inSegmentMs = Date.now() % (SEGMENT_SEC * 1_000);
  return inSegmentMs > 1_500 && inSegmentMs < 4_500;
}

/** From the spool. */
async function lastSealed(spoolDir: string, camera: CameraId): Promise<SealedSegment> {
  const dir = join(spoolDir, 'sealed', camera);
  const names = readdirSync(dir).filter((name) => /^[^.]+\.json$/.test(name));
  const sidecars = await Promise.all(
    names.map(async (name) => sealedSegmentSchema.parse(JSON.parse(await readFile(join(dir, name), 'utf8')))),
  );
  const last = sidecars.toSorted((a, b) => a.fromMs - b.fromMs).at(-1);
  if (last === undefined) throw new Error(`nothing of ${camera} is sealed`);
  return last;
}
