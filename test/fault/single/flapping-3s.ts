import { faults } from '../../support/faults/faults.js';
import type { SingleFault } from '../../support/faults/single-fault.js';

/** Each session may end before its first keyframe. */
export const flappingEvery3s: SingleFault = {
  what: 'it ends the stream every 3 s, for 12 s',
  fault: faults['flapping every 3 s'],
  holdMs: 12_000,
  causes: ['stream-ended'],
  mostLostMs: 16_000,
};
