import { beforeAll, describe, expect, it } from 'vitest';
import { afterFile } from '../support/after-file.js';
import { auditSystem, type SystemAudit } from '../support/audit/system-audit.js';
import type { Fault } from '../support/faults/fault.js';
import { AT_ONCE, nothingToHeal } from '../support/faults/fault.js';
import { type FaultBench, startBench } from '../support/faults/fault-bench.js';
import { proveFault } from '../support/faults/single-fault.js';
import { canStepClocks, type SteppedClock, steppedClock } from '../support/faults/stepped-clock.js';

const SEGMENT_SEC = 5;
/** Back to the right time, and not into the hole that the first step left. */
const STEP_MS = 20_000;

describe.skipIf(!canStepClocks())('a clock that is set while two cameras are recorded', () => {
  let clock: SteppedClock;
  let bench: FaultBench;
  let audit: SystemAudit;
  beforeAll(async () => {
    clock = await steppedClock(afterFile);
    bench = await startBench({
      register: afterFile,
      cameras: [{ audio: false }, { audio: false }],
      segmentSec: SEGMENT_SEC,
      env: clock.env,
      clock: (atMs) => clock.at(atMs),
    });
    audit = auditSystem(bench.system, { register: afterFile });
    await bench.system.recording();
    await Promise.all(bench.system.ids.map(async (id) => await bench.system.storedUntil(id, 1)));
  });

  /** The page tells the time of the worker. */
  const offMs = async (): Promise<number> => {
    const { headers } = await fetch(bench.system.recorder.pageUrl);
    return Date.parse(headers.get('date') ?? '') - Date.now();
  };
  const stepBy = (byMs: number): Fault => ({
    target: 'program',
    holdSec: AT_ONCE,
    isPossible: () => true,
    inject: async () => {
      const beforeMs = await offMs();
      clock.step(byMs);
      const shows = async (): Promise<boolean> => Math.abs((await offMs()) - beforeMs - byMs) < 2_000;
      return { shows, heal: nothingToHeal };
    },
  });

  it.each([
    { what: '20 s ahead', byMs: STEP_MS, causes: ['clock-stepped'] as const, flagged: 1 },
    { what: '20 s back', byMs: -STEP_MS, causes: [], flagged: 2 },
  ])('$what: costs no frame, overwrites nothing, and is flagged', async ({ what, byMs, causes, flagged }) => {
    const ffmpegs = bench.system.recorder.ffmpegPids();
    await proveFault(bench, [0, 1], {
      what: `the clock is set ${what}`,
      fault: stepBy(byMs),
      // What came before the step must not be taken for what comes after it.
      holdMs: Math.abs(byMs) + SEGMENT_SEC * 1_000,
      causes,
      mostLostMs: 0,
      check: ({ segments }) => expect(segments.filter(({ clockStepped }) => clockStepped)).toHaveLength(flagged),
    });
    expect(bench.system.recorder.ffmpegPids()).toEqual(ffmpegs);
  });

  it('and everything is counted, and nothing left', async () => {
    expect((await audit.finish()).complaints).toEqual([]);
  });
});
