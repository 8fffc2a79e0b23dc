import type { CoverageSpan, GapCause } from './coverage.js';
import { type GapOwner, ownerOf } from './gap-causes.js';

/** How much of a range is what. The first three add up to the range; causes and owners each add up to `gapMs`. */
export interface CoverageTotals {
  readonly footageMs: number;
  readonly gapMs: number;
  readonly unexplainedMs: number;
  /** Only those that have some time, most of it first. */
  readonly byCause: readonly { readonly cause: GapCause; readonly owner: GapOwner; readonly ms: number }[];
  readonly byOwner: readonly { readonly owner: GapOwner; readonly ms: number }[];
}

/** Pure. */
export function coverageTotals(spans: readonly CoverageSpan[]): CoverageTotals {
  const msByKind = { footage: 0, gap: 0, unexplained: 0 };
  const msByCause = new Map<GapCause, number>();
  const msByOwner = new Map<GapOwner, number>();
  for (const span of spans) {
    const ms = span.toMs - span.fromMs;
    msByKind[span.kind] += ms;
    if (span.kind !== 'gap') continue;
    add(msByCause, span.cause, ms);
    add(msByOwner, ownerOf(span.cause), ms);
  }
  return {
    footageMs: msByKind.footage,
    gapMs: msByKind.gap,
    unexplainedMs: msByKind.unexplained,
    byCause: mostFirst(msByCause).map(([cause, ms]) => ({ cause, owner: ownerOf(cause), ms })),
    byOwner: mostFirst(msByOwner).map(([owner, ms]) => ({ owner, ms })),
  };
}

function add<Key>(sums: Map<Key, number>, key: Key, ms: number): void {
  sums.set(key, (sums.get(key) ?? 0) + ms);
}

function mostFirst<Key>(sums: ReadonlyMap<Key, number>): readonly (readonly [Key, number])[] {
  return [...sums].sort(([, one], [, other]) => other - one);
}
