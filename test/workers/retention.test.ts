/** Retention as operators meet it: a schedule and its workflow on a real Temporal, with a bucket that nobody knows yet. */
import type { ScheduleDescription } from '@temporalio/client';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { parseCameraId, parseObjectKey } from '../../src/domain/ids.js';
import { KEEP_ALL } from '../../src/domain/retention.js';
import { DAY_MS } from '../../src/domain/utc-day.js';
import { MemoryStore } from '../../src/object-store/memory.js';
import type { RetentionInput, RetentionReport } from '../../src/workflows/contract.js';
import { store, wholeDay } from '../playback/story.js';
import { afterFile } from '../support/after-file.js';
import { createNamespace } from '../support/temporal-namespace.js';
import { waitFor } from '../support/wait-for.js';
import { startTestWorker, type TestWorker } from '../support/worker-harness.js';

const mine = parseCameraId('camera-mine');
const kept = parseCameraId('camera-kept');
const POLICIES = { usual: { maxAgeMs: 4 * DAY_MS, maxBytes: null }, cameras: { [kept]: KEEP_ALL } };
const MIDNIGHT = Math.floor(Date.now() / DAY_MS) * DAY_MS;

let address: string;
let namespace: string;
let bucket: MemoryStore;
let first: TestWorker;
let runs = 0;

/** Six days of two cameras, put there when they were recorded; a fresh Temporal, an empty spool. */
async function fullBucket(): Promise<MemoryStore> {
  const time = { nowMs: 0 };
  const made = new MemoryStore({ nowMs: () => time.nowMs });
  for (const camera of [mine, kept]) {
    for (let days = 6; days >= 1; days -= 1) {
      for (const segment of wholeDay(camera, MIDNIGHT - days * DAY_MS, 60)) {
        time.nowMs = segment.toMs;
        await store(made, [segment]);
      }
    }
  }
  time.nowMs = Date.now();
  return made;
}

async function footageOf(camera: string): Promise<number> {
  let count = 0;
  for await (const { key } of bucket.list(`${camera}/`, AbortSignal.timeout(5_000)))
    if (key.endsWith('.mp4')) count += 1;
  return count;
}

async function byHand(input?: RetentionInput): Promise<RetentionReport> {
  runs += 1;
  return (await first.client.workflow.execute('Retention', {
    taskQueue: 'camera-recorder',
    workflowId: `by-hand-${runs}`,
    args: input === undefined ? [] : [{ timeScale: 0.05, ...input }],
  })) as RetentionReport;
}

/** The result of the next run that the schedule begins. */
async function triggered(): Promise<RetentionReport> {
  const handle = first.client.schedule.getHandle('retention');
  const before = (await handle.describe()).info.recentActions.length;
  await handle.trigger();
  const started = await waitFor(
    async () => {
      const { recentActions } = (await handle.describe()).info;
      return recentActions.length > before ? (recentActions.at(-1) ?? null) : null;
    },
    { what: 'the schedule to start a run', deadlineMs: 20_000, pollMs: 100 },
  );
  return (await first.client.workflow.getHandle(started.action.workflow.workflowId).result()) as RetentionReport;
}

async function schedule(): Promise<ScheduleDescription> {
  return await first.client.schedule.getHandle('retention').describe();
}

beforeAll(async () => {
  ({ address } = inject('temporal'));
  namespace = await createNamespace(address);
  bucket = await fullBucket();
  first = await startTestWorker({
    address,
    namespace,
    recorderId: 'one',
    store: bucket,
    retention: POLICIES,
    register: afterFile,
  });
  await waitFor(
    async () =>
      await schedule().then(
        () => true,
        () => false,
      ),
    {
      what: 'the schedule',
      deadlineMs: 20_000,
      pollMs: 100,
    },
  );
});

describe('retention', () => {
  it('is a schedule with the policies in its input', async () => {
    const { action, policies, spec } = await schedule();
    expect(action).toMatchObject({ type: 'startWorkflow', workflowType: 'Retention' });
    expect(action.args).toEqual([{ mode: 'delete', policies: POLICIES, timeScale: 0.05 }]);
    expect(policies?.overlap).toBe('SKIP');
    expect(spec.intervals?.[0]?.every).toBe(180_000);
  });

  it('deletes nothing with a fresh Temporal, an empty spool and a full bucket: it reports, for a day', async () => {
    const before = await footageOf(mine);
    for (const why of ['This bucket is new to retention', 'only reports for another']) {
      const report = await triggered();
      expect(report).toMatchObject({ mode: 'report', why: expect.stringContaining(why), failed: [] });
      expect(report.cameras).toMatchObject([]);
    }
    expect(await footageOf(mine)).toBe(before);
  });

  it('started by hand only reports, of the cameras it is asked for', async () => {
    const policies = { usual: KEEP_ALL, cameras: { [mine]: { maxAgeMs: 4 * DAY_MS, maxBytes: null } } };
    const report = await byHand({ policies });
    expect(report).toMatchObject({ mode: 'report', why: null });
    expect(report.cameras).toMatchObject([{ camera: mine, expiredObjects: expect.any(Number), problems: [] }]);
    expect(report.cameras[0]?.expiredObjects).toBeGreaterThanOrEqual(24);
    expect(await footageOf(mine)).toBe(144);
    expect((await byHand()).mode).toBe('report');
  });

  it('deletes when an operator says that this is the right bucket, and nothing that a recorder keeps', async () => {
    const everything = { maxAgeMs: DAY_MS, maxBytes: 0 };
    const policies = { usual: KEEP_ALL, cameras: { [mine]: everything, [kept]: everything } };
    const report = await byHand({ mode: 'delete', isBucketKnown: true, policies });
    expect(report).toMatchObject({ mode: 'delete', why: null, failed: [] });
    const [ofKept, ofMine] = report.cameras;
    // The recorder's own four days win over one, and what it keeps for ever stays.
    expect(ofKept).toMatchObject({ camera: kept, policy: KEEP_ALL, expiredObjects: 0, storedObjects: 144 });
    expect(ofMine).toMatchObject({ camera: mine, policy: { maxAgeMs: 4 * DAY_MS, maxBytes: null } });
    expect(await footageOf(kept)).toBe(144);
    expect(await footageOf(mine)).toBe(144 - (ofMine?.expiredObjects ?? 0));
    expect(first.worker.status().retention.get(mine)).toMatchObject({ failures: 0, problems: 0 });
    expect((await triggered()).mode).toBe('delete');
  });

  it('goes on with the others when a camera’s turn fails, and says why', async () => {
    const key = parseObjectKey(`.holds/${kept}/note.json`);
    await bucket.putSmall(key, Buffer.from('{}'), {}, AbortSignal.timeout(5_000));
    const policies = { usual: KEEP_ALL, cameras: { [mine]: POLICIES.usual, [kept]: POLICIES.usual } };
    const report = await byHand({ policies });
    expect(report.failed).toEqual([{ camera: kept, why: expect.stringContaining('cannot be read as a hold') }]);
    expect(report.cameras.map(({ camera }) => camera)).toEqual([mine]);
    expect(first.worker.status().retention.get(kept)).toMatchObject({ failures: 1 });
    await bucket.delete([key], AbortSignal.timeout(5_000));
  });

  it('gets new policies from a recorder that has them, and stays paused', async () => {
    await first.client.schedule.getHandle('retention').pause('looking into it');
    const longer = { usual: { maxAgeMs: 9 * DAY_MS, maxBytes: null }, cameras: {} };
    await startTestWorker({ address, namespace, recorderId: 'two', store: bucket, retention: longer });
    await waitFor(
      async () => {
        const [input] = ((await schedule()).action.args ?? []) as readonly RetentionInput[];
        return input?.policies?.usual.maxAgeMs === 9 * DAY_MS;
      },
      { what: 'the new policies', deadlineMs: 20_000, pollMs: 100 },
    );
    expect((await schedule()).state).toMatchObject({ paused: true, note: 'looking into it' });
  });
});
