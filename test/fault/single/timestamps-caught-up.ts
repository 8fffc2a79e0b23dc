import { expect } from 'vitest';
import { faults } from '../../support/faults/faults.js';
import type { SingleFault } from '../../support/faults/single-fault.js';

/** Up to two keyframe intervals of 2 s until it is noticed, the end of the session, and cuts that jitter. */
const MOST_WITHOUT_LENGTH_MS = 7_000;

/** With sound, FFmpeg counts by the camera's sender reports: the next one takes the jump back, and frames stamped back are given no length. */
export const timestampsCaughtUp: SingleFault = {
  what: 'a report sets its time stamps back',
  hasSound: true,
  fault: faults['time stamps jump ahead'],
  // The report comes within 5 s; then there would be segments of frames without a length.
  holdMs: 14_000,
  causes: ['stream-ended'],
  mostLostMs: 5_000,
  check: ({ segments }) => {
    const withoutLengthMs = segments.map(({ fromMs, toMs, mediaDurationMs }) =>
      Math.max(0, toMs - fromMs - mediaDurationMs),
    );
    expect(withoutLengthMs.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(MOST_WITHOUT_LENGTH_MS);
  },
};
