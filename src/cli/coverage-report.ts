import type { CoverageSpan, GapCause } from '../domain/coverage.js';
import { type CoverageTotals, coverageTotals } from '../domain/coverage-totals.js';
import type { CameraId } from '../domain/ids.js';
import type { TimeRange } from '../domain/time-range.js';
import { settledBefore } from '../playback/settled.js';
import type { Timeline } from '../playback/timeline.js';

/** One line of the table. `pending`: too young to be missing. `before`: nothing is known of the camera yet. */
export type CoverageRow = TimeRange &
  (
    | { readonly kind: 'footage'; readonly segments: number; readonly onlyInSpool: number }
    | { readonly kind: 'gap'; readonly cause: GapCause }
    | { readonly kind: 'unexplained' | 'pending' | 'before' }
  );

/** What the table, the picture and the JSON are made of. */
export interface CoverageReport {
  readonly camera: CameraId;
  /** What was asked for, up to now. */
  readonly range: TimeRange;
  /** Before it every second must be footage or have its cause. */
  readonly settledMs: number;
  /** Touching, filling the range; footage that touches is one row. */
  readonly rows: readonly CoverageRow[];
  readonly spans: readonly CoverageSpan[];
  /** Of the settled time and of what is known of the rest. */
  readonly totals: CoverageTotals;
  readonly pendingMs: number;
}

/** Pure. */
export function coverageReport(
  camera: CameraId,
  timeline: Timeline,
  given: { readonly nowMs: number; readonly segmentDurationSec: number },
): CoverageReport {
  const { range, spans, beganAtMs } = timeline;
  const settledMs = settledBefore(given.nowMs, given.segmentDurationSec, timeline.longestMs);
  const [settled, pending] = split(spans, settledMs);
  const before = beganAtMs === null ? [] : [{ kind: 'before' as const, fromMs: range.fromMs, toMs: beganAtMs }];
  const rows = [...before.filter(({ fromMs, toMs }) => toMs > fromMs), ...settled.reduce(withSpan, [])];
  return {
    camera,
    range,
    settledMs,
    rows: [...rows, ...pending.map(({ fromMs, toMs }) => ({ kind: 'pending' as const, fromMs, toMs }))].sort(byTime),
    spans,
    totals: coverageTotals(settled),
    pendingMs: pending.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0),
  };
}

/** Every settled second is footage or has its cause, and there is something to say so. */
export function isComplete({ totals, spans }: CoverageReport): boolean {
  return spans.length > 0 && totals.unexplainedMs === 0;
}

/** What is unexplained and too young to be missing, apart from the rest. */
function split(
  spans: readonly CoverageSpan[],
  settledMs: number,
): readonly [readonly CoverageSpan[], readonly TimeRange[]] {
  const settled: CoverageSpan[] = [];
  const pending: TimeRange[] = [];
  for (const span of spans) {
    if (span.kind !== 'unexplained' || span.toMs <= settledMs) settled.push(span);
    else {
      const fromMs = Math.max(span.fromMs, settledMs);
      pending.push({ fromMs, toMs: span.toMs });
      if (fromMs > span.fromMs) settled.push({ ...span, toMs: fromMs });
    }
  }
  return [settled, pending];
}

function withSpan(rows: readonly CoverageRow[], span: CoverageSpan): readonly CoverageRow[] {
  if (span.kind !== 'footage') return [...rows, span];
  const { fromMs, toMs } = span;
  const onlyInSpool = span.where === 'spool' ? 1 : 0;
  const last = rows.at(-1);
  if (last?.kind !== 'footage' || last.toMs !== fromMs) {
    return [...rows, { kind: 'footage', fromMs, toMs, segments: 1, onlyInSpool }];
  }
  const merged = { ...last, toMs, segments: last.segments + 1, onlyInSpool: last.onlyInSpool + onlyInSpool };
  return [...rows.slice(0, -1), merged];
}

function byTime(one: TimeRange, other: TimeRange): number {
  return one.fromMs - other.fromMs;
}
