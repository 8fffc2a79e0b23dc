import { describe, expect, test } from 'vitest';
import { type AuditInput, auditFrames } from '../../src/simulator/audit.js';

/** Ten frames a second for ten seconds; frame n at n * 100 ms. */
const produced = Array.from({ length: 100 }, (_, counter) => ({ counter, atMs: counter * 100, clients: 1 }));
const all = produced.map(({ counter }) => counter);
const range = { fromMs: 0, toMs: 10_000 };

function audit(input: Partial<AuditInput>) {
  return auditFrames({ produced, stored: all, gaps: [], range, ...input });
}

describe('an audit', () => {
  test('of a whole recording finds nothing', () => {
    expect(audit({})).toEqual({
      produced: 100,
      stored: 100,
      insideGaps: 0,
      missing: [],
      doubled: [],
      deniedByGaps: [],
    });
  });

  test('names the frame that nobody accounts for', () => {
    expect(audit({ stored: all.filter((counter) => counter !== 42) })).toMatchObject({ stored: 99, missing: [42] });
  });

  test('names frames that are stored twice', () => {
    expect(audit({ stored: [...all, 7, 7, 9] })).toMatchObject({ stored: 100, doubled: [7, 9] });
  });

  test('lets a gap explain lost frames, half a second beyond its ends, and no further', () => {
    const stored = all.filter((counter) => counter < 30 || counter >= 60);
    expect(audit({ stored, gaps: [{ fromMs: 3_500, toMs: 5_500 }] })).toMatchObject({ insideGaps: 30, missing: [] });
    expect(audit({ stored, gaps: [{ fromMs: 3_700, toMs: 5_500 }] })).toMatchObject({
      insideGaps: 28,
      missing: [30, 31],
    });
  });

  test('finds gaps that deny footage there is', () => {
    expect(audit({ gaps: [{ fromMs: 3_000, toMs: 4_500 }] })).toMatchObject({ deniedByGaps: [35, 36, 37, 38, 39] });
  });

  test('looks at its range only, and counts everything in it once', () => {
    const report = audit({
      range: { fromMs: 1_000, toMs: 2_000 },
      stored: [12, 13, 55],
      gaps: [{ fromMs: 1_700, toMs: 9_000 }],
    });
    expect(report).toMatchObject({ produced: 10, stored: 2, missing: [10, 11] });
    expect(report.produced).toBe(report.stored + report.insideGaps + report.missing.length);
  });

  test('does not find a frame that a camera never made', () => {
    expect(audit({ produced: produced.filter(({ counter }) => counter % 3 !== 0) })).toMatchObject({
      produced: 66,
      missing: [],
    });
  });
});
