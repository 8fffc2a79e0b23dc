import { setTimeout as delay } from 'node:timers/promises';
import type { SimulatedCamera } from '../../../src/simulator/simulated-camera.js';
import { type Fault } from './fault.js';

/** Every connection is reset, again and again. */
export function flapping(everyMs: number): Fault {
  return {
    target: 'camera',
    holdSec: { least: 15, most: 45 },
    isPossible: () => true,
    inject: async ({ camera }) => {
      const sinceMs = camera.nowMs();
      await camera.setFault({ kind: 'reset' });
      const over = new AbortController();
      const resets = (async () => {
        while (await isStillOn(everyMs, over.signal)) await camera.setFault({ kind: 'reset' });
      })();
      return {
        // It was ended, and came back.
        shows: () => sessionsSince(camera, sinceMs) >= 1,
        heal: async () => {
          over.abort();
          await resets;
        },
      };
    },
  };
}

function sessionsSince({ requests }: SimulatedCamera, sinceMs: number): number {
  return requests.filter(({ method, atMs }) => method === 'PLAY' && atMs >= sinceMs).length;
}

async function isStillOn(forMs: number, over: AbortSignal): Promise<boolean> {
  await delay(forMs, undefined, { signal: over }).catch(() => undefined);
  return !over.aborted;
}
