import { faults } from '../../support/faults/faults.js';
import type { SingleFault } from '../../support/faults/single-fault.js';

/** No new frame reaches the disk, as from a camera that is frozen: FFmpeg is killed after the same 4 s. */
export const ffmpegStopped: SingleFault = {
  what: 'its FFmpeg hangs (SIGSTOP)',
  fault: faults['ffmpeg stopped'],
  holdMs: 7_000,
  causes: ['camera-stalled'],
  mostLostMs: 8_000,
};
