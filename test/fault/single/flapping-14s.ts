import { faults } from '../../support/faults/faults.js';
import type { SingleFault } from '../../support/faults/single-fault.js';

/** Each session is long enough to be a sound one: the next begins after half a second. */
export const flappingEvery14s: SingleFault = {
  what: 'it ends the stream every 14 s, for 45 s',
  fault: faults['flapping every 14 s'],
  holdMs: 45_000,
  causes: ['stream-ended'],
  mostLostMs: 12_000,
};
