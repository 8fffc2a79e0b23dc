/** Everything real at once: simulated cameras, the program with its keeper, worker and FFmpegs, Temporal, SeaweedFS; and the counting. */
import { randomBytes } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import { Client, Connection } from '@temporalio/client';
import { inject } from 'vitest';
import type { GapClaim } from '../../src/domain/coverage.js';
import { crc32Hex } from '../../src/domain/crc32.js';
import { type CameraId, parseCameraId } from '../../src/domain/ids.js';
import type { SealedSegment } from '../../src/domain/segment.js';
import type { TimeRange } from '../../src/domain/time-range.js';
import type { CameraView, StatusView } from '../../src/http/status-view.js';
import { segmentFromMetadata } from '../../src/object-store/coverage-metadata.js';
import type { ObjectStore } from '../../src/object-store/object-store.js';
import { createS3Store } from '../../src/object-store/s3.js';
import { type AuditReport, auditFrames, storedCounters } from '../../src/simulator/audit.js';
import type { ProducedFrame } from '../../src/simulator/frame-log.js';
import { loadPicture, type PictureName } from '../../src/simulator/picture.js';
import {
  createSimulatedCamera,
  type SimulatedCamera,
  type SimulatedCameraOptions,
} from '../../src/simulator/simulated-camera.js';
import { freePort } from './ports.js';
import { type RecorderProcess, startRecorderProcess } from './recorder-process.js';
import { tempDirUntil } from './temp-dir.js';
import { createNamespace } from './temporal-namespace.js';
import { toolPath } from './tools.js';
import { waitFor } from './wait-for.js';

const CACHE_DIR = fileURLToPath(new URL('../../.cache/', import.meta.url));
const SIGNAL_MS = 60_000;
/** Between the end of a segment and the start of the next; less than any segment. */
const CHAIN_MS = 500;

export interface SystemOptions {
  /** `afterFile` or `onTestFinished`. */
  readonly register: (tearDown: () => Promise<void>) => unknown;
  /** Default: the suite's. `namespace`: one that is there already; default: a new one. */
  readonly temporal?: { readonly address: string; readonly namespace?: string };
  /** Default: the suite's. */
  readonly s3?: { readonly endpoint: string; readonly accessKeyId: string; readonly secretAccessKey: string };
  /** One simulated camera each. */
  readonly cameras: readonly Partial<SimulatedCameraOptions>[];
  readonly segmentSec: number;
  readonly picture?: PictureName;
  /** Default: a temporary folder. */
  readonly spoolDir?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What the recorder's clock says when a right one says `atMs`; default: the same. What cameras made is told by it. */
  readonly clock?: (atMs: number) => number;
  /** Of the program; default: `worker --role all`. */
  readonly args?: readonly string[];
}

export interface StoredSegment {
  readonly key: string;
  readonly segment: SealedSegment;
}

/** What the bucket holds of a camera, beside what the camera produced. */
export interface Footage {
  /** Oldest first. */
  readonly segments: readonly SealedSegment[];
  readonly gaps: readonly GapClaim[];
  /** One for every time a frame was found. */
  readonly counters: readonly number[];
  /** The camera's own log, from its first stored frame to its last. */
  readonly produced: readonly ProducedFrame[];
  /** Sentences about objects that are not what they say of themselves (INV-1). */
  readonly damaged: readonly string[];
}

export interface RecorderSystem {
  readonly cameras: readonly SimulatedCamera[];
  readonly ids: readonly CameraId[];
  readonly store: ObjectStore;
  readonly bucket: string;
  readonly namespace: string;
  readonly spoolDir: string;
  /** The program's own folder for temporary files: empty when it has ended. */
  readonly temporaryDir: string;
  readonly env: Readonly<Record<string, string>>;
  /** Of the system's namespace. */
  readonly temporal: Client;
  /** The one that runs now. */
  readonly recorder: RecorderProcess;
  /** What all programs said, oldest first. */
  output(): string;
  /** Starts the program; the one before has ended. @param more settings for this time */
  start(more?: Readonly<Record<string, string>>): void;
  /** Resolves when all cameras record. */
  recording(deadlineMs?: number): Promise<void>;
  /** Its line on the page; `undefined` while the page does not answer. */
  status(camera: CameraId): Promise<CameraView | undefined>;
  /** The FFmpeg that records the camera now. */
  ffmpegPid(camera: CameraId): number | undefined;
  /** From the bucket alone, oldest first. */
  stored(camera: CameraId): Promise<readonly StoredSegment[]>;
  /** Resolves when the bucket holds footage or claims of the camera up to this time, with no segment still on its way. */
  storedUntil(camera: CameraId, atMs: number, deadlineMs?: number): Promise<readonly StoredSegment[]>;
  /** Resolves when the bucket holds a segment that began after this time, with none before it still on its way. */
  storedAfter(camera: CameraId, atMs: number, deadlineMs?: number): Promise<readonly StoredSegment[]>;
  /** Downloads everything of one camera. */
  footage(index: number): Promise<Footage>;
  /** Counts frames of one camera in the bucket against what the camera produced, from its first stored frame to its last. */
  audit(
    index: number,
    range?: TimeRange,
  ): Promise<AuditReport & { readonly gaps: readonly GapClaim[]; readonly segments: number }>;
}

/** Prepares everything and starts the program. */
export async function startSystem(options: SystemOptions): Promise<RecorderSystem> {
  const picture = await loadPicture(options.picture ?? 'small', {
    ffmpegPath: toolPath('ffmpeg'),
    cacheDir: CACHE_DIR,
  });
  const cameras = await Promise.all(
    options.cameras.map(async (camera) => await createSimulatedCamera({ picture, ...camera })),
  );
  const spoolDir = options.spoolDir ?? (await tempDirUntil(options.register, 'spool'));
  const temporaryDir = await tempDirUntil(options.register, 'temporary');
  const bucket = `test-${randomBytes(4).toString('hex')}`;
  const { address } = options.temporal ?? inject('temporal');
  const namespace = options.temporal?.namespace ?? (await createNamespace(address));
  const { endpoint, accessKeyId, secretAccessKey } = options.s3 ?? inject('s3');
  const store = createS3Store({ endpoint, bucket, region: 'us-east-1', accessKeyId, secretAccessKey });
  const env: Record<string, string> = {
    S3_ENDPOINT: endpoint,
    S3_BUCKET: bucket,
    S3_ACCESS_KEY_ID: accessKeyId,
    S3_SECRET_ACCESS_KEY: secretAccessKey,
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: namespace,
    TEMP_DIR: spoolDir,
    TMPDIR: temporaryDir,
    SEGMENT_SECONDS: String(options.segmentSec),
    SITE_TIMEZONE: 'Europe/Berlin',
    ...options.env,
  };
  cameras.forEach((camera, index) => {
    env[`CAMERA${index + 1}_RTSP_URL`] = camera.url;
  });
  const connection = await Connection.connect({ address });
  const temporal = new Client({ connection, namespace });
  const { args, clock = (atMs: number) => atMs } = options;
  const metricsPort = await freePort();
  const places = { bucket, namespace, spoolDir, temporaryDir, env, clock, metricsPort, ...(args && { args }) };
  const system = new System(cameras, { store, temporal }, places);
  options.register(async () => await system.close());
  system.start();
  return system;
}

interface Places {
  readonly bucket: string;
  readonly namespace: string;
  readonly spoolDir: string;
  readonly temporaryDir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly metricsPort: number;
  readonly clock: (atMs: number) => number;
  readonly args?: readonly string[];
}

class System implements RecorderSystem {
  readonly cameras: readonly SimulatedCamera[];
  readonly ids: readonly CameraId[];
  readonly store: ObjectStore;
  readonly temporal: Client;
  readonly #places: Places;
  readonly #started: RecorderProcess[] = [];
  #recorder: RecorderProcess | null = null;

  constructor(
    cameras: readonly SimulatedCamera[],
    clients: { readonly store: ObjectStore; readonly temporal: Client },
    places: Places,
  ) {
    this.cameras = cameras;
    this.ids = cameras.map((_, index) => parseCameraId(`camera-${index + 1}`));
    this.store = clients.store;
    this.temporal = clients.temporal;
    this.#places = places;
  }

  get bucket(): string {
    return this.#places.bucket;
  }

  get namespace(): string {
    return this.#places.namespace;
  }

  get spoolDir(): string {
    return this.#places.spoolDir;
  }

  get temporaryDir(): string {
    return this.#places.temporaryDir;
  }

  get env(): Readonly<Record<string, string>> {
    return this.#places.env;
  }

  get recorder(): RecorderProcess {
    if (this.#recorder === null) throw new Error('the program was not started');
    return this.#recorder;
  }

  output(): string {
    return this.#started.map((program) => program.output()).join('\n--- the program was started again ---\n');
  }

  start(more: Readonly<Record<string, string>> = {}): void {
    this.#recorder = startRecorderProcess({ ...this.#places, env: { ...this.#places.env, ...more } });
    this.#started.push(this.#recorder);
  }

  async recording(deadlineMs = 30_000): Promise<void> {
    await waitFor(
      async () => {
        const lines = await this.#statusLines();
        return this.ids.every((id) => lines.some((line) => line.id === id && line.isRecording));
      },
      { what: 'all cameras to record', deadlineMs, pollMs: 200 },
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}; the program said:\n${this.recorder.output().slice(-3_000)}`);
    });
  }

  async status(camera: CameraId): Promise<CameraView | undefined> {
    return (await this.#statusLines()).find(({ id }) => id === camera);
  }

  /** None while the page does not answer. */
  async #statusLines(): Promise<readonly CameraView[]> {
    const status: StatusView = JSON.parse((await this.recorder.page('/status.json')) ?? '{"cameras":[]}');
    return status.cameras;
  }

  ffmpegPid(camera: CameraId): number | undefined {
    return this.recorder.ffmpegPids().find((pid) => readlinkSync(`/proc/${pid}/cwd`).includes(`/open/${camera}/`));
  }

  async stored(camera: CameraId): Promise<readonly StoredSegment[]> {
    const found: StoredSegment[] = [];
    for await (const { key } of this.store.list(`${camera}/`, AbortSignal.timeout(SIGNAL_MS))) {
      const head = await this.store.head(key, AbortSignal.timeout(SIGNAL_MS));
      const segment = segmentFromMetadata(head?.metadata ?? {});
      if (segment !== undefined) found.push({ key, segment });
    }
    return found.toSorted((a, b) => a.segment.fromMs - b.segment.fromMs);
  }

  async storedUntil(camera: CameraId, atMs: number, deadlineMs = 60_000): Promise<readonly StoredSegment[]> {
    return await this.#storedWhen(camera, ({ toMs }) => toMs >= atMs, {
      what: `${camera} to be stored until ${new Date(atMs).toISOString()}`,
      deadlineMs,
    });
  }

  async storedAfter(camera: CameraId, atMs: number, deadlineMs = 60_000): Promise<readonly StoredSegment[]> {
    return await this.#storedWhen(camera, ({ fromMs }) => fromMs > atMs, {
      what: `a segment of ${camera} from after ${new Date(atMs).toISOString()}`,
      deadlineMs,
    });
  }

  async #storedWhen(
    camera: CameraId,
    isEnough: (last: SealedSegment) => boolean,
    wait: { readonly what: string; readonly deadlineMs: number },
  ): Promise<readonly StoredSegment[]> {
    return await waitFor(
      async () => {
        const found = await this.stored(camera);
        const last = found.at(-1)?.segment;
        return last !== undefined && isEnough(last) && areWhole(found) ? found : null;
      },
      { ...wait, pollMs: 500 },
    );
  }

  async footage(index: number): Promise<Footage> {
    const [camera, id] = [this.cameras[index], this.ids[index]];
    if (camera === undefined || id === undefined) throw new Error(`no camera ${index}`);
    const stored = await this.stored(id);
    const files = await Promise.all(
      stored.map(async ({ key, segment: { sizeBytes } }) => {
        const bytes = await this.#download(key, sizeBytes);
        return { source: memorySource(bytes), sizeBytes, crc32Hex: crc32Hex(crc32(bytes)) };
      }),
    );
    const frames = await Promise.all(files.map(async (file) => await storedCounters([file])));
    const counters = frames.flat();
    const [first, last] = [Math.min(...counters), Math.max(...counters)];
    const footage = {
      segments: stored.map(({ segment }) => segment),
      gaps: stored.flatMap(({ segment }) => segment.gapsBefore),
      counters,
      produced: camera
        .framesBetween(0, Number.MAX_SAFE_INTEGER)
        .filter(({ counter }) => counter >= first && counter <= last),
      damaged: stored.flatMap(({ key, segment }, position) => {
        const found = { crc32Hex: files[position]?.crc32Hex, frames: frames[position]?.length };
        const said = { crc32Hex: segment.crc32Hex, frames: segment.video.frames };
        if (found.crc32Hex === said.crc32Hex && found.frames === said.frames) return [];
        return [`${key} says ${JSON.stringify(said)} of itself, and is ${JSON.stringify(found)}`];
      }),
    };
    return { ...footage, produced: toldBy(this.#places.clock, footage) };
  }

  async audit(index: number, range?: TimeRange): ReturnType<RecorderSystem['audit']> {
    const { segments, gaps, counters, produced } = await this.footage(index);
    const over = range ?? { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER };
    const report = auditFrames({ produced, stored: counters, gaps, range: over });
    return { ...report, gaps, segments: segments.length };
  }

  async close(): Promise<void> {
    await this.#recorder?.stop();
    await Promise.all(this.cameras.map(async (camera) => await camera.close()));
    this.store.close();
    await this.temporal.connection.close();
  }

  async #download(key: string, sizeBytes: number): Promise<Uint8Array> {
    const whole = { offsetBytes: 0, sizeBytes };
    return await this.store.read(key as never, whole, AbortSignal.timeout(SIGNAL_MS));
  }
}

/** Each segment with the frames found in it. */
export function segmentsWithCounters({ segments, counters }: Footage) {
  let position = 0;
  return segments.map((segment) => {
    const from = position;
    position += segment.video.frames;
    return { segment, counters: counters.slice(from, position) };
  });
}

/** The camera's log by the recorder's clock: a segment is told by the clock at its end, also what came before the clock was set. */
function toldBy(clock: (atMs: number) => number, footage: Footage): readonly ProducedFrame[] {
  const madeAtMs = new Map(footage.produced.map(({ counter, atMs }) => [counter, atMs]));
  const endMs = new Map<number, number>();
  for (const { segment, counters } of segmentsWithCounters(footage)) {
    const lastMs = Math.max(...counters.map((counter) => madeAtMs.get(counter) ?? Number.NaN));
    if (segment.clockStepped) for (const counter of counters) endMs.set(counter, lastMs);
  }
  return footage.produced.map((frame) => {
    const byMs = endMs.get(frame.counter) ?? frame.atMs;
    return { ...frame, atMs: frame.atMs + clock(byMs) - byMs };
  });
}

/** Uploads may overtake each other: each segment must begin where the one before ended, or say why it does not. */
function areWhole(stored: readonly StoredSegment[]): boolean {
  return stored.every(({ segment: { gapsBefore, fromMs } }, position) => {
    const before = stored[position - 1]?.segment;
    return before === undefined || (gapsBefore[0]?.fromMs ?? fromMs) - before.toMs <= CHAIN_MS;
  });
}

function memorySource(bytes: Uint8Array) {
  return {
    read: async (into: Uint8Array, offsetBytes: number): Promise<number> => {
      const part = bytes.subarray(offsetBytes, offsetBytes + into.length);
      into.set(part);
      return part.length;
    },
  };
}
