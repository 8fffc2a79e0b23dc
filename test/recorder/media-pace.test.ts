import { expect, test } from 'vitest';
import { pacedAgain, paceFrom, stoppedMsOf } from '../../src/recorder/media-pace.js';

/** What came between two looks. */
type Look = readonly [afterMs: number, frames: number, mediaMs: number];

/** After a second of a healthy camera. */
function stoppedAfter(looks: readonly Look[]): number {
  let [nowMs, frames, mediaMs] = [1_000, 15, 1_000];
  let pace = paceFrom(nowMs, frames, mediaMs);
  for (const [afterMs, more, passedMs] of looks) {
    nowMs += afterMs;
    frames += more;
    mediaMs += passedMs;
    pace = pacedAgain(pace, nowMs, frames, mediaMs);
  }
  return stoppedMsOf(pace);
}

const times = (count: number, ...looks: readonly Look[]): readonly Look[] =>
  Array.from({ length: count }, () => looks).flat();

test.each<readonly [string, readonly Look[], number]>([
  ['frames without media time, every look', times(4, [500, 8, 0.1]), 2_000],
  [
    'frames without media time, a GOP at a time',
    times(2, [500, 0, 0], [500, 0, 0], [500, 0, 0], [500, 30, 0.4]),
    4_000,
  ],
  [
    'those of a GOP in which the clock was set',
    [
      [500, 4, 260],
      [500, 0, 0],
      [500, 0, 0],
      [500, 24, 0.3],
    ],
    1_500,
  ],
  [
    'the same with a cut, which gives a frame a length',
    [
      [500, 0, 0],
      [500, 0, 0],
      [500, 0, 0],
      [500, 30, 67],
    ],
    2_000,
  ],
  ['a slow camera, two frames a second', times(16, [500, 1, 0]), 8_000],
  ['too few frames to tell', times(14, [500, 1, 0]), 0],
  ['media time that passes again', [...times(4, [500, 8, 0.1] as const), [500, 8, 500]], 0],
])('it stands still: %s', (_what, looks, stoppedMs) => {
  expect(stoppedAfter(looks)).toBe(stoppedMs);
});

test.each<readonly [string, readonly Look[]]>([
  ['a healthy camera', times(20, [500, 8, 500])],
  ['a camera a tenth slow', times(20, [500, 7, 450])],
  ['a burst after a freeze, stamped right', [...times(7, [500, 0, 0] as const), [500, 60, 4_000]]],
  ['a burst after a freeze, stamped as if there had been none', [...times(7, [500, 0, 0] as const), [500, 15, 500]]],
  ['a burst over two looks', [...times(7, [500, 0, 0] as const), [500, 20, 1_333], [100, 40, 2_667]]],
  ['bursts whose frames are stamped alike', times(5, [500, 1, 2_000], [500, 39, 0], [500, 0, 0], [500, 0, 0])],
  ['no frames at all', times(40, [500, 0, 0])],
  ['sleep, and all that came in it', [[24_000, 360, 24_000]]],
  ['one frame in five seconds', times(40, ...times(9, [500, 0, 0] as const), [500, 1, 5_000])],
  ['rates that vary', times(10, [500, 1, 500], [500, 30, 500], [500, 4, 500])],
  ['stamps that jump ahead', [[500, 8, 300_000]]],
])('it passes: %s', (_what, looks) => {
  expect(stoppedAfter(looks)).toBeLessThan(1_000);
});
