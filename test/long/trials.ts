/** How often a trial is made; `TRIALS=5` for fewer. */
export const TRIALS = Number(process.env['TRIALS'] ?? '20');

/** Of an even number, the mean of the two in the middle. */
export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return ((sorted[(sorted.length - 1) >> 1] ?? Number.NaN) + (sorted[sorted.length >> 1] ?? Number.NaN)) / 2;
}

/** One line to be read by people. @returns the two figures */
export function printFigures(what: string, valuesMs: readonly number[]): { medianMs: number; maxMs: number } {
  const [medianMs, maxMs] = [medianOf(valuesMs), Math.max(...valuesMs)];
  const [median, max] = [medianMs, maxMs].map((ms) => (ms / 1_000).toFixed(2));
  process.stdout.write(`figure: ${what}, ${valuesMs.length} trials: median ${median} s, max ${max} s\n`);
  return { medianMs, maxMs };
}

/** Moments spread evenly over the GOP: which one decides how long the next keyframe is waited for. */
export function phasesMs(gopMs: number): readonly number[] {
  return Array.from({ length: TRIALS }, (_, index) => Math.round(((index + 0.5) * gopMs) / TRIALS));
}
