import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseSessionId } from '../../src/domain/ids.js';
import type { SealedSegment } from '../../src/domain/segment.js';
import { KeeperError } from '../../src/keeper/keeper-error.js';
import type { Recorder } from '../../src/recorder/recorder.js';
import { auditFrames } from '../../src/simulator/audit.js';
import { listSessions, writeSessionFile } from '../../src/spool/session-files.js';
import { type Bench, createBench, isRecording, smallPicture, type TestCamera, until } from './bench.js';

const FRESH = { lastEndedAtMs: null, notBeforeMs: null, taskToken: null };

/** Of the small picture, frames. */
const KEYFRAME_EVERY = 30;

/** Records until there is something to lose: three seconds are on disk. */
async function recorded(bench: Bench, camera: TestCamera, recorder: Recorder) {
  const attachment = await recorder.attach(camera.id, camera.spec, FRESH);
  await isRecording(recorder, camera.id);
  await until('three seconds are recorded', () => (recorder.statistics().get(camera.id)?.recordedSec ?? 0) >= 3);
  return { attachment, session: (await bench.processes.list()).find((process) => process.camera === camera.id) };
}

/** Well between two cuts, so that what is killed now has something to salvage. */
async function midSegment(): Promise<void> {
  await until('it is mid-segment', () => Date.now() % 5_000 > 3_500 && Date.now() % 5_000 < 4_800);
}

/** A keyframe came a moment ago, the first one since a boundary of the clock. */
async function afterCut({ simulated }: TestCamera): Promise<void> {
  await until('it is right after a cut', () => {
    const nowMs = Date.now();
    const isKey = (counter: number) => counter % KEYFRAME_EVERY === 0;
    const key = simulated.framesBetween(nowMs - 200, nowMs - 50).find(({ counter }) => isKey(counter));
    return key !== undefined && key.atMs % 5_000 < 2_000;
  });
}

/** A session later than `before` records. @returns when that was seen */
async function isRecordingAgain(recorder: Recorder, { id }: TestCamera, before: string | undefined): Promise<number> {
  await until('another session records', () => {
    const condition = recorder.conditions().get(id);
    return condition?.kind === 'recording' && condition.session !== before;
  });
  return Date.now();
}

/** Every frame the camera made between the first and the last stored one is stored once, or inside a gap. */
async function expectNothingLostInSilence(bench: Bench, { id, simulated }: TestCamera) {
  const segments = await bench.segments(id);
  const stored = await bench.storedFrames(id);
  const produced = simulated.framesBetween(0, Number.MAX_SAFE_INTEGER);
  const times = produced.filter(({ counter }) => stored.includes(counter)).map(({ atMs }) => atMs);
  const report = auditFrames({
    produced,
    stored,
    gaps: segments.flatMap(({ gapsBefore }) => gapsBefore),
    range: { fromMs: Math.min(...times), toMs: Math.max(...times) + 1 },
    // Our times are of arrival: FFmpeg waits up to half a second for sound before it writes, and longer on a busy machine.
    edgeMs: 1_000,
  });
  expect(report).toMatchObject({ missing: [], doubled: [], deniedByGaps: [] });
  return { report, segments };
}

const causesOf = (segments: readonly SealedSegment[]) =>
  segments.flatMap((one) => one.gapsBefore.map((gap) => gap.cause));

describe.concurrent('a camera with a fault', () => {
  test('frozen: recorded again within 8 s, with the stall as the cause of the gap', async ({ onTestFinished }) => {
    const bench = await createBench({ onTestFinished });
    const camera = await bench.camera('frozen');
    const recorder = await bench.recorder();
    const { attachment, session } = await recorded(bench, camera, recorder);
    const frozenAtMs = Date.now();
    await camera.simulated.setFault({ kind: 'freeze', connections: 'open' });
    await isRecordingAgain(recorder, camera, session?.session);
    await attachment.stop('paused');
    const { segments, report } = await expectNothingLostInSilence(bench, camera);
    const again = segments.find(({ gapsBefore }) => gapsBefore.length > 0);
    expect((again?.fromMs ?? 0) - frozenAtMs).toBeLessThanOrEqual(8_000);
    expect(report.insideGaps).toBeGreaterThan(0);
    expect(causesOf(segments)).toEqual(['camera-stalled']);
    expect(recorder.statistics().get(camera.id)?.sessionsByOutcome).toEqual({ stalled: 1, 'stop-requested': 1 });
  });

  test('without picture but with sound: taken for stalled, and recorded again when the picture returns', async ({
    onTestFinished,
  }) => {
    const bench = await createBench({ onTestFinished });
    const camera = await bench.camera('blind');
    const recorder = await bench.recorder();
    const { attachment, session } = await recorded(bench, camera, recorder);
    await camera.simulated.setFault({ kind: 'video-off' });
    await until('it is down', () => recorder.conditions().get(camera.id)?.kind === 'down');
    expect(recorder.conditions().get(camera.id)).toMatchObject({ kind: 'down', cause: 'camera-stalled' });
    await camera.simulated.clearFaults();
    await isRecordingAgain(recorder, camera, session?.session);
    await attachment.stop('paused');
    const { segments } = await expectNothingLostInSilence(bench, camera);
    expect(causesOf(segments)).toContain('camera-stalled');
  });

  test('FFmpeg killed: at most 2.5 s are lost, the rest is salvaged', async ({ onTestFinished }) => {
    const bench = await createBench({ onTestFinished });
    const camera = await bench.camera('killed');
    const recorder = await bench.recorder();
    const { attachment, session } = await recorded(bench, camera, recorder);
    await midSegment();
    const killedAtMs = Date.now();
    process.kill(session?.pid ?? Number.NaN, 'SIGKILL');
    await isRecordingAgain(recorder, camera, session?.session);
    await attachment.stop('paused');
    const { segments } = await expectNothingLostInSilence(bench, camera);
    const salvaged = segments.find(({ closed }) => closed === 'salvaged');
    expect(killedAtMs - (salvaged?.toMs ?? 0)).toBeLessThanOrEqual(2_500);
    expect(causesOf(segments)).toEqual(['ffmpeg-died']);
    expect(recorder.statistics().get(camera.id)?.segmentsByOutcome.salvaged).toBe(1);
  });

  test('gone and back: the gap says first that the stream ended, then that the camera was not there', async ({
    onTestFinished,
  }) => {
    const bench = await createBench({ onTestFinished });
    const camera = await bench.camera('gone');
    const recorder = await bench.recorder({ policies: { timeScale: 0.5 } });
    const { attachment, session } = await recorded(bench, camera, recorder);
    await camera.simulated.setFault({ kind: 'refuse' });
    await camera.simulated.setFault({ kind: 'reset' });
    await until('it was tried', () => recorder.statistics().get(camera.id)?.sessionsByOutcome['unreachable']);
    await camera.simulated.clearFaults();
    await isRecordingAgain(recorder, camera, session?.session);
    await attachment.stop('paused');
    const { segments } = await expectNothingLostInSilence(bench, camera);
    expect(causesOf(segments)).toEqual(['stream-ended', 'camera-unreachable']);
    const gapSec = recorder.statistics().get(camera.id)?.gapSecByCause['camera-unreachable'] ?? 0;
    expect(gapSec).toBeGreaterThan(0);
  });

  test('refusing the password: asked ever more seldom, also by the next recorder', async ({ onTestFinished }) => {
    const bench = await createBench({ onTestFinished });
    const camera = await bench.camera('locked');
    await camera.simulated.setFault({ kind: 'wrong-password' });
    const policies = { timeScale: 0.02 };
    const recorder = await bench.recorder({ policies });
    await recorder.attach(camera.id, camera.spec, FRESH);
    const refused = () => recorder.statistics().get(camera.id)?.sessionsByOutcome['unauthorized'] ?? 0;
    await until('it was refused', () => refused() === 1);
    const firstAtMs = Date.now();
    await until('it was refused again', () => refused() === 2);
    expect(Date.now() - firstAtMs).toBeGreaterThanOrEqual(1_200);
    const condition = recorder.conditions().get(camera.id);
    expect(condition).toMatchObject({ kind: 'down', cause: 'camera-refused' });
    await until('the lock is journaled', async () => {
      const journaled = (await bench.spool.assignments.find(camera.id))?.notBeforeMs ?? 0;
      return journaled > Date.now() + 4_000;
    });
    await recorder.close('detach');
    const attempts = camera.simulated.attempts.length;
    const next = await bench.recorder({ policies });
    expect(next.conditions().get(camera.id)).toMatchObject({ kind: 'down', cause: 'camera-refused' });
    expect(camera.simulated.attempts.length).toBe(attempts);
    const again = await next.attach(camera.id, camera.spec, FRESH);
    await again.stop('paused');
    await next.attach(camera.id, camera.spec, FRESH);
    expect(next.conditions().get(camera.id)).toMatchObject({ kind: 'down', cause: 'camera-refused' });
    expect(camera.simulated.attempts.length).toBe(attempts);
    await next.close('stop');
  });

  test('with another picture in mid-stream: recorded by a session that knows it', async ({ onTestFinished }) => {
    const bench = await createBench({ onTestFinished });
    const camera = await bench.camera('changed');
    const recorder = await bench.recorder();
    const { attachment, session } = await recorded(bench, camera, recorder);
    await camera.simulated.setFault({ kind: 'new-parameters', picture: await smallPicture('other') });
    await isRecordingAgain(recorder, camera, session?.session);
    await attachment.stop('paused');
    const { segments } = await expectNothingLostInSilence(bench, camera);
    expect(causesOf(segments)).toEqual(['reconfigured']);
    expect(segments.at(-1)?.video.widthPx).toBe(480);
  });

  test('stopped while it is frozen: the ladder ends FFmpeg, and what was recorded is sealed', async ({
    onTestFinished,
  }) => {
    const bench = await createBench({ onTestFinished });
    const camera = await bench.camera('stuck');
    const recorder = await bench.recorder();
    const spec = { ...camera.spec, socketTimeoutMs: 1_000 };
    const { attachment } = await recorded(bench, { ...camera, spec }, recorder);
    await camera.simulated.setFault({ kind: 'freeze', connections: 'all' });
    const askedAtMs = Date.now();
    await attachment.stop('cancelled');
    expect(Date.now() - askedAtMs).toBeLessThanOrEqual(2 * spec.socketTimeoutMs + 2_000 + 1_500);
    expect(await bench.processes.list()).toEqual([]);
    expect((await bench.segments(camera.id)).at(-1)?.closed).toBe('stop-requested');
  });
});

describe.concurrent('a recorder', () => {
  test('that goes and comes again adopts what runs: no frame lost, no gap', async ({ onTestFinished }) => {
    const bench = await createBench({ onTestFinished });
    const camera = await bench.camera('adopted');
    const first = await bench.recorder();
    const { session } = await recorded(bench, camera, first);
    const since = first.conditions().get(camera.id)?.sinceMs ?? 0;
    await first.close('detach');
    // Long enough for a cut that nobody sees.
    expect((await bench.spool.assignments.find(camera.id))?.openClaims).toEqual([]);
    await until('FFmpeg went on alone', async () => Date.now() % 5_000 > 1_500 && Date.now() % 5_000 < 2_000);
    const second = await bench.recorder();
    await isRecording(second, camera.id);
    const condition = second.conditions().get(camera.id);
    expect(condition).toMatchObject({ session: session?.session });
    // From the start of its session, the camera's connecting included.
    expect(condition?.sinceMs).toBeLessThanOrEqual(since);
    expect(condition?.sinceMs).toBeGreaterThan(since - 6_000);
    expect(second.unattached().map(({ camera: id }) => id)).toEqual([camera.id]);
    await until('a cut was seen', async () => (await bench.segments(camera.id)).length >= 2);
    await second.stopUnattached(camera.id, 'paused');
    const { segments, report } = await expectNothingLostInSilence(bench, camera);
    expect(report.insideGaps).toBe(0);
    expect(causesOf(segments)).toEqual([]);
  });

  test('finds that FFmpeg died while it was away: salvages, records again, and says so', async ({ onTestFinished }) => {
    const bench = await createBench({ onTestFinished });
    const camera = await bench.camera('orphaned');
    const first = await bench.recorder();
    const { session } = await recorded(bench, camera, first);
    await first.close('detach');
    await midSegment();
    process.kill(session?.pid ?? Number.NaN, 'SIGKILL');
    await until('it is gone', async () => (await bench.processes.list()).length === 0);
    const second = await bench.recorder();
    await isRecordingAgain(second, camera, session?.session);
    await second.close('stop');
    const { segments } = await expectNothingLostInSilence(bench, camera);
    expect(segments.map(({ closed }) => closed)).toContain('salvaged');
    expect(causesOf(segments)).toEqual(['ffmpeg-died']);
    expect((await bench.spool.assignments.find(camera.id))?.desired).toBe('record');
  });

  test('has heard of an end only when its files are sealed and its cause is in the assignment', async ({
    onTestFinished,
  }) => {
    const bench = await createBench({ onTestFinished });
    const camera = await bench.camera('noted');
    const recorder = await bench.recorder();
    const { session } = await recorded(bench, camera, recorder);
    const { assignments } = bench.spool;
    const save = assignments.save.bind(assignments);
    let go: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    let isSaving = false;
    assignments.save = async (assignment) => {
      isSaving = true;
      await gate;
      await save(assignment);
    };
    process.kill(session?.pid ?? Number.NaN, 'SIGKILL');
    await until('it is sealed', () => bench.logged.some((line) => line.includes('"sealed"')));
    expect(isSaving).toBe(true);
    expect(bench.processes.unheard().map((exit) => exit.session)).toEqual([session?.session]);
    go();
    await until('it is heard', () => bench.processes.unheard().length === 0);
    expect((await assignments.find(camera.id))?.openClaims.map(({ cause }) => cause)).toEqual(['ffmpeg-died']);
    await recorder.close('stop');
  });

  test.for([
    { when: 'mid-segment', isTime: midSegment },
    // The first pictures of a file wait for their sound, and FFmpeg opens the file when it gives the camera up.
    { when: 'right after a cut', isTime: afterCut },
  ])(
    'whose keeper was killed seals what the FFmpeg of a camera frozen $when left only when that is gone',
    async ({ isTime }, { onTestFinished }) => {
      const bench = await createBench({ onTestFinished });
      const camera = await bench.camera('left');
      const first = await bench.recorder();
      const { session } = await recorded(bench, camera, first);
      await isTime(camera);
      await first.close('detach');
      await camera.simulated.setFault({ kind: 'freeze', connections: 'open' });
      const second = await bench.recorder({}, await bench.nextKeeper());
      await isRecordingAgain(second, camera, session?.session);
      await second.close('stop');
      const { segments } = await expectNothingLostInSilence(bench, camera);
      for (const { id, recording } of segments) {
        const { size } = await stat(join(bench.spool.layout.sealedDir(camera.id), `${id}.recording.mp4`));
        expect(size).toBe(recording.sizeBytes);
      }
      expect(causesOf(segments)).toEqual(['recorder-restarted']);
    },
  );

  test('whose order to spawn was obeyed, but never answered, follows what was started', async ({ onTestFinished }) => {
    const bench = await createBench({ onTestFinished });
    const camera = await bench.camera('unheard');
    let lost = 0;
    const noAnswer = () => new KeeperError('no-answer', 'no answer');
    const recorder = await bench.recorder({}, (keeper) => ({
      ...keeper,
      spawn: async (request) => {
        await keeper.spawn(request);
        throw noAnswer();
      },
      list: async () => {
        lost += 1;
        if (lost === 2) throw noAnswer();
        return await keeper.list();
      },
    }));
    const { attachment, session } = await recorded(bench, camera, recorder);
    expect(recorder.conditions().get(camera.id)).toMatchObject({ session: session?.session });
    await attachment.stop('paused');
    const { segments } = await expectNothingLostInSilence(bench, camera);
    expect(causesOf(segments)).toEqual([]);
    expect(lost).toBe(3);
    expect(camera.simulated.attempts.filter(({ outcome }) => outcome === 'accepted')).toHaveLength(1);
  });

  test('that is told of a recording it knows nothing of follows that one', async ({ onTestFinished }) => {
    const bench = await createBench({ onTestFinished });
    const camera = await bench.camera('foreign');
    const foreign = parseSessionId('20260102T030405Z-0001');
    const recorder = await bench.recorder({}, (keeper) => ({
      ...keeper,
      spawn: async (request) => {
        if ((await keeper.list()).length === 0) {
          const cwd = bench.spool.layout.sessionDir(camera.id, foreign);
          const { id, spec } = camera;
          await writeSessionFile(cwd, { schema: 1, session: foreign, camera: id, spec, startedAtMs: Date.now() });
          await keeper.spawn({ ...request, session: foreign, cwd });
        }
        return await keeper.spawn(request);
      },
    }));
    const { attachment } = await recorded(bench, camera, recorder);
    expect(recorder.conditions().get(camera.id)).toMatchObject({ session: foreign });
    await attachment.stop('paused');
    const { segments } = await expectNothingLostInSilence(bench, camera);
    expect(segments[0]?.session).toBe(foreign);
    expect(causesOf(segments)).toEqual([]);
    expect(camera.simulated.attempts.filter(({ outcome }) => outcome === 'accepted')).toHaveLength(1);
    expect(await listSessions(bench.spool.layout)).toEqual([]);
  });

  test('stops while space is short, and goes on when it is back', async ({ onTestFinished }) => {
    const bench = await createBench({ onTestFinished });
    const camera = await bench.camera('full');
    let freeBytes = 10_000;
    const recorder = await bench.recorder({
      freeBytes: async () => freeBytes,
      policies: { minFreeBytes: 5_000, spaceEveryMs: 200, timeScale: 0.5 },
    });
    const { attachment, session } = await recorded(bench, camera, recorder);
    freeBytes = 4_000;
    await until('it stopped', () => recorder.conditions().get(camera.id)?.kind === 'down');
    expect(await recorder.declines(camera.id, camera.spec)).toMatchObject({ code: 'no-space' });
    await until('nothing is written', async () => (await bench.processes.list()).length === 0);
    freeBytes = 10_000;
    await isRecordingAgain(recorder, camera, session?.session);
    await attachment.stop('paused');
    const { segments } = await expectNothingLostInSilence(bench, camera);
    expect(causesOf(segments)).toEqual(['disk-full']);
  });

  test('attached again with another spec: the older attachment stops nothing, the gap is an operator’s', async ({
    onTestFinished,
  }) => {
    const bench = await createBench({ onTestFinished });
    const camera = await bench.camera('again');
    const recorder = await bench.recorder();
    const { attachment: older, session } = await recorded(bench, camera, recorder);
    const same = await recorder.attach(camera.id, camera.spec, FRESH);
    expect(older.superseded.aborted).toBe(true);
    await older.stop('cancelled');
    expect(recorder.conditions().get(camera.id)).toMatchObject({ kind: 'recording', session: session?.session });
    const newer = await recorder.attach(camera.id, { ...camera.spec, audio: 'off' }, FRESH);
    expect(same.superseded.aborted).toBe(true);
    await isRecordingAgain(recorder, camera, session?.session);
    await newer.stop('paused');
    const { segments } = await expectNothingLostInSilence(bench, camera);
    expect(causesOf(segments)).toEqual(['reconfigured']);
  });

  test('says of a camera it has no URL for that it has none, and not that the camera refuses', async ({
    onTestFinished,
  }) => {
    const bench = await createBench({ onTestFinished });
    const camera = await bench.camera('unknown');
    const recorder = await bench.recorder();
    await recorder.attach(camera.id, { ...camera.spec, source: { kind: 'secret', name: 'nobody' } }, FRESH);
    const down = await until('it is down', () => recorder.conditions().get(camera.id)?.kind === 'down');
    expect(down && recorder.conditions().get(camera.id)).toMatchObject({ refusal: 'no-url' });
  });

  test('declines a camera it has no URL for, and one too many', async ({ onTestFinished }) => {
    const bench = await createBench({ onTestFinished });
    const camera = await bench.camera('wanted');
    const recorder = await bench.recorder({ policies: { maxCameras: 0 } });
    const unknown = { ...camera.spec, source: { kind: 'secret', name: 'nobody' } } as const;
    expect(await recorder.declines(camera.id, unknown)).toMatchObject({ code: 'no-secret' });
    expect(await recorder.declines(camera.id, camera.spec)).toMatchObject({ code: 'no-capacity' });
  });

  test('declines a camera to whose network there is no way, and tries on for one it is to record', async ({
    onTestFinished,
  }) => {
    const bench = await createBench({ onTestFinished });
    const camera = await bench.camera('far');
    let isConnected = false;
    const recorder = await bench.recorder({ hasRoute: async () => isConnected });
    await recorder.recordUnattached(camera.id, camera.spec);
    expect(await recorder.declines(camera.id, camera.spec)).toMatchObject({ code: 'no-route' });
    await until('it records', () => recorder.conditions().get(camera.id)?.kind === 'recording');
    expect(recorder.unattached()).toHaveLength(1);
    isConnected = true;
    expect(await recorder.declines(camera.id, camera.spec)).toBeNull();
  });
});
