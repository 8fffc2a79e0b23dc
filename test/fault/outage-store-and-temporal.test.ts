import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { type CameraId, partsOf, type SegmentId } from '../../src/domain/ids.js';
import type { Receipt } from '../../src/domain/receipt.js';
import { type Seaweedfs, startSeaweedfs } from '../../src/embedded/seaweedfs.js';
import { startTemporalServer, type TemporalServer } from '../../src/embedded/temporal-server.js';
import type { StatusView } from '../../src/http/status-view.js';
import { type CameraStatus, uploadWorkflowIdOf } from '../../src/workflows/contract.js';
import { policiesOf } from '../../src/workflows/policies.js';
import { afterFile } from '../support/after-file.js';
import { complaintsOfRuns, uploadRuns } from '../support/audit/upload-runs.js';
import { temporalCli } from '../support/camera-harness.js';
import { type RecorderSystem, startSystem } from '../support/recorder-system.js';
import { type SpoolWatch, watchSpool } from '../support/spool-watch.js';
import { tempDirUntil } from '../support/temp-dir.js';
import { toolPath } from '../support/tools.js';
import { waitFor } from '../support/wait-for.js';

const SEGMENT_SEC = 5;
const OUTAGE_MS = 60_000;
/** Cuts in an outage, less the two at its edges. */
const SEALED_IN_OUTAGE = OUTAGE_MS / 1_000 / SEGMENT_SEC - 2;
/** Of each camera; so many uploads are given between the two outages. */
const STORED_BETWEEN = 6;
/** So small that the keep time of what was stored before an outage is over in it, with time for another look. */
const TIME_SCALE = 0.08;
const KEEP_MINUTES = 10;
const KEEP_MS = KEEP_MINUTES * 60_000 * TIME_SCALE;
const RECLAIM_EVERY_MS = policiesOf(TIME_SCALE).reclaimEveryMs;

describe('two cameras, while the store and then Temporal are killed and away for a minute each', () => {
  let store: Seaweedfs;
  let temporal: TemporalServer;
  let system: RecorderSystem;
  let watch: SpoolWatch;
  let ffmpegs: readonly number[];
  let dir: string;

  const startStore = async (ports?: Seaweedfs['ports']): Promise<Seaweedfs> =>
    await startSeaweedfs({
      weedPath: toolPath('weed'),
      dir: join(dir, 'seaweedfs'),
      accessKeyId: 'outage',
      secretAccessKey: 'comes-back',
      bucket: 'outage',
      ...(ports === undefined ? {} : { ports }),
    });
  const startTemporal = async (ports?: TemporalServer['ports']): Promise<TemporalServer> =>
    await startTemporalServer({
      temporalPath: toolPath('temporal'),
      dbPath: join(dir, 'temporal.sqlite'),
      logPath: join(dir, 'temporal.log'),
      ...(ports === undefined ? {} : { ports }),
    });

  beforeAll(async () => {
    dir = await tempDirUntil(afterFile, 'outage');
    [store, temporal] = await Promise.all([startStore(), startTemporal()]);
    afterFile(async () => void (await Promise.all([store.kill(), temporal.kill()])));
    system = await startSystem({
      register: afterFile,
      temporal,
      s3: store,
      cameras: [{}, {}],
      segmentSec: SEGMENT_SEC,
      env: { CAMERA_RECORDER_TIME_SCALE: String(TIME_SCALE), KEEP_LOCAL_MINUTES: String(KEEP_MINUTES) },
    });
    watch = watchSpool({ spoolDir: system.spoolDir, store: system.store, keepMs: KEEP_MS, register: afterFile });
    await system.recording();
    await Promise.all(system.ids.map(async (id) => await system.storedUntil(id, 1)));
    ffmpegs = system.recorder.ffmpegPids();
  });

  const sealedOf = (id: string): number => [...watch.sealed].filter((segment) => segment.startsWith(`${id}_`)).length;

  /** Resolves when the page has the notice and the metric is as it should be. */
  async function shown(notice: string, metric: RegExp): Promise<void> {
    await waitFor(
      async () => {
        const status: StatusView = JSON.parse((await system.recorder.page('/status.json')) ?? '{"notices":[]}');
        const metrics = (await system.recorder.page('/metrics')) ?? '';
        return status.notices.some((text) => text.startsWith(notice)) && metric.test(metrics);
      },
      { what: `"${notice}" on the page`, deadlineMs: 30_000, pollMs: 500 },
    );
  }

  const cameraOf = (index: number): CameraId => system.ids[index] as CameraId;
  const resetCamera = async (camera: CameraId): Promise<void> => await resetWorkflow(system, temporal.address, camera);

  /** Recordings that would be deleted by now if that took no confirmation. */
  function overdue(): number {
    const deletedBeforeMs = Date.now() - KEEP_MS - RECLAIM_EVERY_MS;
    return [...watch.receipts].filter(([id, { atMs }]) => !watch.vanished.has(id) && atMs < deletedBeforeMs).length;
  }

  /** Kills, checks that the outage shows, and brings the server back a minute after it was killed. */
  async function outageOf<T extends Seaweedfs | TemporalServer>(
    server: T,
    again: () => Promise<T>,
    checkMeanwhile: () => Promise<void>,
  ): Promise<T> {
    const sealedBefore = system.ids.map(sealedOf);
    await server.kill();
    const backAtMs = performance.now() + OUTAGE_MS;
    await checkMeanwhile();
    await delay(backAtMs - performance.now());
    for (const [index, id] of system.ids.entries()) {
      expect(sealedOf(id) - (sealedBefore[index] ?? 0)).toBeGreaterThanOrEqual(SEALED_IN_OUTAGE);
    }
    const back = await again();
    expect(back.ports).toEqual(server.ports);
    return back;
  }

  it('are recorded on without the store, and it shows', { timeout: 120_000 }, async () => {
    const { ports } = store;
    let vanished = -1;
    store = await outageOf(
      store,
      async () => {
        expect(watch.vanished.size).toBe(vanished);
        expect(overdue()).toBeGreaterThan(0);
        return await startStore(ports);
      },
      async () => {
        await shown('The store does not answer', /^recorder_store_reachable 0$/m);
        await shown('The store does not answer', /^camera_upload_failures_total\{camera_id="camera-1"\} [1-9]/m);
        // Some of its uploads have ended by now, and at least one goes on.
        await resetCamera(cameraOf(0));
        vanished = watch.vanished.size;
      },
    );
  });

  it('are uploaded by themselves once the store is back', { timeout: 60_000 }, async () => {
    const before = await Promise.all(system.ids.map(async (id) => (await system.stored(id)).length));
    await waitFor(
      async () => {
        const now = await Promise.all(system.ids.map(async (id) => (await system.stored(id)).length));
        return now.every((count, index) => count >= (before[index] ?? 0) + STORED_BETWEEN);
      },
      { what: `${STORED_BETWEEN} uploads of each camera`, deadlineMs: 45_000, pollMs: 500 },
    );
  });

  it('are recorded on without Temporal, and it shows', { timeout: 120_000 }, async () => {
    const { ports } = temporal;
    temporal = await outageOf(
      temporal,
      async () => await startTemporal(ports),
      async () => await shown('Temporal does not answer', /^recorder_temporal_connected 0$/m),
    );
  });

  it('by the same FFmpegs, without a lost frame, a doubled one or a gap', { timeout: 120_000 }, async () => {
    const backAtMs = Date.now();
    await Promise.all(system.ids.map(async (id) => await system.storedUntil(id, backAtMs, 90_000)));
    expect(system.recorder.ffmpegPids()).toEqual(ffmpegs);
    expect(complaintsOfRuns(await uploadRuns(system.temporal, [...watch.sealed]))).toEqual([]);
    for (const index of [0, 1]) {
      const report = await system.audit(index);
      expect(report).toMatchObject({ missing: [], doubled: [], gaps: [] });
      expect(report.stored).toBe(report.produced);
      expect(report.segments).toBeGreaterThan(2 * SEALED_IN_OUTAGE);
    }
  });

  it('and a recording leaves the spool only after its confirmation', { timeout: 90_000 }, async () => {
    await waitFor(() => watch.reclaimed.size >= 2 * STORED_BETWEEN || watch.violations.length > 0, {
      what: 'the recordings stored between the outages to be reclaimed',
      deadlineMs: KEEP_MS,
    });
    await watch.stop();
    expect(watch.violations).toEqual([]);
  });

  it('and a reset of a camera or an upload by hand sends nothing again', { timeout: 60_000 }, async () => {
    const camera = cameraOf(0);
    const known = [...watch.sealed].filter((segment) => partsOf(segment).camera === camera);
    const before = await quietCounts(system, camera);
    await resetCamera(camera);
    await waitFor(async () => await knowsAll(system, camera, known), {
      what: 'the new run to have started or found every upload',
      deadlineMs: 15_000,
      pollMs: 200,
    });
    expect(complaintsOfRuns(await uploadRuns(system.temporal, known))).toEqual([]);
    const reclaimed = known.find((segment) => watch.reclaimed.has(segment)) as SegmentId;
    const upload = uploadWorkflowIdOf(reclaimed);
    await resetWorkflow(system, temporal.address, upload);
    const receipt = await system.temporal.workflow.getHandle<() => Promise<Receipt>>(upload).result();
    expect(receipt.key).toBe(watch.receipts.get(reclaimed)?.key);
    expect(await quietCounts(system, camera)).toEqual(before);
    const stored = (await system.stored(camera)).map(({ segment }) => segment.id);
    expect(new Set(stored).size).toBe(stored.length);
    expect(stored).toEqual(expect.arrayContaining(known));
  });
});

/** As an operator does it; resolves when the new run is the current one. */
async function resetWorkflow({ temporal, namespace }: RecorderSystem, address: string, workflowId: string) {
  const handle = temporal.workflow.getHandle(workflowId);
  const { runId } = await handle.describe();
  const how = ['--type', 'FirstWorkflowTask', '--reason', 'test'];
  await temporalCli(address, namespace, ['workflow', 'reset', '--workflow-id', workflowId, ...how]);
  await waitFor(async () => (await handle.describe()).runId !== runId, { what: 'the new run', deadlineMs: 10_000 });
}

/** Nothing waits in the workflow's own list, of these at least. */
async function knowsAll({ temporal }: RecorderSystem, camera: CameraId, segments: readonly SegmentId[]) {
  const { recent } = await temporal.workflow.getHandle(camera).query<CameraStatus>('status');
  const known = new Set(recent.map(({ segment }) => segment));
  return segments.every((segment) => known.has(segment));
}

/** Bytes that were sent beyond those of the stored segments, and failures; read while no upload is under way. */
async function quietCounts({ recorder }: RecorderSystem, camera: CameraId) {
  const metrics = await waitFor(
    async () => {
      const page = (await recorder.page('/metrics')) ?? '';
      return countIn(page, 'recorder_uploads_in_flight') === 0 && page;
    },
    { what: 'no upload to be under way', deadlineMs: 15_000, pollMs: 50 },
  );
  const sentBytes = countIn(metrics, `camera_upload_bytes_total{camera_id="${camera}",kind="sent"}`);
  const storedBytes = countIn(metrics, `camera_segments_uploaded_bytes_total{camera_id="${camera}"}`);
  const failures = countIn(metrics, `camera_upload_failures_total{camera_id="${camera}"}`);
  return { resentBytes: sentBytes - storedBytes, failures };
}

function countIn(metrics: string, series: string): number {
  const line = metrics.split('\n').find((text) => text.startsWith(`${series} `));
  if (line === undefined) throw new Error(`there is no ${series}`);
  return Number(line.slice(series.length));
}
