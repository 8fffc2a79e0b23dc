import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CoverageSpan,
  coverageOf,
  type Footage,
  GAP_CAUSES,
  type GapCause,
  type GapClaim,
} from '../../src/domain/coverage.js';
import { coverageTotals } from '../../src/domain/coverage-totals.js';
import { parseRecorderId, parseSegmentId } from '../../src/domain/ids.js';

const BY = parseRecorderId('recorder-a');
const RANGE = { fromMs: 0, toMs: 100 };

function recorded(index: number, fromMs: number, toMs: number, where: Footage['where'] = 'store'): Footage {
  return { segment: segment(index), fromMs, toMs, where };
}

function segment(index: number): Footage['segment'] {
  return parseSegmentId(`camera-1_20251214T013002Z-7f3a_${String(index).padStart(4, '0')}`);
}

function claim(cause: GapCause, fromMs: number, toMs: number): GapClaim {
  return { cause, fromMs, toMs, by: BY };
}

/** `0-40 #1, 40-60 paused, 60-100 ?` */
function words(spans: readonly CoverageSpan[]): string {
  return spans.map((span) => `${span.fromMs}-${span.toMs} ${wordOf(span)}`).join(', ');
}

function wordOf(span: CoverageSpan): string {
  if (span.kind === 'footage') return `#${Number(span.segment.slice(-4))}`;
  return span.kind === 'gap' ? span.cause : '?';
}

describe('coverage', () => {
  it.each<[string, readonly Footage[], readonly GapClaim[], string]>([
    ['nothing known is unexplained', [], [], '0-100 ?'],
    ['segments that touch leave nothing over', [recorded(1, 0, 50), recorded(2, 50, 100)], [], '0-50 #1, 50-100 #2'],
    ['what lies outside is cut off', [recorded(1, -50, 30)], [claim('paused', 20, 900)], '0-30 #1, 30-100 paused'],
    ['the earlier segment beats the later', [recorded(2, 40, 100), recorded(1, 0, 60)], [], '0-60 #1, 60-100 #2'],
    ['a segment inside another is not seen', [recorded(1, 0, 100), recorded(2, 20, 30)], [], '0-100 #1'],
    [
      'footage that arrives late heals a gap',
      [recorded(1, 30, 60)],
      [claim('camera-stalled', 0, 100)],
      '0-30 camera-stalled, 30-60 #1, 60-100 camera-stalled',
    ],
    [
      'the shorter claim is the closer look',
      [],
      [claim('camera-unreachable', 0, 100), claim('disk-full', 20, 30)],
      '0-20 camera-unreachable, 20-30 disk-full, 30-100 camera-unreachable',
    ],
    [
      'claims that say the same are one',
      [],
      [claim('paused', 0, 60), claim('paused', 50, 80)],
      '0-80 paused, 80-100 ?',
    ],
    ['an empty or turned claim says nothing', [], [claim('paused', 50, 50), claim('moved', 80, 20)], '0-100 ?'],
  ])('%s', (_name, footage, claims, expected) => {
    expect(words(coverageOf(RANGE, footage, claims))).toBe(expected);
  });

  it('the copy in the store is shown, not the one in the spool', () => {
    const both = [recorded(1, 0, 100, 'spool'), recorded(1, 0, 100, 'store')];
    expect(coverageOf(RANGE, both, [])).toEqual([{ kind: 'footage', ...recorded(1, 0, 100, 'store') }]);
  });

  it('an empty range has no spans', () => {
    expect(coverageOf({ fromMs: 5, toMs: 5 }, [recorded(1, 0, 100)], [])).toEqual([]);
  });
});

const moment = fc.integer({ min: -50, max: 250 });
const footages = fc.array(
  fc.record({
    segment: fc.nat({ max: 30 }).map(segment),
    fromMs: moment,
    toMs: moment,
    where: fc.constantFrom<Footage['where'][]>('spool', 'store'),
  }),
  { maxLength: 12 },
);
const claims = fc.array(
  fc.record({ fromMs: moment, toMs: moment, cause: fc.constantFrom(...GAP_CAUSES), by: fc.constant(BY) }),
  { maxLength: 12 },
);
const ranges = fc
  .tuple(moment, fc.nat({ max: 200 }))
  .map(([fromMs, lengthMs]) => ({ fromMs, toMs: fromMs + lengthMs }));

describe('coverage of anything', () => {
  it('fills the range exactly, sorted and touching', () => {
    fc.assert(
      fc.property(ranges, footages, claims, (range, footage, known) => {
        const spans = coverageOf(range, footage, known);
        expect([range.fromMs, ...spans.map(({ toMs }) => toMs)]).toEqual([
          ...spans.map(({ fromMs }) => fromMs),
          range.toMs,
        ]);
        for (const { fromMs, toMs } of spans) expect(toMs).toBeGreaterThan(fromMs);
        const { footageMs, gapMs, unexplainedMs, byCause, byOwner } = coverageTotals(spans);
        expect(footageMs + gapMs + unexplainedMs).toBe(range.toMs - range.fromMs);
        expect(sum(byCause)).toBe(gapMs);
        expect(sum(byOwner)).toBe(gapMs);
      }),
    );
  });

  it('says of each moment what is known: footage first, then a claim, else nothing', () => {
    fc.assert(
      fc.property(ranges, footages, claims, (range, footage, known) => {
        for (const span of coverageOf(range, footage, known)) {
          for (const atMs of [span.fromMs, span.toMs - 1]) {
            const there = footage.filter((one) => one.fromMs <= atMs && atMs < one.toMs);
            const said = known.filter((one) => one.fromMs <= atMs && atMs < one.toMs).map(({ cause }) => cause);
            if (span.kind === 'footage') expect(there.map((one) => one.segment)).toContain(span.segment);
            else expect(there).toEqual([]);
            if (span.kind === 'gap') expect(said).toContain(span.cause);
            if (span.kind === 'unexplained') expect(said).toEqual([]);
          }
        }
      }),
    );
  });

  it('depends neither on the order of what is given nor on what is given twice', () => {
    fc.assert(
      fc.property(ranges, footages, claims, fc.integer(), (range, footage, known, seed) => {
        const once = coverageOf(range, footage, known);
        expect(coverageOf(range, shuffled(footage, seed), shuffled(known, seed))).toEqual(once);
        expect(coverageOf(range, [...footage, ...footage], [...known, ...known])).toEqual(once);
      }),
    );
  });

  it('is the same when made of its own spans', () => {
    fc.assert(
      fc.property(ranges, footages, claims, (range, footage, known) => {
        const once = coverageOf(range, footage, known);
        const shown = once.flatMap((span) => (span.kind === 'footage' ? [span] : []));
        const said = once.flatMap((span) => (span.kind === 'gap' ? [{ ...span, by: BY }] : []));
        expect(coverageOf(range, shown, said)).toEqual(once);
      }),
    );
  });
});

function shuffled<T>(values: readonly T[], seed: number): readonly T[] {
  const keyed = values.map((value, index) => ({ value, key: Math.imul(index + 1, seed | 1) >>> 0 }));
  return keyed.sort((one, other) => one.key - other.key).map(({ value }) => value);
}

function sum(parts: readonly { readonly ms: number }[]): number {
  return parts.reduce((total, { ms }) => total + ms, 0);
}
