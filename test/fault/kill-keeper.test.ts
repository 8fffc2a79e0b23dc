import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type CameraId, parseRecorderId, type SegmentId } from '../../src/domain/ids.js';
import type { Receipt } from '../../src/domain/receipt.js';
import { sealedSegmentSchema } from '../../src/domain/segment.js';
import { createSpoolLayout, segmentPathsOf } from '../../src/spool/layout.js';
import { type UploadSegmentInput, uploadWorkflowIdOf, WORKFLOW_QUEUE } from '../../src/workflows/contract.js';
import { afterFile } from '../support/after-file.js';
import { outageAt, report } from '../support/outage.js';
import { commandOf } from '../support/recorder-process.js';
import { type RecorderSystem, startSystem } from '../support/recorder-system.js';
import { type TornFiles, tearFiles } from '../support/torn-files.js';
import { waitFor } from '../support/wait-for.js';

const SEGMENT_SEC = 5;
/** Of a claim against the camera's own log. */
const EDGE_MS = 500;
/** What is not on disk yet: a fragment, and what waits for the sound that belongs to it. */
const TAIL_MS = 1_500;
/** FFmpeg's socket timeout twice and 2 s; the worker's own end beside it. */
const GONE_WITHIN_MS = 10_000;

describe('two cameras recorded by a program that is killed', () => {
  let system: RecorderSystem;
  let torn: TornFiles;

  beforeAll(async () => {
    system = await startSystem({
      register: afterFile,
      cameras: [{}, {}],
      segmentSec: SEGMENT_SEC,
    });
  });

  const killed = (pid: number | undefined) => process.kill(pid ?? Number.NaN, 'SIGKILL');

  it.each([
    {
      what: 'the keeper alone',
      kill: () => killed(system.recorder.keeper.pid),
      meanwhile: async (): Promise<void> => undefined,
    },
    {
      what: 'keeper, worker and FFmpegs at once, and files of the spool are torn',
      kill: () => {
        const { keeper, workerPid, ffmpegPids } = system.recorder;
        for (const pid of [keeper.pid, workerPid(), ...ffmpegPids()]) killed(pid);
      },
      meanwhile: async () => {
        torn = await tearFiles(system.spoolDir, ...(system.ids as [CameraId, CameraId]));
      },
    },
  ])(
    '$what: nothing goes on alone, and the next start salvages and says what is lost',
    { timeout: 90_000 },
    async ({ what, kill, meanwhile }) => {
      await system.recording();
      await Promise.all(system.ids.map(async (id) => await system.storedAfter(id, Date.now())));
      const { recorder } = system;
      const pids = [recorder.workerPid() ?? Number.NaN, ...recorder.ffmpegPids()];
      expect(pids).toHaveLength(1 + system.ids.length);
      const killedAtMs = Date.now();
      kill();
      await waitFor(() => pids.every((pid) => commandOf(pid) === ''), {
        what: 'everything to be gone',
        deadlineMs: GONE_WITHIN_MS,
      });
      await recorder.ended;
      report(`killed: ${what} → everything gone`, Date.now() - killedAtMs);
      await meanwhile();
      const startedAtMs = Date.now();
      system.start();
      await system.recording();
      for (const [index, id] of system.ids.entries()) {
        await system.storedAfter(id, startedAtMs);
        expect(await system.audit(index)).toMatchObject({ missing: [], doubled: [], deniedByGaps: [] });
        const outage = outageAt(await system.footage(index), startedAtMs);
        report(`killed: ${what} → last frame stored before`, killedAtMs - outage.lastBefore.atMs);
        expect(outage.claims.map(({ cause }) => cause)).toEqual(['recorder-restarted']);
        expect(Math.abs(outage.claimedMs - outage.lengthMs)).toBeLessThanOrEqual(EDGE_MS);
        expect(killedAtMs - outage.lastBefore.atMs).toBeLessThanOrEqual(TAIL_MS);
      }
    },
  );

  it('what was torn is in quarantine, segments are as they were, and one without its receipt is stored once', {
    timeout: 60_000,
  }, async () => {
    const sinceMs = Date.now();
    const names = await readdir(join(system.spoolDir, 'quarantine'));
    const found = torn.paths.map((path) => names.filter((name) => name.endsWith(`-${basename(path)}`)).length);
    expect(found).toEqual(torn.paths.map(() => 1));
    expect(await system.recorder.page('/status.json')).toContain(`${torn.paths.length} files in quarantine`);
    for (const [path, said] of torn.sidecars) expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(said);
    for (const [id, { key, sizeBytes }] of torn.receipts) {
      expect(await sentAgain(system, id)).toMatchObject({ key, sizeBytes });
      expect(existsSync(segmentPathsOf(createSpoolLayout(system.spoolDir), id).receipt)).toBe(true);
      const stored = await system.store.head(key, AbortSignal.timeout(10_000));
      expect(stored?.lastModifiedMs).toBeLessThan(sinceMs);
    }
    for (const id of system.ids) {
      const segments = (await system.stored(id)).map(({ segment }) => segment.id);
      expect(segments).toEqual([...new Set(segments)]);
    }
  });

  it('the keeper alone, one FFmpeg stuck, started again at once: it is ended first, the other camera does not wait', {
    timeout: 90_000,
  }, async () => {
    await system.recording();
    await Promise.all(system.ids.map(async (id) => await system.storedAfter(id, Date.now())));
    const [stuck, other] = system.ids;
    if (stuck === undefined || other === undefined) throw new Error('two cameras are recorded');
    const stuckPid = system.ffmpegPid(stuck) ?? Number.NaN;
    process.kill(stuckPid, 'SIGSTOP');
    killed(system.recorder.keeper.pid);
    await waitFor(() => system.recorder.keeper.signalCode !== null, { what: 'its end', deadlineMs: 5_000 });
    const startedAtMs = Date.now();
    system.start();
    await waitFor(async () => (await system.status(other))?.level === 'good', {
      what: 'the other camera to be recorded',
      deadlineMs: 20_000,
    });
    await waitFor(() => commandOf(stuckPid) === '', { what: 'it to be ended', deadlineMs: GONE_WITHIN_MS });
    report('killed: the keeper, one FFmpeg stuck → that one gone', Date.now() - startedAtMs);
    await system.recording();
    for (const [index, id] of system.ids.entries()) {
      await system.storedAfter(id, startedAtMs);
      expect(await system.audit(index)).toMatchObject({ missing: [], doubled: [], deniedByGaps: [] });
    }
  });
});

/** As the recorder does it by itself ten minutes later: the workflow that uploaded it has completed. */
async function sentAgain({ temporal, spoolDir }: RecorderSystem, segment: SegmentId): Promise<Receipt> {
  const recorder = parseRecorderId((await readFile(join(spoolDir, 'recorder-id'), 'utf8')).trim());
  const { sidecar } = segmentPathsOf(createSpoolLayout(spoolDir), segment);
  const { sizeBytes } = sealedSegmentSchema.parse(JSON.parse(await readFile(sidecar, 'utf8')));
  const input: UploadSegmentInput = { segment, recorder, sizeBytes };
  return await temporal.workflow.execute<(input: UploadSegmentInput) => Promise<Receipt>>('UploadSegment', {
    taskQueue: WORKFLOW_QUEUE,
    workflowId: uploadWorkflowIdOf(segment),
    args: [input],
  });
}
