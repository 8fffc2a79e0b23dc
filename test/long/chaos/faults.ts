/** All that the chaos does. Each fault proves that it is there before `inject` resolves, and may be healed after its victim is gone. */
import { readFileSync } from 'node:fs';
import type { CameraId } from '../../../src/domain/ids.js';
import type { Fault as CameraFault } from '../../../src/simulator/fault.js';
import type { SimulatedCamera } from '../../../src/simulator/simulated-camera.js';
import { commandOf } from '../../support/recorder-process.js';
import { waitFor } from '../../support/wait-for.js';
import type { ChaosSystem } from './chaos-system.js';

/** What a fault is done to. */
export interface Victim {
  readonly chaos: ChaosSystem;
  readonly camera: SimulatedCamera;
  readonly id: CameraId;
}

/** Undoes it; resolves when the cause is gone, not when the recorder has recovered. */
type Heal = () => Promise<void>;

export interface ChaosFault {
  /** Two faults with the same one are not on at once. */
  readonly target: 'camera' | 'ffmpeg' | 'program' | 'temporal' | 'store';
  readonly holdSec: { readonly least: number; readonly most: number };
  isPossible(victim: Victim): boolean;
  inject(victim: Victim): Promise<Heal>;
}

const PROOF_MS = 5_000;
const AT_ONCE = { least: 0, most: 2 };
/** A hang that is over before anybody must act; a worker is replaced after 10 s. */
const SHORT = { least: 3, most: 8 };
const OUTAGE = { least: 5, most: 25 };

const nothingToHeal: Heal = async () => undefined;
const always = (): boolean => true;

export const faults = {
  'ffmpeg killed': ofProcess('ffmpeg', AT_ONCE, ffmpegOf, killed),
  'ffmpeg stopped': ofProcess('ffmpeg', SHORT, ffmpegOf, stopped),
  'worker killed': ofProcess('program', AT_ONCE, workerOf, killed),
  'worker stopped': ofProcess('program', SHORT, workerOf, stopped),
  'worker stopped for long': ofProcess('program', { least: 15, most: 20 }, workerOf, stopped),
  'worker replaced (SIGHUP)': {
    target: 'program',
    holdSec: AT_ONCE,
    isPossible: (victim) => workerOf(victim) !== undefined,
    inject: async (victim) => {
      const before = workerOf(victim);
      victim.chaos.system.recorder.keeper.kill('SIGHUP');
      // The old one ends only after the new settings were read.
      const isReplaced = (): boolean => workerOf(victim) !== before;
      await waitFor(isReplaced, { what: 'the worker to be replaced', deadlineMs: 20_000 });
      return nothingToHeal;
    },
  },
  'keeper killed': {
    target: 'program',
    holdSec: SHORT,
    isPossible: ({ chaos }) => chaos.isRunning(),
    inject: async ({ chaos }) => {
      chaos.system.recorder.keeper.kill('SIGKILL');
      await chaos.keeperGone();
      return async () => chaos.startAgain();
    },
  },
  'program ended (SIGTERM)': {
    target: 'program',
    holdSec: SHORT,
    isPossible: ({ chaos }) => chaos.isRunning(),
    inject: async ({ chaos }) => {
      chaos.system.recorder.keeper.kill('SIGTERM');
      await chaos.keeperGone();
      return async () => chaos.startAgain();
    },
  },
  'connections frozen': ofCamera({ kind: 'freeze', connections: 'open' }, SHORT),
  'camera frozen': ofCamera({ kind: 'freeze', connections: 'all' }, OUTAGE),
  'video off': ofCamera({ kind: 'video-off' }, OUTAGE),
  'connections reset': ofCamera({ kind: 'reset' }, AT_ONCE),
  'connections ended': ofCamera({ kind: 'fin' }, AT_ONCE),
  'camera gone': {
    ...ofCamera({ kind: 'refuse' }, OUTAGE),
    inject: async ({ camera }) => {
      await camera.setFault({ kind: 'refuse' });
      await camera.setFault({ kind: 'reset' });
      await waitFor(() => camera.connections.length === 0, { what: 'it to be gone', deadlineMs: PROOF_MS });
      return async () => await camera.clearFaults();
    },
  },
  'camera never answers': {
    ...ofCamera({ kind: 'never-answer' }, OUTAGE),
    inject: async ({ camera }) => {
      await camera.setFault({ kind: 'never-answer' });
      await camera.setFault({ kind: 'reset' });
      return async () => await camera.clearFaults();
    },
  },
  'camera sends in bursts': ofCamera({ kind: 'bursts', frames: 20 }, OUTAGE),
  'new parameters': {
    ...ofCamera({ kind: 'video-off' }, OUTAGE),
    inject: async ({ camera, chaos }) => {
      await camera.setFault({ kind: 'new-parameters', picture: chaos.otherPicture });
      return async () => await camera.clearFaults();
    },
  },
  'Temporal killed': ofServer('temporal', 'kill'),
  'Temporal stopped': ofServer('temporal', 'stop'),
  'store killed': ofServer('store', 'kill'),
  'store stopped': ofServer('store', 'stop'),
} as const satisfies Readonly<Record<string, ChaosFault>>;

export type FaultName = keyof typeof faults;

function ofCamera(fault: CameraFault, holdSec: ChaosFault['holdSec']): ChaosFault {
  return {
    target: 'camera',
    holdSec,
    isPossible: always,
    inject: async ({ camera }) => {
      await camera.setFault(fault);
      return async () => await camera.clearFaults();
    },
  };
}

function ofProcess(
  target: ChaosFault['target'],
  holdSec: ChaosFault['holdSec'],
  pidOf: (victim: Victim) => number | undefined,
  harm: (pid: number) => Promise<Heal>,
): ChaosFault {
  return {
    target,
    holdSec,
    isPossible: (victim) => pidOf(victim) !== undefined,
    inject: async (victim) => {
      const pid = pidOf(victim);
      return pid === undefined ? nothingToHeal : await harm(pid);
    },
  };
}

function ofServer(name: 'temporal' | 'store', how: 'kill' | 'stop'): ChaosFault {
  return {
    target: name,
    holdSec: OUTAGE,
    isPossible: always,
    inject: async ({ chaos }) => {
      const server = chaos[name];
      if (how === 'stop') return await stopped(server.now.pid);
      await server.kill();
      return async () => await server.start();
    },
  };
}

function ffmpegOf({ chaos, id }: Victim): number | undefined {
  return chaos.system.ffmpegPid(id);
}

function workerOf({ chaos }: Victim): number | undefined {
  return chaos.system.recorder.workerPid();
}

async function killed(pid: number): Promise<Heal> {
  process.kill(pid, 'SIGKILL');
  await waitFor(() => commandOf(pid) === '', { what: `process ${pid} to be gone`, deadlineMs: PROOF_MS });
  return nothingToHeal;
}

async function stopped(pid: number): Promise<Heal> {
  const command = commandOf(pid);
  process.kill(pid, 'SIGSTOP');
  await waitFor(() => stateOf(pid) === 'T', { what: `process ${pid} to be stopped`, deadlineMs: PROOF_MS });
  return async () => {
    // Whoever supervises it may have replaced it meanwhile.
    if (command !== '' && commandOf(pid) === command) process.kill(pid, 'SIGCONT');
  };
}

/** One letter, as in `ps`. */
function stateOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.charAt(stat.lastIndexOf(')') + 2);
}
