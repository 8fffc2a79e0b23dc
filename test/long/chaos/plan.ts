import { type FaultName, faults } from '../../support/faults/faults.js';
import { randomFrom } from './random.js';

/** One fault of a step. */
export interface PlannedFault {
  readonly name: FaultName;
  /** Index of the camera it is for; faults of a server or of the program leave it unused. */
  readonly camera: number;
}

/** All of its faults begin, last for `holdMs`, are healed in reverse order, and are followed by quiet. */
export interface PlannedStep {
  readonly faults: readonly PlannedFault[];
  readonly holdMs: number;
  readonly quietMs: number;
}

const NAMES = Object.keys(faults) as readonly FaultName[];
/** So often a second fault begins while the first lasts. */
const TWO_AT_ONCE = 0.3;
/** Some steps follow before the recorder has recovered from the one before, others find it sound again. */
const QUIET_MS = { least: 3_000, most: 20_000 };

/** Endless, and decided by the seed alone: how long a step really takes changes nothing of those that follow. */
export function* planFrom(seed: number, cameras: number): Generator<PlannedStep, never> {
  const random = randomFrom(seed);
  for (;;) {
    const first = random.oneOf(NAMES);
    const names = [first];
    if (random.chance(TWO_AT_ONCE)) {
      const others = NAMES.filter((name) => faults[name].target !== faults[first].target);
      names.push(random.oneOf(others));
    }
    const longest = Math.max(...names.map((name) => faults[name].holdSec.most));
    const least = Math.max(...names.map((name) => faults[name].holdSec.least));
    yield {
      faults: names.map((name) => ({ name, camera: random.between(0, cameras - 1) })),
      holdMs: random.between(least * 1_000, longest * 1_000),
      quietMs: random.between(QUIET_MS.least, QUIET_MS.most),
    };
  }
}
