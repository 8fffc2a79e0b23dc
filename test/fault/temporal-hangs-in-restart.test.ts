/** Temporal stops answering in the very moment in which an operator has a recording restarted: it is back within seconds all the same (INV-4). */
import { join } from 'node:path';
import { beforeAll, expect, inject, it } from 'vitest';
import type { CameraId } from '../../src/domain/ids.js';
import { startTemporalServer, type TemporalServer } from '../../src/embedded/temporal-server.js';
import { RECONFIGURE_UPDATE, RECORD_ACTIVITY_ID } from '../../src/workflows/contract.js';
import { afterFile } from '../support/after-file.js';
import { temporalCli } from '../support/camera-harness.js';
import { type RecorderSystem, startSystem } from '../support/recorder-system.js';
import { tempDirUntil } from '../support/temp-dir.js';
import { toolPath } from '../support/tools.js';
import { waitFor } from '../support/wait-for.js';

/** A session of a simulated camera begins within two seconds; much longer than that is no restart. */
const BACK_MS = 8_000;
const STARTED = 2;

let temporal: TemporalServer;
let system: RecorderSystem;

beforeAll(async () => {
  const dir = await tempDirUntil(afterFile, 'hangs');
  temporal = await startTemporalServer({
    temporalPath: toolPath('temporal'),
    dbPath: join(dir, 'temporal.sqlite'),
    logPath: join(dir, 'temporal.log'),
  });
  afterFile(async () => await temporal.kill());
  system = await startSystem({ register: afterFile, temporal, s3: inject('s3'), cameras: [{}, {}], segmentSec: 5 });
  await system.recording();
  for (const id of system.ids) {
    await waitFor(
      async () => (await temporalCli(temporal.address, system.namespace, describeOf(id))).includes('"recording"'),
      { what: `the workflow of ${id} to know that it records`, deadlineMs: 30_000, pollMs: 500 },
    );
  }
});

/** New settings come with the next attempt, so it is there before FFmpeg ends; a reset restarts FFmpeg first. */
it.each([
  [
    'reconfigured',
    0,
    'before',
    (id: CameraId) => ['workflow', 'update', 'execute', '--workflow-id', id, ...RECONFIGURE],
  ],
  [
    'reset',
    1,
    'after',
    (id: CameraId) => ['activity', 'reset', '--activity-id', RECORD_ACTIVITY_ID, '--workflow-id', id],
  ],
] as const)('a camera that is %s', { timeout: 90_000 }, async (_, index, nextAttempt, command) => {
  const id = system.ids[index] as CameraId;
  const before = system.ffmpegPid(id);
  const attemptBefore = await attemptOf(id);
  const plays = playsOf(index).length;
  await temporalCli(temporal.address, system.namespace, command(id));
  await waitFor(() => system.ffmpegPid(id) !== before, { what: 'FFmpeg to end', deadlineMs: 30_000, pollMs: 5 });
  process.kill(temporal.pid, 'SIGSTOP');
  const hungAtMs = system.cameras[index]?.nowMs() ?? Number.NaN;
  try {
    await waitFor(
      async () => {
        const now = system.ffmpegPid(id);
        return now !== undefined && now !== before && (await system.status(id))?.level === 'good';
      },
      { what: 'another session to record', deadlineMs: BACK_MS, pollMs: 100 },
    );
    const ready = await fetch(`${system.recorder.pageUrl}/ready`);
    expect(ready.status).toBe(200);
  } finally {
    process.kill(temporal.pid, 'SIGCONT');
  }
  // Else the restart would have been over before the silence, which then met nothing.
  expect(playsOf(index)[plays]?.atMs).toBeGreaterThan(hungAtMs);
  if (nextAttempt === 'after') expect(await attemptAfter(id, attemptBefore)).toBeGreaterThan(hungAtMs);
});

const RECONFIGURE = ['--name', RECONFIGURE_UPDATE, '--input', '{"audio":"off"}'];

/** When the attempt that is attached now began; null when none is. */
async function attemptOf(id: CameraId): Promise<number | null> {
  const { raw } = await system.temporal.workflow.getHandle(id).describe();
  const { state, lastStartedTime } =
    raw.pendingActivities?.find(({ activityId }) => activityId === RECORD_ACTIVITY_ID) ?? {};
  if (state !== STARTED || !lastStartedTime) return null;
  return Number(lastStartedTime.seconds) * 1_000 + (lastStartedTime.nanos ?? 0) / 1e6;
}

async function attemptAfter(id: CameraId, before: number | null): Promise<number> {
  const attempt = async (): Promise<number | null> => {
    const now = await attemptOf(id);
    return now === before ? null : now;
  };
  return await waitFor(attempt, { what: 'the next attempt', deadlineMs: 30_000, pollMs: 100 });
}

function playsOf(index: number) {
  return system.cameras[index]?.requests.filter(({ method }) => method === 'PLAY') ?? [];
}

function describeOf(id: CameraId): readonly string[] {
  return ['workflow', 'query', '--workflow-id', id, '--type', 'status'];
}
