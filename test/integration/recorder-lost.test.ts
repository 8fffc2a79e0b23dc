/** The disk of a recorder burns while the store is away, and an operator ends the wait for what was on it. Then the disk turns up. */
import { execFile } from 'node:child_process';
import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WorkflowFailedError } from '@temporalio/client';
import { beforeAll, expect, inject, it } from 'vitest';
import type { CoverageReport } from '../../src/cli/coverage-report.js';
import { parseCameraId, type RecorderId } from '../../src/domain/ids.js';
import { type FaultProxy, startFaultProxy } from '../object-store/fault-proxy.js';
import { afterFile } from '../support/after-file.js';
import { tempDirUntil } from '../support/temp-dir.js';
import { type Fleet, startFleet } from '../support/two-recorders.js';
import { waitFor } from '../support/wait-for.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const CAMERA = parseCameraId('camera-1');
const SEGMENT_SEC = 4;
const LOST_SEGMENTS = 2;
const UNTIL_STORED_MS = 30_000;

let fleet: Fleet;
let store: FaultProxy;
let emptyDir: string;
let awayDir: string;
let lostUploads: readonly string[] = [];
let [recorder, startedAtMs, declaredAtMs] = ['' as RecorderId, 0, 0];

beforeAll(async () => {
  store = await startFaultProxy(inject('s3').endpoint);
  afterFile(async () => await store.close());
  fleet = await startFleet({
    register: afterFile,
    cameras: [{}],
    segmentSec: SEGMENT_SEC,
    env: { CAMERA_RECORDER_TIME_SCALE: '0.1' },
    envOfFirst: { S3_ENDPOINT: store.endpoint },
  });
  [emptyDir, awayDir] = [await tempDirUntil(afterFile, 'empty'), await tempDirUntil(afterFile, 'away')];
});

it('a recorder that is alive is not declared lost', { timeout: 60_000 }, async () => {
  const { first, system } = fleet;
  startedAtMs = Date.now();
  first.start();
  await system.storedUntil(CAMERA, 0, UNTIL_STORED_MS);
  recorder = await first.id();
  const down = store.inject({ kind: 'down', matches: /./ });
  await waitFor(async () => (await waitingUploads()).length >= LOST_SEGMENTS, {
    what: 'segments that are announced and not stored',
    deadlineMs: UNTIL_STORED_MS,
    pollMs: 100,
  });
  expect(down.fired()).toBe(1);
  const said = await run('recorder-lost', recorder, '--yes');
  expect(said).toMatchObject({ code: 1, stdout: '' });
  expect(said.stderr).toMatch(
    new RegExp(`^Recorder ${recorder} asked Temporal for work [0-9.]+ s ago, so it may be alive`),
  );
});

it('one whose disk burned is: its uploads end as lost, and every second until now has its cause', {
  timeout: 60_000,
}, async () => {
  const { first } = fleet;
  await first.kill();
  await moveAll(first.spoolDir, awayDir);
  const waiting = await waitingUploads();
  lostUploads = waiting;
  const asked = await waitFor(
    async () => {
      const said = await run('recorder-lost', recorder);
      return !said.stderr.includes('may be alive') && said;
    },
    { what: 'Temporal to have heard nothing of it', deadlineMs: 20_000, pollMs: 500 },
  );
  expect(asked).toMatchObject({ code: 1, stderr: 'Nobody is there to be asked: say --yes.\nNothing was declared.\n' });
  expect((await coverage()).code).toBe(1);
  const done = await run('recorder-lost', recorder, '--yes', '--utc');
  declaredAtMs = Date.now();
  expect(done).toMatchObject({ code: 0, stderr: '' });
  expect(done.stdout).toMatch(/^camera-1 {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}\S/m);
  expect(done.stdout).toContain(`cause recorder-lost; ${waiting.length} uploads end as lost.`);
  expect(done.stdout).toContain('camera-1: no other recorder has taken it yet');
  for (const id of waiting) {
    const ended = fleet.system.temporal.workflow.getHandle(id).result();
    await expect(ended).rejects.toBeInstanceOf(WorkflowFailedError);
    await expect(ended).rejects.toMatchObject({
      cause: { type: 'recorder-lost', message: expect.stringContaining(`Recorder ${recorder} was declared lost`) },
    });
  }
  const { code, report } = await coverage();
  expect([code, report.totals.unexplainedMs, causesOf(report)]).toEqual([0, 0, ['recorder-lost']]);
});

it('said again it ends no more uploads, and an id that nobody has is told so', { timeout: 30_000 }, async () => {
  const again = await run('recorder-lost', recorder, '--yes');
  // The camera is still nobody's: only the time since is new.
  expect(again.code).toBe(0);
  expect(again.stdout).toContain('0 uploads end as lost');
  const unknown = await run('recorder-lost', 'nobody', '--yes');
  expect(unknown).toMatchObject({ code: 1, stdout: '' });
  expect(unknown.stderr).toBe(
    `Temporal knows nothing of a recorder nobody. Recorders that have a camera: ${recorder}.\n`,
  );
});

it('footage that turns up later wins: the recorder comes back with its spool', { timeout: 60_000 }, async () => {
  const { first, system } = fleet;
  store.heal();
  await moveAll(awayDir, first.spoolDir);
  first.start();
  await system.storedAfter(CAMERA, declaredAtMs, UNTIL_STORED_MS);
  const segments = (await system.stored(CAMERA)).map(({ segment }) => segment);
  const lost = segments.filter(({ id }) => lostUploads.includes(`upload/${id}`));
  expect(lost).toHaveLength(lostUploads.length);
  for (const id of lostUploads) {
    const { status } = await system.temporal.workflow.getHandle(id).describe();
    expect(status.name).toBe('COMPLETED');
  }
  const { code, report } = await coverage();
  expect([code, report.totals.unexplainedMs]).toEqual([0, 0]);
  // What was open when it was killed turned up as well; what nobody recorded stays missing.
  const open = segments.find(({ closed }) => closed === 'salvaged');
  const gaps = report.rows.filter(({ kind }) => kind === 'gap');
  expect(gaps).toMatchObject([{ cause: 'recorder-lost', fromMs: open?.toMs }]);
});

/** The files stay the same ones, with the times of their birth. */
async function moveAll(fromDir: string, toDir: string): Promise<void> {
  for (const name of await readdir(fromDir)) await rename(join(fromDir, name), join(toDir, name));
}

async function waitingUploads(): Promise<readonly string[]> {
  const query = 'WorkflowType="UploadSegment" AND ExecutionStatus="Running"';
  const ids: string[] = [];
  for await (const { workflowId } of fleet.system.temporal.workflow.list({ query })) ids.push(workflowId);
  return ids;
}

/** From the beginning until the recorder was declared lost, by the bucket alone. */
async function coverage(): Promise<{ readonly code: number; readonly report: CoverageReport }> {
  const [from, to] = [startedAtMs, declaredAtMs === 0 ? Date.now() : declaredAtMs].map(
    (atMs) => `${new Date(atMs).toISOString().slice(0, 19)}Z`,
  );
  const { code, stdout } = await run('coverage', CAMERA, `${from}..${to}`, '--json');
  return { code, report: JSON.parse(stdout) as CoverageReport };
}

function causesOf({ totals }: CoverageReport): readonly string[] {
  return totals.byCause.map(({ cause }) => cause);
}

async function run(...args: readonly string[]) {
  const env = { ...fleet.system.env, TEMP_DIR: join(emptyDir, 'none'), TZ: 'UTC', PATH: process.env['PATH'] };
  return await new Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>((resolve) => {
    const child = execFile(process.execPath, [MAIN, ...args], { env, cwd: emptyDir }, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr });
    });
  });
}
