import { faults } from '../../support/faults/faults.js';
import type { SingleFault } from '../../support/faults/single-fault.js';

/** The header of the open file is wrong for the new picture: a new session begins. */
export const newParameters: SingleFault = {
  what: 'its resolution changes',
  fault: faults['new parameters'],
  holdMs: 1_000,
  causes: ['reconfigured'],
  mostLostMs: 4_000,
};
