/**
 * What an operator does to a camera by hand, one verb for each camera and all at once, in real time: how long until FFmpeg does it, and
 * which cause the gap has. All the while: never two FFmpegs for one camera, and an attempt that is over stops nothing (INV-5).
 */
import { beforeAll, describe, expect, inject, it } from 'vitest';
import type { GapCause } from '../../src/domain/coverage.js';
import type { CameraId } from '../../src/domain/ids.js';
import type { CameraStatus } from '../../src/workflows/contract.js';
import { afterFile } from '../support/after-file.js';
import { temporalCli } from '../support/camera-harness.js';
import { type FfmpegWatch, watchFfmpegs } from '../support/ffmpeg-watch.js';
import { report } from '../support/outage.js';
import { type RecorderSystem, startSystem } from '../support/recorder-system.js';
import { startRollingServer } from '../support/rolling-server.js';
import { waitFor } from '../support/wait-for.js';

const PROMPT_MS = 15_000;
const SEGMENT_SEC = 5;
/** Each is a few events of history; the server rolls a run over after ninety. */
const SIGNALS_UNTIL_ROLL_OVER = 40;
const RECORD = ['--activity-id', 'record'];
const FIRST_TASK = ['--type', 'FirstWorkflowTask', '--reason', 'test'];

let system: RecorderSystem;
let address: string;
let watch: FfmpegWatch;

type Verb = (id: CameraId) => Promise<unknown>;

const cli = async (...args: readonly string[]): Promise<string> => await temporalCli(address, system.namespace, args);
const update =
  (name: string): Verb =>
  async (id) =>
    await cli('workflow', 'update', 'execute', '--workflow-id', id, '--name', name);
const workflow =
  (verb: string, ...args: readonly string[]): Verb =>
  async (id) =>
    await cli('workflow', verb, '--workflow-id', id, ...args);
const activity =
  (verb: string): Verb =>
  async (id) =>
    await cli('activity', verb, '--workflow-id', id, ...RECORD);
const start: Verb = async (id) => {
  const isClosed = async (): Promise<boolean> =>
    (await system.temporal.workflow.getHandle(id).describe()).status.name !== 'RUNNING';
  // What runs already is not started again, in silence.
  await waitFor(isClosed, { what: `the run before of ${id} to be closed`, deadlineMs: PROMPT_MS, pollMs: 100 });
  const input = JSON.stringify({ spec: { source: { kind: 'secret', name: id }, segmentDurationSec: SEGMENT_SEC } });
  const queue = ['--type', 'Camera', '--task-queue', 'camera-recorder'];
  return await cli('workflow', 'start', ...queue, '--workflow-id', id, '--input', input);
};

/** Each stops the recording; `again` brings it back. */
const stops: readonly { readonly name: string; readonly stop: Verb; readonly again: Verb; readonly cause: GapCause }[] =
  [
    { name: 'update pause', stop: update('pause'), again: update('resume'), cause: 'paused' },
    { name: 'activity pause', stop: activity('pause'), again: activity('unpause'), cause: 'paused' },
    { name: 'workflow cancel', stop: workflow('cancel'), again: start, cause: 'removed' },
    { name: 'workflow terminate', stop: workflow('terminate'), again: start, cause: 'removed' },
  ];
/** Each begins another attempt while FFmpeg records on. */
const undisturbed: readonly { readonly name: string; readonly verb: Verb }[] = [
  { name: 'workflow reset', verb: workflow('reset', ...FIRST_TASK) },
  { name: 'continue-as-new', verb: rollOver },
];
const cameraOf = (index: number): CameraId => system.ids[index] as CameraId;
const RESTARTED = stops.length;
const firstUndisturbed = RESTARTED + 1;

beforeAll(async () => {
  const server = await startRollingServer(afterFile);
  address = server.address;
  system = await startSystem({
    register: afterFile,
    temporal: server,
    s3: inject('s3'),
    cameras: Array.from({ length: firstUndisturbed + undisturbed.length }, () => ({})),
    segmentSec: SEGMENT_SEC,
  });
  watch = watchFfmpegs(() => system.recorder, afterFile);
  await system.recording();
  await Promise.all(system.ids.map(attached));
});

describe('one verb for each camera', () => {
  it('each does what is expected within 15 s, and the gap says why', { timeout: 120_000 }, async () => {
    await Promise.all([
      ...stops.map(async (verb, index) => await stopsAndReturns(cameraOf(index), verb)),
      restarts(cameraOf(RESTARTED)),
      ...undisturbed.map(async (verb, index) => await isUndisturbed(cameraOf(firstUndisturbed + index), verb)),
    ]);
  });

  it('a worker that is killed is replaced, and the attempts of before stop none of its recordings', {
    timeout: 60_000,
  }, async () => {
    const before = system.ids.map((id) => system.ffmpegPid(id));
    const starts = await Promise.all(system.ids.map(startOfAttempt));
    process.kill(system.recorder.workerPid() ?? Number.NaN, 'SIGKILL');
    await Promise.all(
      system.ids.map(async (id, index) => {
        await waitFor(async () => ((await startOfAttempt(id)) ?? 0) > (starts[index] ?? Number.NaN), {
          what: `the next attempt of ${id}`,
          deadlineMs: PROMPT_MS,
          pollMs: 200,
        });
      }),
    );
    await system.recording(PROMPT_MS);
    expect(system.ids.map((id) => system.ffmpegPid(id))).toEqual(before);
  });

  it('no camera ever had two FFmpegs, and no frame is missing beside the gaps', { timeout: 60_000 }, async () => {
    const nowMs = Date.now();
    await Promise.all(system.ids.map(async (id) => await system.storedUntil(id, nowMs)));
    expect(watch.doubled).toEqual([]);
    expect(watch.looks()).toBeGreaterThan(100);
    const causes = await Promise.all(
      system.ids.map(async (_, index) => {
        const { missing, doubled, gaps } = await system.audit(index);
        expect({ missing, doubled }).toEqual({ missing: [], doubled: [] });
        return gaps.map(({ cause }) => cause);
      }),
    );
    expect(causes).toEqual([...stops.map(({ cause }) => [cause]), ['reconfigured'], ...undisturbed.map(() => [])]);
    const processes = system.ids.map((id) => watch.seen(id).length);
    expect(processes).toEqual([...stops.map(() => 2), 2, ...undisturbed.map(() => 1)]);
  });
});

async function stopsAndReturns(id: CameraId, { name, stop, again }: (typeof stops)[number]): Promise<void> {
  const before = system.ffmpegPid(id);
  await timed(`${name} → FFmpeg has ended`, async () => {
    await stop(id);
    await waitFor(() => system.ffmpegPid(id) === undefined, {
      what: `${name} to stop it`,
      deadlineMs: PROMPT_MS,
    });
  });
  await waitFor(async () => (await system.status(id))?.level === 'off', {
    what: `the page to say that ${id} is off`,
    deadlineMs: PROMPT_MS,
    pollMs: 200,
  });
  await timed(`${name} taken back → recording`, async () => {
    await again(id);
    await recordsAnew(id, before);
  });
}

async function restarts(id: CameraId): Promise<void> {
  const before = system.ffmpegPid(id);
  await timed('activity reset → another FFmpeg records', async () => {
    await activity('reset')(id);
    await recordsAnew(id, before);
  });
}

/** The attempt of before ends with the answer to its next heartbeat, which may be held back for ten seconds. */
async function isUndisturbed(id: CameraId, { name, verb }: (typeof undisturbed)[number]): Promise<void> {
  const before = system.ffmpegPid(id);
  const { runId } = await system.temporal.workflow.getHandle(id).describe();
  await timed(`${name} → attached again`, async () => {
    await verb(id);
    await waitFor(async () => (await system.temporal.workflow.getHandle(id).describe()).runId !== runId, {
      what: `${name} to make a new run`,
      deadlineMs: PROMPT_MS,
      pollMs: 100,
    });
    await attached(id);
  });
  expect(system.ffmpegPid(id)).toBe(before);
}

async function timed(what: string, act: () => Promise<void>): Promise<void> {
  const startedAtMs = performance.now();
  await act();
  const tookMs = performance.now() - startedAtMs;
  report(what, tookMs);
  expect(tookMs, what).toBeLessThanOrEqual(PROMPT_MS);
}

async function recordsAnew(id: CameraId, before: number | undefined): Promise<void> {
  await waitFor(
    async () => {
      const pid = system.ffmpegPid(id);
      return pid !== undefined && pid !== before && (await system.status(id))?.isRecording === true;
    },
    { what: `${id} to be recorded by another FFmpeg`, deadlineMs: PROMPT_MS, pollMs: 100 },
  );
}

/** Words that say nothing, as many as fill a history. */
async function rollOver(id: CameraId): Promise<void> {
  const handle = system.temporal.workflow.getHandle(id);
  for (let sent = 0; sent < SIGNALS_UNTIL_ROLL_OVER; sent++) await handle.signal('segmentsSealed', []);
}

async function attached(id: CameraId): Promise<void> {
  await waitFor(async () => (await startOfAttempt(id)) !== null, {
    what: `an attempt to record ${id}`,
    deadlineMs: PROMPT_MS,
    pollMs: 100,
  });
  await waitFor(
    async () => (await system.temporal.workflow.getHandle(id).query<CameraStatus>('status')).recorder !== null,
    { what: `the workflow of ${id} to know who records it`, deadlineMs: PROMPT_MS, pollMs: 200 },
  );
}

/** When the attempt that is under way began; null when none is. */
async function startOfAttempt(id: CameraId): Promise<number | null> {
  const { raw } = await system.temporal.workflow.getHandle(id).describe();
  const pending = raw.pendingActivities?.find(({ activityId }) => activityId === 'record');
  if (!pending?.lastHeartbeatTime || !pending.lastStartedTime) return null;
  const { seconds, nanos } = pending.lastStartedTime;
  return Number(seconds) * 1_000 + (nanos ?? 0) / 1e6;
}
