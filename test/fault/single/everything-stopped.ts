import { faults } from '../../support/faults/faults.js';
import type { SingleFault } from '../../support/faults/single-fault.js';

/** As a virtual machine that is paused: shorter than the session timeout of a camera, what it sent waits in the kernel. */
export const everythingStopped: SingleFault = {
  what: 'everything of the recorder stands still for 8 s',
  fault: faults['everything stopped'],
  holdMs: 8_000,
  causes: [],
  mostLostMs: 0,
};
