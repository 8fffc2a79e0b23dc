import { faults } from '../../support/faults/faults.js';
import type { SingleFault } from '../../support/faults/single-fault.js';

/** The keeper replaces a worker that gives no answer for 10 s; FFmpeg writes on meanwhile. */
export const workerStopped: SingleFault = {
  what: 'the worker hangs (SIGSTOP)',
  fault: faults['worker stopped for long'],
  holdMs: 14_000,
  causes: [],
  mostLostMs: 0,
};
