import { secondsByCause, type Verdict } from '../../support/audit/camera-verdict.js';
import type { DoneFault } from './run-plan.js';

export interface SoakResult {
  readonly verdicts: readonly Verdict[];
  readonly done: readonly DoneFault[];
  /** Empty when all is well. */
  readonly complaints: readonly string[];
  /** The command that does the same again. */
  readonly replay: string;
}

/** For people, on standard output. */
export function printResult(result: SoakResult): void {
  process.stdout.write(`\n${linesOf(result).join('\n')}\n\n`);
}

function linesOf({ verdicts, done, complaints, replay }: SoakResult): readonly string[] {
  const verdict =
    complaints.length === 0
      ? ['PASSED: every frame is stored or inside a declared gap, every second is explained']
      : ['FAILED:', ...complaints.map((complaint) => `  - ${complaint}`), `Again with: ${replay}`];
  return [...faultTable(done), '', ...cameraTable(verdicts), '', ...causeTable(verdicts), '', ...verdict];
}

function faultTable(done: readonly DoneFault[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { name } of done.filter(({ isDone }) => isDone)) counts.set(name, (counts.get(name) ?? 0) + 1);
  const rows = [...counts].toSorted(([, one], [, other]) => other - one).map(([name, count]) => [name, String(count)]);
  return table([['fault', 'times'], ...rows]);
}

/** A line for each camera: what it made, and where that is. */
export function cameraTable(verdicts: readonly Verdict[]): readonly string[] {
  const head = [
    'camera',
    'frames',
    'stored',
    'in gaps',
    'lost',
    'twice',
    'segments',
    'gaps s',
    'unexplained s',
    'clock off s',
  ];
  const rows = verdicts.map(({ camera, audit, segments, gapSec, unexplainedSec, mostOffSec }) => [
    camera,
    ...[audit.produced, audit.stored, audit.insideGaps, audit.missing.length, audit.doubled.length].map(String),
    String(segments.length),
    gapSec.toFixed(1),
    unexplainedSec.toFixed(1),
    mostOffSec.toFixed(2),
  ]);
  return table([head, ...rows]);
}

/** Seconds of each cause of gaps, longest first. */
export function causeTable(verdicts: readonly Verdict[]): readonly string[] {
  const rows = secondsByCause(verdicts).map(([cause, sec]) => [cause, sec.toFixed(1)]);
  return table([['cause of gaps', 'seconds'], ...rows]);
}

/** The first column to the left, numbers to the right. */
export function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  '),
  );
}
