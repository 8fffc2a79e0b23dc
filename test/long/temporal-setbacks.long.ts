/**
 * Temporal is out of the recorder's reach while its workflows go on, runs a bad release, is away while everything else starts again, and
 * is wiped: all of it over one system, in this order, with Temporal's times scaled. What records goes on recording, and every segment is
 * stored once, by one workflow (INV-3, INV-4).
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from 'vitest';
import { type CameraId, parseCameraId, type SegmentId } from '../../src/domain/ids.js';
import { uploadWorkflowIdOf } from '../../src/workflows/contract.js';
import { afterFile } from '../support/after-file.js';
import { auditSystem, type SystemAudit } from '../support/audit/system-audit.js';
import { complaintsOfRuns, uploadRuns } from '../support/audit/upload-runs.js';
import { bundleBadRelease, deployBadly } from '../support/bad-deploy/bad-deploy.js';
import { CHANGED, FAILING } from '../support/bad-deploy/interceptors.js';
import { temporalCli } from '../support/camera-harness.js';
import { type OwnServers, startBench } from '../support/faults/fault-bench.js';
import { type Relay, startRelay } from '../support/faults/relay.js';
import { report } from '../support/outage.js';
import { freePort } from '../support/ports.js';
import { attachedAfter } from '../support/record-attempt.js';
import { type RecorderProcess, startRecorderProcess } from '../support/recorder-process.js';
import type { RecorderSystem } from '../support/recorder-system.js';
import { waitFor } from '../support/wait-for.js';

const SEGMENT_SEC = 4;
const SEGMENT_MS = SEGMENT_SEC * 1_000;
/** Of Temporal's times: a heartbeat is missed after 2.25 s instead of 45 s, so that what is away for 4.5 s counts as 90 s. */
const TIME_SCALE = 0.05;
const AWAY_MS = 4_500;
const RESET = parseCameraId('camera-1');
const BROKEN = parseCameraId(FAILING);
const PAUSED = parseCameraId('camera-4');
const STOPPED = parseCameraId('camera-5');
const TERMINATED = parseCameraId('camera-6');
const CAMERAS = 6;
const PASSWORD = 'Zq7CameraCore';
/** Deadlines, for a machine that does other things as well. */
const STARTED_MS = 60_000;
const TEST_MS = 180_000;
const SHOWN_MS = 60_000;
const ATTACHED_MS = 60_000;

let servers: OwnServers;
let system: RecorderSystem;
let relay: Relay;
let workflows: RecorderProcess;
let workflowsPort: number;
let badRelease: WorkflowBundleWithSourceMap;
let audit: SystemAudit;
/** Those that are to record, all the time. */
let wanted: readonly CameraId[];
let ffmpegs: readonly number[];
let restartedAtMs: number;

const cli = async (...args: readonly string[]): Promise<string> =>
  await temporalCli(servers.temporal.now.address, system.namespace, args);
const pids = (): readonly number[] => system.recorder.ffmpegPids().toSorted((a, b) => a - b);
const sealedOf = (id: CameraId): number => [...audit.spool.sealed].filter((one) => one.startsWith(`${id}_`)).length;
const attached = async (afterMs: number): Promise<void> =>
  await attachedAfter(system.temporal, wanted, afterMs, ATTACHED_MS);

/** In a process of its own, which can be replaced by a bad one, and on its own way to Temporal. */
function startWorkflows(): void {
  const env = { ...system.env, TEMPORAL_ADDRESS: servers.temporal.now.address };
  workflows = startRecorderProcess({ env, metricsPort: workflowsPort, args: ['worker', '--role', 'workflows'] });
}

/** Resolves when each camera that is wanted has sealed another segment. */
async function recordedOn(): Promise<void> {
  const before = wanted.map(sealedOf);
  const hasSealed = (): boolean => wanted.every((id, index) => sealedOf(id) > (before[index] ?? 0));
  await waitFor(hasSealed, { what: 'a segment of each to be sealed', deadlineMs: SHOWN_MS });
}

/** Resolves when the recorder says that Temporal is away: it waits 10 s for an answer, which is not scaled. */
async function noticed(): Promise<void> {
  const isAway = async (): Promise<boolean> =>
    /^recorder_temporal_connected 0$/m.test((await system.recorder.page('/metrics')) ?? '');
  await waitFor(isAway, { what: 'the recorder to notice', deadlineMs: SHOWN_MS, pollMs: 100 });
}

/** Resolves between two cuts, when everything sealed so far is known to be stored once. @returns that */
async function untilQuiet(): Promise<readonly SegmentId[]> {
  const { sealed, receipts } = audit.spool;
  const isStored = (): boolean => isBetweenCuts(0.25, 0.5) && [...sealed].every((id) => receipts.has(id));
  for (;;) {
    await waitFor(isStored, { what: 'no upload to be under way', deadlineMs: SHOWN_MS });
    const stored = [...sealed];
    expect(complaintsOfRuns(await uploadRuns(system.temporal, stored))).toEqual([]);
    if (sealed.size === stored.length && isBetweenCuts(0, 0.75)) return stored;
  }
}

/** In parts of a segment. */
function isBetweenCuts(from: number, to: number): boolean {
  const part = (Date.now() % SEGMENT_MS) / SEGMENT_MS;
  return part >= from && part <= to;
}

async function recordedAsWanted(): Promise<void> {
  const isAsWanted = (): boolean => {
    const recorded = system.ids.filter((id) => system.ffmpegPid(id) !== undefined);
    return recorded.join() === wanted.join();
  };
  await waitFor(isAsWanted, { what: 'what is wanted to be recorded, and nothing else', deadlineMs: SHOWN_MS });
}

/** Resolves when the release is taken back, and one workflow has failed while another one could not go on. */
async function brokenByRelease(): Promise<void> {
  const { address } = servers.temporal.now;
  const bad = await deployBadly({ address, namespace: system.namespace, bundle: badRelease, register: afterFile });
  try {
    const hasFailed = async (): Promise<boolean> => (await describeWorkflow(FAILING)).status.name === 'FAILED';
    await Promise.all([
      waitFor(hasFailed, { what: 'the workflow to fail', deadlineMs: SHOWN_MS, pollMs: 100 }),
      waitFor(async () => await isStuck(CHANGED), { what: 'the other to be stuck', deadlineMs: SHOWN_MS, pollMs: 100 }),
    ]);
  } finally {
    await bad.end();
  }
}

beforeAll(async () => {
  const bundling = bundleBadRelease();
  relay = await startRelay({ register: afterFile, port: () => servers.temporal.now.ports.grpc });
  const bench = await startBench({
    register: afterFile,
    cameras: Array.from({ length: CAMERAS }, () => ({ audio: false, user: 'admin', password: PASSWORD })),
    segmentSec: SEGMENT_SEC,
    hasOwnServers: true,
    env: { CAMERA_RECORDER_TIME_SCALE: String(TIME_SCALE), TEMPORAL_ADDRESS: relay.address },
    args: ['worker', '--role', 'recorder'],
  });
  if (bench.servers === null) throw new Error('there are no servers to be harmed');
  ({ servers, system } = bench);
  // A port is free only until somebody has it.
  await waitFor(async () => await system.recorder.page('/health'), { what: 'the page', deadlineMs: STARTED_MS });
  workflowsPort = await freePort();
  afterFile(async () => void (await workflows.stop()));
  startWorkflows();
  audit = auditSystem(system, { register: afterFile, secrets: [PASSWORD], hasUploadRuns: false });
  await system.recording(STARTED_MS);
  await Promise.all(system.ids.map(async (id) => await system.storedUntil(id, 1)));
  badRelease = await bundling;
  await cli('workflow', 'update', 'execute', '--workflow-id', PAUSED, '--name', 'pause');
  await cli('workflow', 'cancel', '--workflow-id', STOPPED);
  await cli('workflow', 'terminate', '--workflow-id', TERMINATED, '--reason', 'test');
  wanted = system.ids.filter((id) => id !== PAUSED && id !== STOPPED && id !== TERMINATED);
  await recordedAsWanted();
  ffmpegs = pids();
}, TEST_MS);

describe('of six cameras one stays paused, one stopped, one terminated, and the others are recorded, when', () => {
  it('Temporal is out of reach while its workflows go on', { timeout: TEST_MS }, async () => {
    expect(relay.connections()).toBeGreaterThan(0);
    await relay.cut();
    await Promise.all([recordedOn(), delay(AWAY_MS)]);
    expect(relay.connections()).toBe(0);
    await relay.restore();
    const backAtMs = Date.now();
    await attached(backAtMs);
    report('Temporal is in reach again → all attached', Date.now() - backAtMs);
    expect(pids()).toEqual(ffmpegs);
  });

  it('a bad release makes one workflow fail and another one unable to go on, until it is taken back and a third is reset by hand', {
    timeout: TEST_MS,
  }, async () => {
    await workflows.stop();
    await brokenByRelease();
    startWorkflows();
    const backAtMs = Date.now();
    await cli('workflow', 'reset', '--workflow-id', RESET, '--type', 'FirstWorkflowTask', '--reason', 'test');
    await attachedAfter(system.temporal, [RESET, BROKEN], backAtMs, ATTACHED_MS);
    await waitFor(async () => !(await isStuck(CHANGED)), { what: 'it to go on', deadlineMs: SHOWN_MS, pollMs: 100 });
    report('bad release taken back → all attached', Date.now() - backAtMs);
    expect(pids()).toEqual(ffmpegs);
    // The run that was reset is told again of what it was told before: that those ran once is counted below.
    expect(await uploadsRefused(RESET)).toBeGreaterThan(0);
  });

  it('recorder and store start again, and Temporal only after them', { timeout: TEST_MS }, async () => {
    restartedAtMs = Date.now();
    await Promise.all([system.recorder.stop(), workflows.stop()]);
    await Promise.all([servers.temporal.kill(), servers.store.kill()]);
    await servers.store.start();
    system.start();
    await recordedAsWanted();
    await Promise.all([recordedOn(), noticed()]);
    ffmpegs = pids();
    // Some are attached before the start is found to be over.
    const backAtMs = Date.now();
    await servers.temporal.start();
    startWorkflows();
    await attached(backAtMs);
    report('Temporal is there → all attached', Date.now() - backAtMs);
    await recordedAsWanted();
    expect(pids()).toEqual(ffmpegs);
  });

  it('Temporal is wiped', { timeout: TEST_MS }, async () => {
    const before = await untilQuiet();
    await servers.temporal.wipe();
    const backAtMs = Date.now();
    await servers.temporal.start();
    await attached(backAtMs);
    report('Temporal is wiped → all attached', Date.now() - backAtMs);
    await Promise.all(wanted.map(async (id) => await system.storedAfter(id, backAtMs)));
    const since = [...audit.spool.sealed].filter((id) => !before.includes(id));
    expect(complaintsOfRuns(await uploadRuns(system.temporal, since))).toEqual([]);
    expect((await workflowsListed('Camera')).toSorted()).toEqual(wanted);
    expect(
      (await workflowsListed('UploadSegment')).filter((id) => before.map(uploadWorkflowIdOf).includes(id)),
    ).toEqual([]);
    await recordedAsWanted();
    expect(pids()).toEqual(ffmpegs);
  });

  it('and no frame is lost but between the end of the recorder and its start', {
    timeout: TEST_MS,
  }, async () => {
    await workflows.stop();
    const { complaints, verdicts } = await audit.finish();
    expect(complaints).toEqual([]);
    const gaps = verdicts.map(({ camera, spans }) => ({ camera, gaps: spans.filter(({ kind }) => kind === 'gap') }));
    for (const { camera, gaps: found } of gaps) {
      expect(found).toEqual(wanted.includes(camera) ? [expect.objectContaining({ cause: 'recorder-restarted' })] : []);
      expect(found.every(({ fromMs }) => fromMs > restartedAtMs)).toBe(true);
    }
  });
});

async function describeWorkflow(id: string) {
  return await system.temporal.workflow.getHandle(id).describe();
}

/** Starts that Temporal refused, as there was an upload of the same segment. */
async function uploadsRefused(id: CameraId): Promise<number> {
  const { events } = await system.temporal.workflow.getHandle(id).fetchHistory();
  return events?.filter((event) => event.startChildWorkflowExecutionFailedEventAttributes).length ?? 0;
}

async function workflowsListed(type: 'Camera' | 'UploadSegment'): Promise<readonly string[]> {
  const ids: string[] = [];
  const query = `WorkflowType="${type}"`;
  for await (const { workflowId } of system.temporal.workflow.list({ query })) ids.push(workflowId);
  return ids;
}

async function isStuck(id: string): Promise<boolean> {
  return ((await describeWorkflow(id)).raw.pendingWorkflowTask?.attempt ?? 0) > 1;
}
