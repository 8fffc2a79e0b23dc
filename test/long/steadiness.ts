/** Whether what a program holds stays the same over time: looked at in `/proc`, not asked of the program. */
import { readdir } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { costOf } from '../../bench/process-cost.js';
import { familyOf } from '../support/processes.js';
import type { RecorderSystem } from '../support/recorder-system.js';
import { table } from './chaos/result-table.js';
import { medianOf } from './trials.js';

const MB = 1e6;
const BARS = '▁▂▃▄▅▆▇█';
const SPARK_LENGTH = 30;

/** What is looked at, and how much more of it the last third may hold than the middle one, medians each. */
export const HELD = {
  'keeper: RSS MB': 4,
  'worker: RSS MB': 8,
  'keeper: descriptors': 1,
  'worker: descriptors': 1,
  processes: 0,
} as const satisfies Readonly<Record<string, number>>;

type What = keyof typeof HELD;
type Sample = Readonly<Record<What, number>>;

/** How one of them went. */
export interface Course {
  readonly what: What;
  /** Medians. */
  readonly thirds: readonly [number, number, number];
  readonly isFlat: boolean;
  /** Oldest first; the lowest bar is the least ever held. */
  readonly sparkline: string;
}

/** Looks until the time is over; the first third is for warming up. @throws when keeper or worker is not the one of the beginning */
export async function watchHeld(
  { recorder }: RecorderSystem,
  { durationMs, everyMs }: { readonly durationMs: number; readonly everyMs: number },
): Promise<readonly Course[]> {
  const [keeper, worker] = [recorder.keeper.pid ?? 0, recorder.workerPid() ?? 0];
  const samples: Sample[] = [];
  for (const untilMs = Date.now() + durationMs; Date.now() < untilMs; ) {
    await delay(everyMs);
    if (recorder.workerPid() !== worker) throw new Error('the worker is another one now, and nobody had ended it');
    samples.push(await sampleOf(keeper, worker));
  }
  return coursesOf(samples);
}

async function sampleOf(keeper: number, worker: number): Promise<Sample> {
  const [keeperCost, workerCost] = [await costOf([keeper]), await costOf([worker])];
  return {
    'keeper: RSS MB': keeperCost.rssBytes / MB,
    'worker: RSS MB': workerCost.rssBytes / MB,
    'keeper: descriptors': await descriptorsOf(keeper),
    'worker: descriptors': await descriptorsOf(worker),
    processes: (await familyOf(keeper)).length,
  };
}

/** Sockets included: one that is never closed is a leak too. */
async function descriptorsOf(pid: number): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`)).length;
}

function coursesOf(samples: readonly Sample[]): readonly Course[] {
  return whats().map((what) => {
    const values = samples.map((sample) => sample[what]);
    const third = Math.floor(values.length / 3);
    const [middle, last] = [medianOf(values.slice(third, -third)), medianOf(values.slice(-third))];
    return {
      what,
      thirds: [medianOf(values.slice(0, third)), middle, last],
      isFlat: last - middle <= HELD[what],
      sparkline: sparklineOf(values),
    };
  });
}

/** For people. */
export function courseTable(courses: readonly Course[]): readonly string[] {
  const head = ['held (medians)', 'first third', 'middle', 'last', 'may grow by', 'course'];
  const rows = courses.map(({ what, thirds, sparkline }) => {
    const digits = what.endsWith('MB') ? 1 : 0;
    return [what, ...thirds.map((value) => value.toFixed(digits)), String(HELD[what]), sparkline];
  });
  return table([head, ...rows]);
}

function sparklineOf(values: readonly number[]): string {
  const perBar = Math.max(1, Math.ceil(values.length / SPARK_LENGTH));
  const count = Math.ceil(values.length / perBar);
  const medians = Array.from({ length: count }, (_, bar) => medianOf(values.slice(bar * perBar, (bar + 1) * perBar)));
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const bars = medians.map((value) => BARS[Math.floor(((value - least) / (most - least || 1)) * (BARS.length - 1))]);
  return `${bars.join('')} ${least.toFixed(0)} to ${most.toFixed(0)}`;
}

function whats(): readonly What[] {
  const isWhat = (name: string): name is What => Object.hasOwn(HELD, name);
  return Object.keys(HELD).filter(isWhat);
}
