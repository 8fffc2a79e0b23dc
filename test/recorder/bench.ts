import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { systemClock } from '../../src/clock.js';
import { type CameraSpec, DEFAULT_SPEC } from '../../src/domain/camera.js';
import { type CameraId, parseCameraId, parseRecorderId, type SegmentId } from '../../src/domain/ids.js';
import type { SealedSegment } from '../../src/domain/segment.js';
import { FfmpegProcesses } from '../../src/keeper/ffmpeg-processes.js';
import type { KeeperClient, ProcessExit } from '../../src/keeper/keeper-client.js';
import { findLeft } from '../../src/keeper/left-processes.js';
import type { Logger } from '../../src/log.js';
import { scanFrames } from '../../src/mp4/frame-scanner.js';
import { createRecorder, type RecorderDeps } from '../../src/recorder/create-recorder.js';
import type { Recorder } from '../../src/recorder/recorder.js';
import { loadPicture, type PictureName } from '../../src/simulator/picture.js';
import {
  createSimulatedCamera,
  type SimulatedCamera,
  type SimulatedCameraOptions,
} from '../../src/simulator/simulated-camera.js';
import type { Disk } from '../../src/spool/durable-file.js';
import { openSpool } from '../../src/spool/open-spool.js';
import type { Spool } from '../../src/spool/spool.js';
import { toolPath } from '../support/tools.js';

export const ffmpegPath = toolPath('ffmpeg');

/** Of every test camera; all its characters are ones that break naive quoting. */
export const PASSWORD = "p'a@s s";

/** One spool, one holder of FFmpeg processes, as many recorders one after the other as a test wants. */
export interface Bench {
  readonly spool: Spool;
  readonly processes: FfmpegProcesses;
  /** Every line the recorders logged. */
  readonly logged: readonly string[];
  /** @param keeperOf may put something between the recorder and its keeper */
  recorder(changed?: Partial<RecorderDeps>, keeperOf?: (keeper: KeeperClient) => KeeperClient): Promise<Recorder>;
  /** What is as if the keeper had been killed and the next one started at once. Recorders get it as `keeperOf`. */
  nextKeeper(): Promise<() => KeeperClient>;
  camera(id: string, options?: Partial<SimulatedCameraOptions>): Promise<TestCamera>;
  segments(camera: CameraId): Promise<readonly SealedSegment[]>;
  /** Counters of all frames in sealed segments, in order. */
  storedFrames(camera: CameraId): Promise<readonly number[]>;
}

export interface TestCamera {
  readonly id: CameraId;
  readonly spec: CameraSpec;
  readonly simulated: SimulatedCamera;
}

/** Tears down what a test, or a file of tests, has made. */
export interface TestLife {
  onTestFinished(tearDown: () => Promise<void>, timeoutMs?: number): void;
}

/**
 * @param onTestFinished the test's own: with tests side by side the global one does not know whose it is
 * @param openIn makes the bench's spool, in a folder that is new and empty
 */
export async function createBench(
  { onTestFinished }: TestLife,
  openIn: (root: string, log: Logger) => Promise<Spool> = openBenchSpool,
): Promise<Bench> {
  const root = await mkdtemp(join(tmpdir(), 'recorder-'));
  const logged: string[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void logged.push(line) });
  const keepers = new Set<(exit: ProcessExit) => void>();
  const processes = new FfmpegProcesses({
    log: () => undefined,
    onExited: (exit) => {
      for (const tell of keepers) tell(exit);
    },
    searchPath: process.env['PATH'] ?? '',
    spoolDir: root,
  });
  const secrets = new Map<string, string>();
  const open: Recorder[] = [];
  onTestFinished(async () => {
    await Promise.all(open.map((recorder) => recorder.close('detach')));
    await processes.stopAll(500, AbortSignal.abort());
    await rm(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }, 20_000);
  const spool = await openIn(root, log);

  return {
    spool,
    processes,
    logged,
    recorder: async (changed = {}, keeperOf = (keeper) => keeper) => {
      const keeper = keeperOf(keeperClientOf(processes, keepers));
      const recorder = createRecorder({
        spool,
        keeper,
        resolveUrl: async (source) => (source.kind === 'secret' ? secrets.get(source.name) : source.rtspUrl),
        ffmpegPath,
        clock: systemClock,
        random: Math.random,
        log,
        ...changed,
        policies: { minFreeBytes: 0, ...changed.policies },
      });
      open.push(recorder);
      await recorder.start();
      // As the worker does when it leaves.
      const close = recorder.close.bind(recorder);
      recorder.close = async (mode) => {
        await close(mode);
        keeper.close();
      };
      return recorder;
    },
    nextKeeper: async () => {
      const told = new Set<(exit: ProcessExit) => void>();
      const next = new FfmpegProcesses({
        log: () => undefined,
        onExited: (exit) => {
          for (const tell of told) tell(exit);
        },
        searchPath: process.env['PATH'] ?? '',
        spoolDir: root,
      });
      onTestFinished(() => next.stopAll(500, AbortSignal.abort()), 10_000);
      const { ffmpegs } = await findLeft(root);
      // The kernel's word to each of them.
      for (const { pid } of ffmpegs) process.kill(pid, 'SIGTERM');
      for (const left of ffmpegs) await next.takeOver(left, 7_000);
      return () => keeperClientOf(next, told);
    },
    camera: async (name, options = {}) => {
      const simulated = await createSimulatedCamera({
        picture: await smallPicture(),
        user: 'cam',
        password: PASSWORD,
        sessionTimeoutMs: 3_000,
        ...options,
      });
      onTestFinished(() => simulated.close());
      secrets.set(name, simulated.url);
      const source = { kind: 'secret', name } as const;
      return {
        id: parseCameraId(name),
        simulated,
        spec: { ...DEFAULT_SPEC, source, segmentDurationSec: 5 },
      };
    },
    segments: (camera) => segmentsOf(spool, camera),
    storedFrames: (camera) => storedFramesOf(spool, camera),
  };
}

/** @param disk may tell of the steps that are taken */
export async function openBenchSpool(root: string, log: Logger, disk?: Disk): Promise<Spool> {
  const options = { log, reserveBytes: 4_096, recorderId: parseRecorderId('bench') };
  return await openSpool(root, disk === undefined ? options : { ...options, disk });
}

export async function smallPicture(name: PictureName = 'small') {
  return await loadPicture(name, { ffmpegPath, cacheDir: new URL('../../.cache/pictures', import.meta.url).pathname });
}

export async function until<T>(
  what: string,
  look: () => T | undefined | false | null | Promise<T | undefined | false | null>,
  timeoutMs = 20_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false && found !== null) return found;
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await systemClock.sleep(25);
  }
}

export async function isRecording(recorder: Recorder, camera: CameraId): Promise<void> {
  await until(`${camera} is recording`, () => recorder.conditions().get(camera)?.kind === 'recording');
}

async function segmentsOf(spool: Spool, camera: CameraId): Promise<readonly SealedSegment[]> {
  const found: SealedSegment[] = [];
  for await (const { segment } of spool.list()) if (segment.camera === camera) found.push(segment);
  return found.sort((a, b) => (a.id < b.id ? -1 : 1));
}

async function storedFramesOf(spool: Spool, camera: CameraId): Promise<readonly number[]> {
  const counters: number[] = [];
  for (const { id } of await segmentsOf(spool, camera)) counters.push(...(await framesOf(spool, id)));
  return counters;
}

/** Counters of the frames in one segment, in order. */
export async function framesOf(spool: Spool, id: SegmentId): Promise<readonly number[]> {
  const counters: number[] = [];
  const source = await spool.read(id);
  const readAt = {
    read: async (into: Uint8Array, offsetBytes: number) => {
      const sizeBytes = Math.max(0, Math.min(into.length, source.sizeBytes - offsetBytes));
      await source.read(into.subarray(0, sizeBytes), offsetBytes);
      return sizeBytes;
    },
  };
  for await (const frame of scanFrames(readAt, source.sizeBytes)) counters.push(frame.counter);
  await source.close();
  return counters;
}

function keeperClientOf(processes: FfmpegProcesses, keepers: Set<(exit: ProcessExit) => void>): KeeperClient {
  let tell: ((exit: ProcessExit) => void) | undefined;
  return {
    spawn: (request) => processes.spawn(request),
    signal: async (session, signal) => processes.signal(session, signal),
    list: () => processes.list(),
    onExited: (listener) => {
      tell = (exit) =>
        void listener(exit).then(
          () => processes.heard(exit.session),
          () => undefined,
        );
      for (const exit of processes.unheard()) tell(exit);
      keepers.add(tell);
    },
    onLeave: () => undefined,
    supervision: () => null,
    ready: () => undefined,
    disconnected: new AbortController().signal,
    close: () => {
      if (tell !== undefined) keepers.delete(tell);
    },
  };
}
