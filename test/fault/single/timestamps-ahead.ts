import { faults } from '../../support/faults/faults.js';
import type { SingleFault } from '../../support/faults/single-fault.js';

/** Media time is not wall time. */
export const timestampsAhead: SingleFault = {
  what: 'its time stamps jump five minutes ahead',
  fault: faults['time stamps jump ahead'],
  holdMs: 0,
  causes: [],
  mostLostMs: 0,
};
