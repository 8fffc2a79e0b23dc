import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import type { GapCause } from '../../../src/domain/coverage.js';
import type { CameraId } from '../../../src/domain/ids.js';
import { causesIn, complaintsOf, judge, type Verdict } from '../audit/camera-verdict.js';
import { report } from '../outage.js';
import { waitFor } from '../wait-for.js';
import type { Fault } from './fault.js';
import { type FaultBench, victimAt } from './fault-bench.js';

/** A fault, and what it may cost the cameras it is done to. */
export interface SingleFault {
  /** What happens; it is a part of the test's name. */
  readonly what: string;
  readonly fault: Fault;
  /** From when it is proved until it is healed. */
  readonly holdMs: number;
  /** Of the gaps, in any order; none: no frame may be lost. */
  readonly causes: readonly GapCause[];
  /** Beside those, when the moment is so. */
  readonly perhaps?: readonly GapCause[];
  /** Of video, counted in frames the camera made. */
  readonly mostLostMs: number;
  /** What else must be true afterwards. */
  readonly check?: (verdict: Verdict) => void;
}

const FPS = 15;
/** Before a fault: the last frame that is stored may be so old. */
const TAIL_MS = 2_000;
/** By then a fault that was switched on shows. */
const SHOWN_MS = 20_000;
/** Longest wait of a camera's back-off, and a worker that must be replaced. */
const RECOVER_MS = 60_000;

/** Does it, and resolves when these cameras are recorded again and everything about them is counted: the first one is the victim. */
export async function proveFault(bench: FaultBench, indexes: readonly number[], single: SingleFault): Promise<void> {
  const victims = indexes.map((index) => victimAt(bench, index));
  const victim = victimAt(bench, indexes[0] ?? 0);
  const atMs = victim.camera.nowMs();
  const { shows, heal } = await single.fault.inject(victim);
  await waitFor(shows, { what: `it to show that ${single.what}`, deadlineMs: SHOWN_MS });
  await delay(single.holdMs);
  await heal();
  const healedAtMs = Date.now();
  const verdicts = await Promise.all(
    victims.map(async ({ id }, position) => {
      await recordedAgain(bench, id, healedAtMs);
      return await judge(bench.system, indexes[position] ?? 0, atMs - TAIL_MS);
    }),
  );
  expect(verdicts.flatMap(complaintsOf)).toEqual([]);
  const lostMs = verdicts.map(({ audit }) => (audit.insideGaps * 1_000) / FPS);
  report(`${single.what}: video lost`, Math.max(...lostMs));
  for (const verdict of verdicts) {
    const unsaid = causesIn(verdict).filter((cause) => single.perhaps?.includes(cause) !== true);
    expect([...new Set(unsaid)].toSorted()).toEqual([...single.causes].toSorted());
    single.check?.(verdict);
  }
  expect(Math.max(...lostMs)).toBeLessThanOrEqual(single.mostLostMs);
}

/** Resolves when it records, and a segment from after `sinceMs` is stored. */
async function recordedAgain({ system }: FaultBench, id: CameraId, sinceMs: number): Promise<void> {
  const isRecorded = async (): Promise<boolean> => (await system.status(id))?.isRecording === true;
  await waitFor(isRecorded, { what: `${id} to be recorded again`, deadlineMs: RECOVER_MS, pollMs: 200 });
  await system.storedAfter(id, sinceMs, RECOVER_MS);
}
