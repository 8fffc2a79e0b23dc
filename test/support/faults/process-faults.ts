import { readFileSync } from 'node:fs';
import { commandOf } from '../recorder-process.js';
import { AT_ONCE, type Begun, type Fault, nothingToHeal, SHORT } from './fault.js';
import type { Victim } from './fault-bench.js';

/** What processes of the recorder can be made to suffer. */
export const processFaults = {
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
      victim.bench.system.recorder.keeper.kill('SIGHUP');
      // The old one ends only after the new settings were read.
      return { shows: () => workerOf(victim) !== before, heal: nothingToHeal };
    },
  },
  'keeper stopped': ofProcess('program', SHORT, keeperOf, stopped),
  'keeper killed': ofKeeper('SIGKILL'),
  'program ended (SIGTERM)': ofKeeper('SIGTERM'),
  /** As a virtual machine that is paused, of which the cameras know nothing. */
  'everything stopped': {
    target: 'program',
    holdSec: SHORT,
    isPossible: ({ bench }) => bench.isRunning(),
    inject: async ({ bench }) => {
      const { keeper, workerPid, ffmpegPids } = bench.system.recorder;
      const pids = [keeper.pid, workerPid(), ...ffmpegPids()].filter((pid) => pid !== undefined);
      const begun = pids.map(stopped);
      return {
        shows: () => begun.every(({ shows }) => shows()),
        heal: async () => {
          for (const { heal } of begun) await heal();
        },
      };
    },
  },
} as const satisfies Readonly<Record<string, Fault>>;

function ofProcess(
  target: Fault['target'],
  holdSec: Fault['holdSec'],
  pidOf: (victim: Victim) => number | undefined,
  harm: (pid: number) => Begun,
): Fault {
  return {
    target,
    holdSec,
    isPossible: (victim) => pidOf(victim) !== undefined,
    inject: async (victim) => {
      const pid = pidOf(victim);
      return pid === undefined ? { shows: () => false, heal: nothingToHeal } : harm(pid);
    },
  };
}

function ofKeeper(signal: 'SIGKILL' | 'SIGTERM'): Fault {
  return {
    target: 'program',
    holdSec: SHORT,
    isPossible: ({ bench }) => bench.isRunning(),
    inject: async ({ bench }) => {
      bench.system.recorder.keeper.kill(signal);
      const heal = async (): Promise<void> => {
        await bench.keeperGone();
        bench.startAgain();
      };
      return { shows: () => !bench.isRunning(), heal };
    },
  };
}

function ffmpegOf({ bench, id }: Victim): number | undefined {
  return bench.system.ffmpegPid(id);
}

function workerOf({ bench }: Victim): number | undefined {
  return bench.system.recorder.workerPid();
}

function keeperOf({ bench }: Victim): number | undefined {
  return bench.isRunning() ? bench.system.recorder.keeper.pid : undefined;
}

function killed(pid: number): Begun {
  process.kill(pid, 'SIGKILL');
  return { shows: () => commandOf(pid) === '', heal: nothingToHeal };
}

interface Stopped extends Begun {
  shows(): boolean;
}

/** Until it is healed. */
export function stopped(pid: number): Stopped {
  const command = commandOf(pid);
  process.kill(pid, 'SIGSTOP');
  return {
    shows: () => stateOf(pid) === 'T',
    heal: async () => {
      // Whoever supervises it may have replaced it meanwhile.
      if (command !== '' && commandOf(pid) === command) process.kill(pid, 'SIGCONT');
    },
  };
}

/** One letter, as in `ps`. */
function stateOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.charAt(stat.lastIndexOf(')') + 2);
}
