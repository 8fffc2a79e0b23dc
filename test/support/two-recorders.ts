/** Two recorders of one fleet: a process for the workflows, and two for recording, each with a spool of its own. */
import { readlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CameraId, parseRecorderId, type RecorderId } from '../../src/domain/ids.js';
import type { StatusView } from '../../src/http/status-view.js';
import type { CameraStatus } from '../../src/workflows/contract.js';
import { freePort } from './ports.js';
import { commandOf, type RecorderProcess, startRecorderProcess } from './recorder-process.js';
import { type RecorderSystem, type SystemOptions, startSystem } from './recorder-system.js';
import { tempDirUntil } from './temp-dir.js';
import { waitFor } from './wait-for.js';

/** One of them; may be killed and started again on its spool. */
export interface FleetRecorder {
  readonly spoolDir: string;
  id(): Promise<RecorderId>;
  start(): void;
  /** The one that runs now. */
  readonly process: RecorderProcess;
  /** Its FFmpeg of the camera. */
  ffmpegPid(camera: CameraId): number | undefined;
  /** By its page. */
  records(camera: CameraId): Promise<boolean>;
  /** SIGKILL for keeper, worker and FFmpegs, as when its machine is gone; resolves when nothing of it runs. */
  kill(): Promise<void>;
}

export interface Fleet {
  readonly system: RecorderSystem;
  readonly first: FleetRecorder;
  readonly second: FleetRecorder;
  /** As the camera's workflow says. */
  status(camera: CameraId): Promise<CameraStatus>;
}

const GONE_WITHIN_MS = 5_000;

export interface FleetOptions extends SystemOptions {
  /** Of how many cameras, the first ones, the first recorder has the secret; default: all. */
  readonly knownToFirst?: number;
  /** Beside what both have. */
  readonly envOfFirst?: Readonly<Record<string, string>>;
}

/** Neither recorder is started. */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const system = await startSystem({ ...options, args: ['worker', '--role', 'workflows'] });
  const known = options.knownToFirst ?? options.cameras.length;
  const isKnown = ([name]: readonly [string, string]): boolean =>
    !system.ids.some((_, index) => index >= known && name === `CAMERA${index + 1}_RTSP_URL`);
  const ofFirst = Object.fromEntries(Object.entries(system.env).filter(isKnown));
  return {
    system,
    first: await prepare(options.register, { ...ofFirst, ...options.envOfFirst }),
    second: await prepare(options.register, system.env),
    status: async (camera) => await system.temporal.workflow.getHandle(camera).query<CameraStatus>('status'),
  };
}

async function prepare(
  register: SystemOptions['register'],
  shared: Readonly<Record<string, string>>,
): Promise<FleetRecorder> {
  const spoolDir = await tempDirUntil(register, 'spool');
  const env = { ...shared, TEMP_DIR: spoolDir };
  const metricsPort = await freePort();
  let running: RecorderProcess | undefined;
  const current = (): RecorderProcess => {
    if (running === undefined) throw new Error('the recorder was not started');
    return running;
  };
  register(async () => void (await running?.stop()));
  return {
    spoolDir,
    id: async () => parseRecorderId((await readFile(join(spoolDir, 'recorder-id'), 'utf8')).trim()),
    start: () => {
      running = startRecorderProcess({ env, metricsPort, args: ['worker', '--role', 'recorder'] });
    },
    get process() {
      return current();
    },
    ffmpegPid: (camera) =>
      current()
        .ffmpegPids()
        .find((pid) => records(pid, camera)),
    records: async (camera) => {
      const page: StatusView = JSON.parse((await current().page('/status.json')) ?? '{"cameras":[]}');
      return page.cameras.find(({ id }) => id === camera)?.isRecording === true;
    },
    kill: async () => {
      const { keeper, workerPid, ffmpegPids, ended } = current();
      const pids = [keeper.pid, workerPid(), ...ffmpegPids()].map((pid) => pid ?? Number.NaN);
      for (const pid of pids) process.kill(pid, 'SIGKILL');
      await waitFor(() => pids.every((pid) => commandOf(pid) === ''), {
        what: 'the recorder to be gone',
        deadlineMs: GONE_WITHIN_MS,
      });
      await ended;
    },
  };
}

function records(pid: number, camera: CameraId): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`).includes(`/open/${camera}/`);
  } catch {
    // It has just ended.
    return false;
  }
}
