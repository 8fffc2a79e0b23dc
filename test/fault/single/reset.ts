import { faults } from '../../support/faults/faults.js';
import type { SingleFault } from '../../support/faults/single-fault.js';

/** The next session begins after half a second, and its video with the next keyframe. */
export const reset: SingleFault = {
  what: 'its connections are reset',
  fault: faults['connections reset'],
  holdMs: 0,
  causes: ['stream-ended'],
  mostLostMs: 4_000,
};
