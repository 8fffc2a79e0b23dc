import { expect, test } from 'vitest';
import type { GapCause, GapClaim } from '../../src/domain/coverage.js';
import { parseRecorderId } from '../../src/domain/ids.js';
import { NO_GAPS, type Told, tellMore, withClaims } from '../../src/recorder/gap-meter.js';

const by = parseRecorderId('box');
const claim = (cause: GapCause, fromMs: number, toMs: number): GapClaim => ({ cause, fromMs, toMs, by });

test('claims are added up by cause, from when it is ours to count', () => {
  const first = withClaims(NO_GAPS, [claim('camera-stalled', 0, 40), claim('paused', 40, 100)], 30);
  const both = withClaims(first, [claim('paused', 200, 260), claim('moved', 10, 20)], 30);
  expect([...both]).toEqual([
    ['camera-stalled', 10],
    ['paused', 120],
  ]);
});

test('nobody waits for a camera that was cancelled', () => {
  expect([...withClaims(NO_GAPS, [claim('removed', 0, 40)], 0)]).toEqual([]);
});

test.each([
  { what: 'what grows is told as it is', truths: [0, 500, 4_000], told: [0, 500, 4_000] },
  {
    what: 'told too much, it waits for the truth',
    truths: [4_000, 3_600, 3_900, 4_100],
    told: [4_000, 4_000, 4_000, 4_100],
  },
  {
    what: 'a clock that was wrong for hours stops nothing',
    truths: [4e6, 5_000, 6_000],
    told: [4e6, 4e6, 4e6 + 1_000],
  },
])('$what', ({ truths, told }) => {
  let last: Told | undefined;
  expect(
    truths.map((truthMs) => {
      last = tellMore(last, truthMs);
      return last.ms;
    }),
  ).toEqual(told);
});
