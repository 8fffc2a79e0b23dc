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

it.each([
  ['reconfigured', 0, (id: CameraId) => ['workflow', 'update', 'execute', '--workflow-id', id, ...RECONFIGURE]],
  ['reset', 1, (id: CameraId) => ['activity', 'reset', '--activity-id', RECORD_ACTIVITY_ID, '--workflow-id', id]],
] as const)('a camera that is %s', { timeout: 90_000 }, async (_, index, command) => {
  const id = system.ids[index] as CameraId;
  const before = system.ffmpegPid(id);
  await temporalCli(temporal.address, system.namespace, command(id));
  await waitFor(() => system.ffmpegPid(id) !== before, { what: 'FFmpeg to end', deadlineMs: 30_000, pollMs: 5 });
  process.kill(temporal.pid, 'SIGSTOP');
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
});

const RECONFIGURE = ['--name', RECONFIGURE_UPDATE, '--input', '{"audio":"off"}'];

function describeOf(id: CameraId): readonly string[] {
  return ['workflow', 'query', '--workflow-id', id, '--type', 'status'];
}
