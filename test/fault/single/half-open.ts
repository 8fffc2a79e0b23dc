import { faults } from '../../support/faults/faults.js';
import type { SingleFault } from '../../support/faults/single-fault.js';

/** FFmpeg gives up a connection that is silent after 2.5 s; then nobody listens until the camera is back. */
export const halfOpen: SingleFault = {
  what: 'its connection is half open for 6 s',
  fault: faults['connection half open'],
  holdMs: 6_000,
  causes: ['camera-unreachable'],
  // Where FFmpeg's last read began decides who is first.
  perhaps: ['camera-stalled'],
  mostLostMs: 13_000,
};
