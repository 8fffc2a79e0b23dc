import type { GapCause } from '../domain/coverage.js';
import type { TimeRange } from '../domain/time-range.js';
import type { CoverageRow } from './coverage-report.js';

/** What one mark stands for; the worst of its time wins, so that a second that is missing is seen. */
export type Mark =
  | { readonly kind: 'gap'; readonly cause: GapCause }
  | { readonly kind: 'footage' | 'unexplained' | 'pending' | 'blank' };

/** Lines of marks, each of `markMs`; the last line may be shorter. Lines without anything known at either end are left out. */
export interface Picture {
  readonly markMs: number;
  readonly lines: readonly { readonly fromMs: number; readonly marks: readonly Mark[] }[];
}

/** No two causes share one. */
export const CAUSE_LETTERS: Readonly<Record<GapCause, string>> = {
  'camera-unreachable': 'U',
  'camera-refused': 'R',
  'camera-stalled': 'S',
  'stream-ended': 'E',
  'recorder-restarted': 'B',
  'recorder-lost': 'L',
  'ffmpeg-died': 'D',
  moved: 'M',
  reconfigured: 'C',
  paused: 'P',
  removed: 'X',
  'not-scheduled': 'N',
  'disk-full': 'F',
  'disk-stalled': 'W',
  'clock-stepped': 'T',
  quarantined: 'Q',
  expired: 'A',
};

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** The first whose range is long enough: a line is a minute, five minutes, an hour, or a day. */
const SCALES = [
  { longestMs: 10 * MINUTE_MS, markMs: 1_000, marks: 60 },
  { longestMs: 2 * HOUR_MS, markMs: 5_000, marks: 60 },
  { longestMs: 26 * HOUR_MS, markMs: MINUTE_MS, marks: 60 },
  { longestMs: Number.POSITIVE_INFINITY, markMs: 15 * MINUTE_MS, marks: 96 },
] as const;

/** @param rows touching and filling the range up to now; lines before and after what is known are left out. Pure. */
export function pictureOf(range: TimeRange, rows: readonly CoverageRow[]): Picture {
  const lengthMs = range.toMs - range.fromMs;
  const { markMs, marks } = SCALES.find(({ longestMs }) => lengthMs <= longestMs) ?? SCALES[3];
  const lineMs = markMs * marks;
  const all = Array.from({ length: Math.ceil(lengthMs / lineMs) }, (_, index) => {
    const fromMs = range.fromMs + index * lineMs;
    const shown = rows.filter((row) => row.fromMs < fromMs + lineMs && row.toMs > fromMs);
    const count = Math.min(marks, Math.ceil((range.toMs - fromMs) / markMs));
    return { fromMs, marks: Array.from({ length: count }, (_mark, at) => markOf(fromMs + at * markMs, markMs, shown)) };
  });
  const isShown = ({ marks: shown }: (typeof all)[number]): boolean => shown.some(({ kind }) => kind !== 'blank');
  return { markMs, lines: all.slice(Math.max(0, all.findIndex(isShown)), all.findLastIndex(isShown) + 1) };
}

function markOf(fromMs: number, markMs: number, rows: readonly CoverageRow[]): Mark {
  const within = rows
    .map((row) => ({ row, ms: Math.min(row.toMs, fromMs + markMs) - Math.max(row.fromMs, fromMs) }))
    .filter(({ ms }) => ms > 0)
    .sort((one, other) => WORST_FIRST[one.row.kind] - WORST_FIRST[other.row.kind] || other.ms - one.ms);
  const worst = within[0]?.row;
  if (worst === undefined || worst.kind === 'before') return { kind: 'blank' };
  return worst.kind === 'gap' ? { kind: 'gap', cause: worst.cause } : { kind: worst.kind };
}

const WORST_FIRST: Readonly<Record<CoverageRow['kind'], number>> = {
  unexplained: 0,
  gap: 1,
  pending: 2,
  footage: 3,
  before: 4,
};
