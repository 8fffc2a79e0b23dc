import { faults } from '../../support/faults/faults.js';
import type { SingleFault } from '../../support/faults/single-fault.js';

/** The recorder asks again every 4 s. */
export const placesTaken: SingleFault = {
  what: 'others take all its places (453)',
  fault: faults['all places taken (453)'],
  holdMs: 1_000,
  causes: ['stream-ended', 'camera-refused'],
  mostLostMs: 14_000,
};
