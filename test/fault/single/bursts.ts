import { faults } from '../../support/faults/faults.js';
import type { SingleFault } from '../../support/faults/single-fault.js';

/** A network that holds packets back for a second and a half is none that lost them. */
export const bursts: SingleFault = {
  what: 'it sends in bursts',
  fault: faults['camera sends in bursts'],
  holdMs: 4_000,
  causes: [],
  mostLostMs: 0,
};
