import type { DiskFault } from '../../support/faults/own-disk.js';

/** What FFmpeg has in hand waits in the kernel. A late look at the disk is the disk's fault: nobody is killed for it. */
export const diskStalled: DiskFault = {
  what: 'the disk of the spool takes no write for 8 s',
  faultOf: ({ stalled }) => stalled,
  holdMs: 8_000,
  causes: [],
  mostLostMs: 0,
};
