import type { DiskFault } from '../../support/faults/own-disk.js';

/** To the last byte; the recorder looks every 5 s whether it is free again. */
export const diskFull: DiskFault = {
  what: 'the disk of the spool is full, and freed after 8 s',
  faultOf: ({ full }) => full,
  holdMs: 8_000,
  causes: ['disk-full'],
  mostLostMs: 20_000,
};
