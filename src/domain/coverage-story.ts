import type { CoverageSpan } from './coverage.js';
import type { TimeRange } from './time-range.js';

/** A camera's coverage of a range; before `beganAtMs` nothing of it is known, null when its story is older than the range. */
export interface Story {
  readonly spans: readonly CoverageSpan[];
  readonly beganAtMs: number | null;
}

/** What is known of a camera from before a range. */
export type KnownBefore = 'nothing' | 'something' | 'removed';

/**
 * Time before a camera's first object is not missing, and a camera that was removed is so until something else is known.
 * @param firstMs when anything of the camera is first heard of; only looked at when nothing is known from before
 */
export function storyOf(range: TimeRange, spans: readonly CoverageSpan[], before: KnownBefore, firstMs: number): Story {
  if (before !== 'nothing') return { spans: stayRemoved(spans, before === 'removed'), beganAtMs: null };
  const beganAtMs = Math.min(Math.max(firstMs, range.fromMs), range.toMs);
  const since = spans.filter(({ toMs }) => toMs > beganAtMs);
  const cut = since.map((span) => ({ ...span, fromMs: Math.max(span.fromMs, beganAtMs) }));
  return { spans: stayRemoved(cut, false), beganAtMs };
}

/** Whether a camera is removed at the end of what is known. */
export function endsRemoved(spans: readonly CoverageSpan[]): boolean {
  const last = spans.at(-1);
  return last?.kind === 'gap' && last.cause === 'removed';
}

/** Nobody goes on telling about a camera that was removed: what follows is the same gap, until something else is known. */
function stayRemoved(spans: readonly CoverageSpan[], isRemovedBefore: boolean): readonly CoverageSpan[] {
  const told: CoverageSpan[] = [];
  let isRemoved = isRemovedBefore;
  for (const span of spans) {
    const last = told.at(-1);
    isRemoved = span.kind === 'unexplained' ? isRemoved : span.kind === 'gap' && span.cause === 'removed';
    const { fromMs, toMs } = span;
    if (span.kind !== 'unexplained' || !isRemoved) told.push(span);
    else if (last === undefined) told.push({ fromMs, toMs, kind: 'gap', cause: 'removed' });
    else told[told.length - 1] = { ...last, toMs };
  }
  return told;
}
