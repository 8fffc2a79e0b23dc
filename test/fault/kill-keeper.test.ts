import { beforeAll, describe, expect, it } from 'vitest';
import { afterFile } from '../support/after-file.js';
import { outageAt, report } from '../support/outage.js';
import { commandOf } from '../support/recorder-process.js';
import { type RecorderSystem, startSystem } from '../support/recorder-system.js';
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

  beforeAll(async () => {
    system = await startSystem({
      register: afterFile,
      cameras: [{}, {}],
      segmentSec: SEGMENT_SEC,
    });
  });

  const killed = (pid: number | undefined) => process.kill(pid ?? Number.NaN, 'SIGKILL');

  it.each([
    { what: 'the keeper alone', kill: () => killed(system.recorder.keeper.pid) },
    {
      what: 'keeper, worker and FFmpegs at once',
      kill: () => {
        const { keeper, workerPid, ffmpegPids } = system.recorder;
        for (const pid of [keeper.pid, workerPid(), ...ffmpegPids()]) killed(pid);
      },
    },
  ])(
    '$what: nothing goes on alone, and the next start salvages and says what is lost',
    { timeout: 90_000 },
    async ({ what, kill }) => {
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
