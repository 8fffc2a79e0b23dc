import { setTimeout as delay } from 'node:timers/promises';
import type { Begun } from '../../support/faults/fault.js';
import { type FaultBench, victimAt } from '../../support/faults/fault-bench.js';
import { type FaultName, faults } from '../../support/faults/faults.js';
import { waitFor } from '../../support/wait-for.js';
import type { PlannedFault, PlannedStep } from './plan.js';

/** What was done. */
export interface DoneFault {
  readonly name: FaultName;
  readonly atMs: number;
  /** False: there was nothing to do it to. */
  readonly isDone: boolean;
}

/** For a process that is being started again to be there. */
const POSSIBLE_WITHIN_MS = 20_000;
const SHOWN_WITHIN_MS = 5_000;

/** Does step after step until the time is over; each that was begun is healed. */
export async function runPlan(
  bench: FaultBench,
  steps: Iterable<PlannedStep>,
  options: { readonly untilMs: number; readonly say: (line: string) => void },
): Promise<readonly DoneFault[]> {
  const done: DoneFault[] = [];
  let number = 0;
  for (const step of steps) {
    if (Date.now() >= options.untilMs) break;
    number += 1;
    const say = (text: string): void => options.say(`step ${String(number).padStart(3)}  ${text}`);
    done.push(...(await runStep(bench, step, say)));
    await delay(Math.min(step.quietMs, Math.max(0, options.untilMs - Date.now())));
    if (!bench.isRunning()) throw new Error('the program ended, and nobody had ended it');
  }
  return done;
}

async function runStep(
  bench: FaultBench,
  step: PlannedStep,
  say: (text: string) => void,
): Promise<readonly DoneFault[]> {
  const heals: (() => Promise<void>)[] = [];
  const done: DoneFault[] = [];
  try {
    for (const fault of step.faults) {
      const begun = await injectFault(bench, fault);
      const { id } = victimAt(bench, fault.camera);
      const whose = isOfOneCamera(fault.name) ? ` of ${id}` : '';
      if (begun !== null) heals.push(begun.heal);
      const isDone = begun !== null && (await hasShown(begun));
      say(`${fault.name}${whose}${isDone ? `, ${step.holdMs / 1_000} s` : ': there is nothing to do it to'}`);
      done.push({ name: fault.name, atMs: Date.now(), isDone });
    }
    await delay(step.holdMs);
  } finally {
    await healAll(heals.reverse());
  }
  say(`healed; ${step.quietMs / 1_000} s of quiet`);
  return done;
}

/** Another fault of the step may have taken away what it would show by. */
async function hasShown({ shows }: Begun): Promise<boolean> {
  return await waitFor(shows, { what: 'the fault to show', deadlineMs: SHOWN_WITHIN_MS }).catch(() => false);
}

/** One that cannot be healed leaves no other unhealed. @throws AggregateError */
async function healAll(heals: readonly (() => Promise<void>)[]): Promise<void> {
  const failed: unknown[] = [];
  for (const heal of heals) await heal().catch((error: unknown) => failed.push(error));
  if (failed.length > 0) throw new AggregateError(failed, `not healed: ${failed.map(String).join('; ')}`);
}

async function injectFault(bench: FaultBench, planned: PlannedFault): Promise<Begun | null> {
  const fault = faults[planned.name];
  const victim = victimAt(bench, planned.camera);
  const isPossible = await waitFor(() => fault.isPossible(victim), {
    what: 'its victim to be there',
    deadlineMs: POSSIBLE_WITHIN_MS,
  }).catch(() => false);
  if (!isPossible) return null;
  return await fault.inject(victim);
}

function isOfOneCamera(name: FaultName): boolean {
  return faults[name].target === 'camera' || faults[name].target === 'ffmpeg';
}
