import { faults } from '../../support/faults/faults.js';
import type { SingleFault } from '../../support/faults/single-fault.js';

/** Media time is not wall time. */
export const timestampsBack: SingleFault = {
  what: 'its time stamps jump five seconds back',
  fault: faults['time stamps jump back'],
  holdMs: 0,
  causes: [],
  mostLostMs: 0,
};
