/** A recorder system to which faults are done: every process of it can be killed, stopped and started again. */
import { fileURLToPath } from 'node:url';
import type { CameraId } from '../../../src/domain/ids.js';
import type { Seaweedfs } from '../../../src/embedded/seaweedfs.js';
import type { TemporalServer } from '../../../src/embedded/temporal-server.js';
import { loadPicture, type Picture, type PictureName } from '../../../src/simulator/picture.js';
import type { SimulatedCamera, SimulatedCameraOptions } from '../../../src/simulator/simulated-camera.js';
import { type RecorderSystem, type SystemOptions, startSystem } from '../recorder-system.js';
import { tempDirUntil } from '../temp-dir.js';
import { toolPath } from '../tools.js';
import { waitFor } from '../wait-for.js';
import { type Server, startStore, startTemporal } from './servers.js';

const CACHE_DIR = fileURLToPath(new URL('../../../.cache/', import.meta.url));
/** A stop that works within its deadlines takes less; `recorder.stop` kills after 45 s. */
const GONE_MS = 50_000;

export interface OwnServers {
  readonly temporal: Server<TemporalServer>;
  readonly store: Server<Seaweedfs>;
}

export interface FaultBench {
  readonly system: RecorderSystem;
  /** Of its own, where they may be harmed; null where the suite's are used. */
  readonly servers: OwnServers | null;
  /** Whether the keeper that was started last lives. */
  isRunning(): boolean;
  /** Resolves when the keeper is gone, whatever it left behind. */
  keeperGone(): Promise<void>;
  /** Starts the program again, if it does not run. */
  startAgain(): void;
}

/** What a fault is done to. */
export interface Victim {
  readonly bench: FaultBench;
  readonly camera: SimulatedCamera;
  readonly id: CameraId;
}

export interface BenchOptions {
  readonly register: (tearDown: () => Promise<void>) => unknown;
  readonly cameras: readonly Partial<SimulatedCameraOptions>[];
  readonly segmentSec: number;
  /** Default false: the suite's are used. */
  readonly hasOwnServers?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** Default: a temporary folder. */
  readonly spoolDir?: string;
  readonly clock?: SystemOptions['clock'];
  /** Of the program; default: `worker --role all`. */
  readonly args?: readonly string[];
}

/** Resolves when the program was started. */
export async function startBench(options: BenchOptions): Promise<FaultBench> {
  const { register, cameras, segmentSec, env = {}, spoolDir, clock, args } = options;
  const servers = options.hasOwnServers === true ? await startServers(register) : null;
  const own = servers === null ? {} : { temporal: servers.temporal.now, s3: servers.store.now };
  const place = { ...(spoolDir !== undefined && { spoolDir }), ...(clock !== undefined && { clock }) };
  const program = args === undefined ? {} : { args };
  const system = await startSystem({ register, cameras, segmentSec, env, ...own, ...place, ...program });
  const isRunning = (): boolean => {
    const { exitCode, signalCode } = system.recorder.keeper;
    return exitCode === null && signalCode === null;
  };
  return {
    system,
    servers,
    isRunning,
    keeperGone: async () => {
      await waitFor(() => !isRunning(), { what: 'the keeper to be gone', deadlineMs: GONE_MS });
    },
    startAgain: () => {
      if (!isRunning()) system.start();
    },
  };
}

/** @throws when there is no such camera. */
export function victimAt(bench: FaultBench, index: number): Victim {
  const [camera, id] = [bench.system.cameras[index], bench.system.ids[index]];
  if (camera === undefined || id === undefined) throw new Error(`no camera ${index}`);
  return { bench, camera, id };
}

export async function pictureNamed(name: PictureName): Promise<Picture> {
  return await loadPicture(name, { ffmpegPath: toolPath('ffmpeg'), cacheDir: CACHE_DIR });
}

async function startServers(register: BenchOptions['register']): Promise<OwnServers> {
  const dir = await tempDirUntil(register, 'servers');
  const store = await startStore(dir);
  register(async () => await store.kill());
  const temporal = await startTemporal(dir);
  register(async () => await temporal.kill());
  return { store, temporal };
}
