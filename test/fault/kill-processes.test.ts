import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { CameraId } from '../../src/domain/ids.js';
import { type SealedSegment, sealedSegmentSchema } from '../../src/domain/segment.js';
import type { StatusView } from '../../src/http/status-view.js';
import { DEFAULT_MEMORY_LIMITS } from '../../src/keeper/worker-memory.js';
import { afterFile } from '../support/after-file.js';
import { gapMsOf } from '../support/gap-seconds.js';
import { outageAt, report } from '../support/outage.js';
import { commandOf, measureCheck } from '../support/recorder-process.js';
import { type RecorderSystem, startSystem } from '../support/recorder-system.js';
import { waitFor } from '../support/wait-for.js';

const SEGMENT_SEC = 5;
/** Of a claim against the camera's own log. */
const FRAME_MS = 1_000 / 15;
const EDGE_MS = 500;
const ATTACHED_WITHIN_MS = 5_000;
/** That is so many starts of the program; on a machine that is busy with other things, they are the measure… */
const ATTACHED_WITHIN_CHECKS = 12;
/** …up to this. */
const ATTACHED_AT_MOST_MS = 15_000;
const STARTED = 2;

/** A session that lived so long is started again at once. */
const SOUND_SESSION_MS = 10_000;
const GOP_MS = 2_000;
const FPS = 15;
/** What is not on disk yet: a fragment, and what waits for the sound that belongs to it. */
const TAIL_MS = 1_000;
/** With the GOP's 2 s in it: what is left is for the tail and for FFmpeg's start. */
const LOST_AT_MOST_MS = 2_500;
/** When in a GOP decides how much more the wait for the next keyframe costs: most just before one, which the next session misses. */
const KILL_PHASES_MS = [300, 950, 1_250, 1_900];
const OTHERS = [4, 5];

/** Less than keeper and recordings use: nothing is left for the worker. */
const TOO_LITTLE_MEMORY = { MEMORY_LIMIT_BYTES: '100MiB' };
const MEMORY_REPLACEMENTS = DEFAULT_MEMORY_LIMITS.replacements.starts;
/** Replacing needs a look of the keeper and a start of the worker; a loop would do so again and again. */
const NO_LOOP_MS = 2 * DEFAULT_MEMORY_LIMITS.lookEveryMs;

/** In this order: each goes on with what the one before left running. */
describe('while six cameras are recorded', () => {
  let system: RecorderSystem;

  beforeAll(async () => {
    system = await startSystem({
      register: afterFile,
      cameras: Array.from({ length: 6 }, () => ({})),
      segmentSec: SEGMENT_SEC,
    });
    await system.recording();
    const soundFromMs = Date.now() + SOUND_SESSION_MS;
    await Promise.all(system.ids.map(async (id) => await system.storedUntil(id, soundFromMs)));
  });

  function cameraAt(index: number) {
    const [camera, id] = [system.cameras[index], system.ids[index]];
    if (camera === undefined || id === undefined) throw new Error(`no camera ${index}`);
    return { camera, id };
  }

  /** Footage from after `atMs` is stored, and nothing is lost in silence. */
  async function footageFrom(index: number, atMs: number) {
    await system.storedAfter(cameraAt(index).id, atMs);
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

  /** @returns milliseconds of video lost */
  async function lostByKill(index: number, phaseMs: number): Promise<number> {
    const killedAtMs = await killFfmpeg(index, phaseMs);
    const footage = await footageFrom(index, killedAtMs);
    const { lastBefore, lengthMs, lostFrames, claims, claimedMs } = outageAt(footage, killedAtMs);
    const lostMs = (lostFrames * 1_000) / FPS;
    report(`FFmpeg killed ${phaseMs} ms after a keyframe: of what was sent before, lost`, killedAtMs - lastBefore.atMs);
    report(`FFmpeg killed ${phaseMs} ms after a keyframe: video lost`, lostMs);
    expect(footage.segments.findLast(({ fromMs }) => fromMs < killedAtMs)?.closed).toBe('salvaged');
    expect(claims.map(({ cause }) => cause)).toEqual(['ffmpeg-died']);
    expect(Math.abs(claimedMs - lengthMs)).toBeLessThanOrEqual(EDGE_MS);
    expect(killedAtMs - lastBefore.atMs).toBeLessThanOrEqual(TAIL_MS);
    return lostMs;
  }

  it('FFmpeg killed costs its camera 2.5 s at most and the others nothing', {
    timeout: 60_000,
  }, async () => {
    const startedAtMs = Date.now();
    const lostMs = await Promise.all(KILL_PHASES_MS.map(async (phaseMs, index) => await lostByKill(index, phaseMs)));
    expect(Math.max(...lostMs)).toBeLessThanOrEqual(LOST_AT_MOST_MS);
    for (const index of OTHERS) await expectNothingLost(index, startedAtMs);
  });

  it.each([
    { what: 'the worker killed', act: () => process.kill(system.recorder.workerPid() ?? Number.NaN, 'SIGKILL') },
    { what: 'the worker replaced at a SIGHUP', act: () => system.recorder.keeper.kill('SIGHUP') },
  ])(
    '$what costs no frame, and the next is attached within 5 s',
    {
      // Waiting for the footage once took longer than 60 s on a busy machine; why is not known. What is promised is asserted apart from it.
      timeout: 150_000,
    },
    async ({ what, act }) => {
      const ffmpegs = [...system.recorder.ffmpegPids()].toSorted((a, b) => a - b);
      expect(ffmpegs).toHaveLength(system.ids.length);
      const worker = system.recorder.workerPid();
      const gapsBefore = await gapsToday();
      // Not of every one: half a second, as after a kill right before a keyframe, is not worth a word.
      expect(gapsBefore.slice(0, KILL_PHASES_MS.length).filter((words) => words !== 'none')).not.toEqual([]);
      const atMs = Date.now();
      act();
      const attachedMs = await Promise.all(system.ids.map(async (id) => (await attachedAfter(id, atMs)) - atMs));
      expect(commandOf(worker ?? Number.NaN)).toBe('');
      expect(system.recorder.workerPid()).not.toBe(worker);
      report(`${what} → attached again`, Math.max(...attachedMs));
      const limitMs = await attachLimitMs();
      expect([...system.recorder.ffmpegPids()].toSorted((a, b) => a - b)).toEqual(ffmpegs);
      await Promise.all(OTHERS.map(async (index) => await expectNothingLost(index, atMs)));
      const killed = await Promise.all(KILL_PHASES_MS.map(async (_, index) => await footageFrom(index, atMs)));
      expect(killed.flatMap(({ gaps }) => gaps)).toHaveLength(KILL_PHASES_MS.length);
      expect(Math.max(...attachedMs)).toBeLessThanOrEqual(limitMs);
      expect(await gapsToday()).toEqual(gapsBefore);
    },
  );

  /** Of every camera, as the page says it, without since when it counts. */
  async function gapsToday(): Promise<readonly string[]> {
    const lines = await Promise.all(system.ids.map(async (id) => await system.status(id)));
    return lines.map((line) => (line?.gapsToday ?? 'no page').replace(/, counted since .*$/, ''));
  }

  /** Says so when it is not the promised one. */
  async function attachLimitMs(): Promise<number> {
    const byChecksMs = ATTACHED_WITHIN_CHECKS * (await measureCheck(system.env));
    if (byChecksMs <= ATTACHED_WITHIN_MS) return ATTACHED_WITHIN_MS;
    const limitMs = Math.min(byChecksMs, ATTACHED_AT_MOST_MS);
    report('this machine is slow or busy: attached again is allowed to take', limitMs);
    return limitMs;
  }

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
    const stoppingMs = Date.now() - stoppedAtMs;
    report('SIGTERM → ended', stoppingMs);
    expect(pids.map(commandOf)).toEqual(pids.map(() => ''));
    const last = await Promise.all(system.ids.map(async (id) => await lastSealed(system.spoolDir, id)));
    expect(last.map(({ closed }) => closed)).toEqual(system.ids.map(() => 'stop-requested'));
    expect(system.ids.map((id) => readdirSync(join(system.spoolDir, 'open', id)))).toEqual(system.ids.map(() => []));
    system.start();
    await system.recording();
    const lostMs: number[] = [];
    for (const [index, { id: segment }] of last.entries()) {
      const footage = await footageFrom(index, stoppedAtMs);
      expect(footage.segments.map(({ id }) => id)).toContain(segment);
      const outage = outageAt(footage, last[index]?.toMs ?? Number.NaN);
      lostMs.push(outage.lengthMs);
      // The newest frame of that moment may be one frame old, and the next one on its way.
      expect(outage.lastBefore.atMs).toBeGreaterThanOrEqual(stoppedAtMs - 2 * FRAME_MS);
      expect(outage.claims.map(({ cause }) => cause)).toEqual(['recorder-restarted']);
      expect(Math.abs(outage.claimedMs - outage.lengthMs)).toBeLessThanOrEqual(EDGE_MS);
      const countedMs = (await gapMsOf(system)).get(`camera-${index + 1}`) ?? 0;
      report(`camera-${index + 1}: of ${outage.claimedMs} ms claimed, counted`, countedMs);
      // While it stopped, the worker that ended counted.
      expect(countedMs).toBeLessThanOrEqual(outage.claimedMs + EDGE_MS);
      expect(countedMs).toBeGreaterThanOrEqual(outage.claimedMs - stoppingMs - EDGE_MS);
    }
    report('stopped and started again: video lost, at most', Math.max(...lostMs));
  });

  it('a worker beyond its memory limit is replaced at no cost, and a limit that is too low is said, not fought', {
    timeout: 120_000,
  }, async () => {
    expect(await system.recorder.stop()).toBe(0);
    system.start(TOO_LITTLE_MEMORY);
    const { recorder } = system;
    await waitFor(async () => (await notices())[0]?.startsWith('The memory limit of 105 MB is too low'), {
      what: 'the page to say it',
      deadlineMs: 60_000,
    });
    const [ffmpegs, worker, sinceMs] = [recorder.ffmpegPids(), recorder.workerPid(), Date.now()];
    expect(await recorder.page('/ready')).toContain('The memory limit of 105 MB is too low');
    expect(replacements()).toHaveLength(MEMORY_REPLACEMENTS);
    const byReason = `recorder_worker_starts_total{reason="memory"} ${MEMORY_REPLACEMENTS}`;
    expect(await recorder.page('/metrics')).toContain(byReason);
    expect(ffmpegs).toHaveLength(system.ids.length);
    const [firstAtMs = Number.NaN, lastAtMs = Number.NaN] = replacements();
    for (const index of system.ids.keys()) {
      const { segments, gaps } = await footageFrom(index, lastAtMs);
      const recorded = segments.filter(({ toMs }) => toMs > firstAtMs);
      expect(new Set(recorded.map(({ session }) => session)).size).toBe(1);
      // Where the program was slow to start, the gap of that start may still be open: it ends where the recording begins.
      const beganAtMs = Math.min(...recorded.map(({ fromMs }) => fromMs));
      expect(gaps.filter(({ toMs }) => toMs > beganAtMs + EDGE_MS)).toEqual([]);
    }
    await waitFor(() => Date.now() > sinceMs + NO_LOOP_MS, { what: 'some looks', deadlineMs: 2 * NO_LOOP_MS });
    expect([recorder.ffmpegPids(), recorder.workerPid()]).toEqual([ffmpegs, worker]);
  });

  async function notices(): Promise<readonly string[]> {
    const status: Pick<StatusView, 'notices'> = JSON.parse(
      (await system.recorder.page('/status.json')) ?? '{"notices":[]}',
    );
    return status.notices;
  }

  /** When workers were told to leave for their memory. */
  function replacements(): readonly number[] {
    const lines = system.recorder
      .output()
      .split('\n')
      .filter((line) => line.includes('"replacing the worker"'));
    return lines.map((line) => {
      const { time, reason }: { readonly time: string; readonly reason: string } = JSON.parse(line);
      expect(reason).toBe('memory');
      return Date.parse(time);
    });
  }
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
