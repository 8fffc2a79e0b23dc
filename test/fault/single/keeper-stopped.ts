import { faults } from '../../support/faults/faults.js';
import type { SingleFault } from '../../support/faults/single-fault.js';

/** Nothing needs the keeper while all is well. */
export const keeperStopped: SingleFault = {
  what: 'the keeper hangs (SIGSTOP) for 8 s',
  fault: faults['keeper stopped'],
  holdMs: 8_000,
  causes: [],
  mostLostMs: 0,
};
