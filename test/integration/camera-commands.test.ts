/** A camera's life by the `temporal` command line alone, against the real program: what an operator types, and what it does within 15 s. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, inject, it } from 'vitest';
import type { GapCause } from '../../src/domain/coverage.js';
import { declineTexts } from '../../src/domain/declines.js';
import { gapCauseTexts } from '../../src/domain/gap-causes.js';
import { type CameraId, parseCameraId } from '../../src/domain/ids.js';
import type { ReadinessAnswer } from '../../src/http/readiness.js';
import { UNSTABLE_FROM } from '../../src/recorder/camera-stability.js';
import { loadPicture } from '../../src/simulator/picture.js';
import { createSimulatedCamera, type SimulatedCamera } from '../../src/simulator/simulated-camera.js';
import type { CameraStatus } from '../../src/workflows/contract.js';
import { afterFile } from '../support/after-file.js';
import { temporalCli } from '../support/camera-harness.js';
import { type RecorderSystem, startSystem } from '../support/recorder-system.js';
import { tempDirUntil } from '../support/temp-dir.js';
import { toolPath } from '../support/tools.js';
import { waitFor } from '../support/wait-for.js';

const CACHE_DIR = fileURLToPath(new URL('../../.cache/', import.meta.url));
const CAMERA: CameraId = parseCameraId('camera-3');
const PROMPT_MS = 15_000;
const SECRET_INPUT = '{"spec":{"source":{"kind":"secret","name":"camera-3"}}}';
/** Of the times a segment and a claim say, where they meet. */
const EDGE_MS = 500;

const { address } = inject('temporal');
let system: RecorderSystem;
let camera: SimulatedCamera;
let secretsDir: string;

beforeAll(async () => {
  secretsDir = await tempDirUntil(afterFile, 'secrets');
  system = await startSystem({
    register: afterFile,
    cameras: [{}],
    segmentSec: 5,
    env: { CAMERA_SECRETS_DIR: secretsDir },
  });
  await system.recording();
  const picture = await loadPicture('small', { ffmpegPath: toolPath('ffmpeg'), cacheDir: CACHE_DIR });
  camera = await createSimulatedCamera({ picture, user: 'admin', password: 'hunter2' });
  afterFile(async () => await camera.close());
});

const cli = async (...args: readonly string[]): Promise<string> => await temporalCli(address, system.namespace, args);
const workflow = async (verb: string, ...args: readonly string[]): Promise<string> =>
  await cli('workflow', verb, '--workflow-id', CAMERA, ...args);
const start = async (id: string, input: string): Promise<string> =>
  await cli(
    ...['workflow', 'start', '--type', 'Camera', '--task-queue', 'camera-recorder', '--workflow-id', id],
    ...['--fail-existing', '--input', input],
  );
const update = async (name: string, ...args: readonly string[]): Promise<string> =>
  await cli('workflow', 'update', 'execute', '--workflow-id', CAMERA, '--name', name, ...args);

async function status(): Promise<CameraStatus> {
  const { queryResult } = JSON.parse(await workflow('query', '--type', 'status', '-o', 'json'));
  return queryResult[0];
}

/** FFmpeg runs, and not the one before; the page and the camera itself agree. @returns its pid */
async function recordsWithin(before: number | undefined): Promise<number> {
  const pid = await waitFor(
    async () => {
      const running = system.ffmpegPid(CAMERA);
      const isGood = (await system.status(CAMERA))?.level === 'good';
      return running !== before && isGood && camera.connections.some(({ isPlaying }) => isPlaying) && running;
    },
    { what: 'the camera to be recorded', deadlineMs: PROMPT_MS, pollMs: 100 },
  );
  return pid;
}

async function stopsWithin(): Promise<void> {
  await waitFor(() => system.ffmpegPid(CAMERA) === undefined && camera.connections.length === 0, {
    what: 'FFmpeg to end and to leave the camera',
    deadlineMs: PROMPT_MS,
    pollMs: 100,
  });
}

/** Stored footage of the camera with a gap of this cause alone before it, which spans the time between the segments. */
async function gapStored(cause: GapCause): Promise<void> {
  const stored = await waitFor(
    async () => {
      const found = (await system.stored(CAMERA)).map(({ segment }) => segment);
      return found.at(-1)?.gapsBefore.some((gap) => gap.cause === cause) && found;
    },
    { what: `the gap ${cause} in the bucket`, deadlineMs: 30_000, pollMs: 500 },
  );
  const [before, after] = stored.slice(-2);
  expect(after?.gapsBefore.map((gap) => gap.cause)).toEqual([cause]);
  const [gap] = after?.gapsBefore ?? [];
  expect(Math.abs((gap?.fromMs ?? 0) - (before?.toMs ?? 0))).toBeLessThanOrEqual(EDGE_MS);
  expect(Math.abs((gap?.toMs ?? 0) - (after?.fromMs ?? 0))).toBeLessThanOrEqual(EDGE_MS);
}

it('start adds a camera; that its secret is missing is told in words, until it is there', {
  timeout: 60_000,
}, async () => {
  await start(CAMERA, SECRET_INPUT);
  const shown = await waitFor(async () => await system.status(CAMERA), {
    what: 'the page to have the camera',
    deadlineMs: PROMPT_MS,
    pollMs: 200,
  });
  const { what, todo } = declineTexts['no-secret'];
  expect(shown).toMatchObject({ level: 'bad', state: expect.stringContaining(what), todo });
  await writeFile(join(secretsDir, CAMERA), `${camera.url}\n`, { mode: 0o600 });
  await recordsWithin(undefined);
  await expect(start(CAMERA, SECRET_INPUT)).rejects.toMatchObject({ exitCode: 1 });
  await expect(start(CAMERA, SECRET_INPUT)).rejects.toThrow(/already (started|running)/i);
});

it('query status says what is wanted, where and how', { timeout: 40_000 }, async () => {
  const told = await waitFor(async () => (await status()).condition.kind === 'recording' && (await status()), {
    what: 'the workflow to know that it records',
    deadlineMs: PROMPT_MS,
    pollMs: 500,
  });
  expect(told).toMatchObject({ camera: CAMERA, desired: 'record', stopping: null, spec: { segmentDurationSec: 900 } });
  expect(told.recorder).not.toBeNull();
});

it('update pause and resume', { timeout: 60_000 }, async () => {
  const before = system.ffmpegPid(CAMERA);
  await update('pause');
  await stopsWithin();
  // The recorder seals the last segment before it says so.
  await waitFor(
    async () => (await status()).condition.kind === 'paused' && (await system.status(CAMERA))?.level === 'off',
    { what: 'workflow and page to say that it is paused', deadlineMs: PROMPT_MS, pollMs: 200 },
  );
  expect((await status()).desired).toBe('pause');
  await update('resume');
  await recordsWithin(before);
});

it('update reconfigure: segments of ten seconds from now on', { timeout: 60_000 }, async () => {
  const before = system.ffmpegPid(CAMERA);
  await update('reconfigure', '--input', '{"segmentDurationSec":10}');
  await recordsWithin(before);
  await gapStored('reconfigured');
  const next = await waitFor(
    async () => (await system.stored(CAMERA)).map(({ segment }) => segment).find(({ index }) => index === 1),
    { what: 'the first cut', deadlineMs: 30_000, pollMs: 500 },
  );
  expect(new Date(next.nominalStartMs).getUTCSeconds() % 10).toBe(0);
  expect(Math.abs(next.toMs - next.fromMs - 10_000)).toBeLessThanOrEqual(2_100);
});

it('cancel removes it; started again, the time between is told', { timeout: 60_000 }, async () => {
  const before = system.ffmpegPid(CAMERA);
  await workflow('cancel');
  await stopsWithin();
  await waitFor(async () => (await workflow('describe')).match(/Status\s+CANCELED/), {
    what: 'the workflow to be canceled',
    deadlineMs: PROMPT_MS,
    pollMs: 500,
  });
  const shown = await waitFor(
    async () => {
      const line = await system.status(CAMERA);
      return line?.level === 'off' && line.state.includes(gapCauseTexts.removed.what) && line;
    },
    { what: 'the page to say why the camera is not recorded', deadlineMs: PROMPT_MS, pollMs: 200 },
  );
  expect(shown.state).toMatch(/^not recorded here: .* Last (stored|sealed) /);
  expect(shown.todo).toBe(gapCauseTexts.removed.todo);
  await start(CAMERA, SECRET_INPUT.replace('}}}', '},"segmentDurationSec":5}}'));
  await recordsWithin(before);
  await gapStored('removed');
  const causes = (await system.stored(CAMERA)).flatMap(({ segment }) => segment.gapsBefore.map(({ cause }) => cause));
  expect(causes).toEqual(['paused', 'reconfigured', 'removed']);
});

it('a camera that loses its connection again and again is unstable, and no alarm each time', {
  timeout: 90_000,
}, async () => {
  const isRecording = async (): Promise<boolean | undefined> => (await system.status(CAMERA))?.isRecording;
  for (let loss = 1; loss <= UNSTABLE_FROM; loss++) {
    await waitFor(isRecording, { what: `it to record before loss ${loss}`, deadlineMs: PROMPT_MS, pollMs: 100 });
    await camera.setFault({ kind: 'reset' });
    const isLost = async (): Promise<boolean> => (await isRecording()) === false;
    await waitFor(isLost, { what: `loss ${loss} to be seen`, deadlineMs: PROMPT_MS, pollMs: 50 });
  }
  const levels = new Set<string | undefined>();
  const again = await waitFor(
    async () => {
      const line = await system.status(CAMERA);
      levels.add(line?.level);
      return line?.isRecording === true && line;
    },
    { what: 'it to record again', deadlineMs: PROMPT_MS, pollMs: 100 },
  );
  expect([...levels]).toEqual(['unstable']);
  expect(again.state).toMatch(/^unstable since \S+: 6 reconnects\/h, \d\d\.\d % covered; recording since /);
  const ready: ReadinessAnswer = JSON.parse((await system.recorder.page('/ready')) ?? '');
  const words = ready.cameras.find(({ id }) => id === CAMERA)?.state;
  expect(words).toMatch(/unstable \(6 reconnects\/h, \d\d\.\d % covered\), recording$/);
  const unstable = ((await system.recorder.page('/metrics')) ?? '').matchAll(/^camera_unstable\{[^}]*"([^"]+)"\} 1$/gm);
  expect([...unstable].map(([, id]) => id)).toEqual([CAMERA]);
  expect(system.recorder.output().match(/unstable: each blip/g)).toHaveLength(1);
  const worker = system.recorder.workerPid() ?? Number.NaN;
  process.kill(worker, 'SIGKILL');
  await waitFor(
    async () => system.recorder.workerPid() !== worker && (await system.status(CAMERA))?.level === 'unstable',
    { what: 'the next worker to say it too', deadlineMs: PROMPT_MS, pollMs: 100 },
  );
  expect((await system.status(CAMERA))?.state).toContain(': 6 reconnects/h, ');
});

it('an input with a password is refused in words, and the other cameras never noticed', {
  timeout: 30_000,
}, async () => {
  await start('camera-9', '{"spec":{"source":{"kind":"url","rtspUrl":"rtsp://admin:hunter2@127.0.0.1/stream1"}}}');
  const failure = cli('workflow', 'result', '--workflow-id', 'camera-9');
  await expect(failure).rejects.toMatchObject({ exitCode: 1, message: expect.stringMatching(/CAMERA_SECRETS_DIR/) });
  await expect(failure).rejects.toThrow(/temporal workflow delete --workflow-id camera-9/);
  expect(system.recorder.output()).not.toContain('hunter2');
  expect(await system.audit(0)).toMatchObject({ missing: [], doubled: [], gaps: [] });
});
