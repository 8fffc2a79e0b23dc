import { expect } from 'vitest';
import { createSimulatedCamera } from '../../../src/simulator/simulated-camera.js';
import { RECONFIGURE_UPDATE } from '../../../src/workflows/contract.js';
import { afterFile } from '../../support/after-file.js';
import { SHORT } from '../../support/faults/fault.js';
import { pictureNamed } from '../../support/faults/fault-bench.js';
import type { SingleFault } from '../../support/faults/single-fault.js';

const OTHER_WIDTH_PX = 480;

/** The session at the old URL is stopped in order, and one at the new URL begins: another camera, with another picture and the same clock. */
export const newUrl: SingleFault = {
  what: 'it gets a new URL by reconfigure',
  fault: {
    target: 'camera',
    holdSec: SHORT,
    isPossible: () => true,
    inject: async ({ bench, camera, id }) => {
      const other = await createSimulatedCamera({ picture: await pictureNamed('other'), audio: false });
      afterFile(async () => await other.close());
      const source = { kind: 'url', rtspUrl: other.url };
      await bench.system.temporal.workflow.getHandle(id).executeUpdate(RECONFIGURE_UPDATE, { args: [{ source }] });
      const isPlayedBy = (one: typeof other): boolean => one.connections.some(({ isPlaying }) => isPlaying);
      return { shows: () => isPlayedBy(other) && !isPlayedBy(camera), heal: async () => undefined };
    },
  },
  holdMs: 0,
  causes: ['reconfigured'],
  mostLostMs: 5_000,
  check: ({ segments }) => expect(segments.at(-1)?.video.widthPx).toBe(OTHER_WIDTH_PX),
};
