import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '../../support/wait-for.js';
import type { ChaosSystem } from './chaos-system.js';
import { type FaultName, faults, type Victim } from './faults.js';
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

/** Does step after step until the time is over; each that was begun is healed. */
export async function runPlan(
  chaos: ChaosSystem,
  steps: Iterable<PlannedStep>,
  options: { readonly untilMs: number; readonly say: (line: string) => void },
): Promise<readonly DoneFault[]> {
  const done: DoneFault[] = [];
  let number = 0;
  for (const step of steps) {
    if (Date.now() >= options.untilMs) break;
    number += 1;
    const say = (text: string): void => options.say(`step ${String(number).padStart(3)}  ${text}`);
    done.push(...(await runStep(chaos, step, say)));
    await delay(Math.min(step.quietMs, Math.max(0, options.untilMs - Date.now())));
    chaos.notePids();
    if (!chaos.isRunning()) throw new Error('the program ended, and nobody had ended it');
  }
  return done;
}

async function runStep(
  chaos: ChaosSystem,
  step: PlannedStep,
  say: (text: string) => void,
): Promise<readonly DoneFault[]> {
  const heals: (() => Promise<void>)[] = [];
  const done: DoneFault[] = [];
  try {
    for (const fault of step.faults) {
      const heal = await injectFault(chaos, fault);
      const { id } = victimOf(chaos, fault);
      const whose = isOfOneCamera(fault.name) ? ` of ${id}` : '';
      say(`${fault.name}${whose}${heal === null ? ': there is nothing to do it to' : `, ${step.holdMs / 1_000} s`}`);
      if (heal !== null) heals.push(heal);
      done.push({ name: fault.name, atMs: Date.now(), isDone: heal !== null });
    }
    await delay(step.holdMs);
  } finally {
    await healAll(heals.reverse());
  }
  say(`healed; ${step.quietMs / 1_000} s of quiet`);
  return done;
}

/** One that cannot be healed leaves no other unhealed. @throws AggregateError */
async function healAll(heals: readonly (() => Promise<void>)[]): Promise<void> {
  const failed: unknown[] = [];
  for (const heal of heals) await heal().catch((error: unknown) => failed.push(error));
  if (failed.length > 0) throw new AggregateError(failed, `not healed: ${failed.map(String).join('; ')}`);
}

async function injectFault(chaos: ChaosSystem, planned: PlannedFault): Promise<(() => Promise<void>) | null> {
  const fault = faults[planned.name];
  const victim = victimOf(chaos, planned);
  const isPossible = await waitFor(() => fault.isPossible(victim), {
    what: 'its victim to be there',
    deadlineMs: POSSIBLE_WITHIN_MS,
  }).catch(() => false);
  if (!isPossible) return null;
  chaos.notePids();
  return await fault.inject(victim);
}

function victimOf(chaos: ChaosSystem, { camera: index }: PlannedFault): Victim {
  const [camera, id] = [chaos.system.cameras[index], chaos.system.ids[index]];
  if (camera === undefined || id === undefined) throw new Error(`no camera ${index}`);
  return { chaos, camera, id };
}

function isOfOneCamera(name: FaultName): boolean {
  return faults[name].target === 'camera' || faults[name].target === 'ffmpeg';
}
