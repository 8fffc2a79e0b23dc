import { expect, test } from 'vitest';
import { type RestartLimits, restartWaitMs } from '../../src/keeper/restart-limits.js';

const limits: RestartLimits = {
  burst: { starts: 3, withinMs: 1_000, waitMs: 500 },
  sustained: { starts: 5, withinMs: 10_000, waitMs: 4_000 },
  startUpWaitMs: 100,
};

test.each([
  { what: 'the first death of a worker that served', starts: [0], nowMs: 50, wasReady: true, waitMs: 0 },
  { what: 'a death before it was ready', starts: [0], nowMs: 50, wasReady: false, waitMs: 100 },
  { what: 'the burst limit', starts: [0, 10, 20], nowMs: 50, wasReady: true, waitMs: 500 },
  { what: 'the burst limit, a while later', starts: [0, 10, 20], nowMs: 1_005, wasReady: true, waitMs: 0 },
  { what: 'the sustained limit', starts: [0, 2_000, 4_000, 6_000, 8_000], nowMs: 9_999, wasReady: true, waitMs: 4_000 },
  {
    what: 'the sustained limit, a while later',
    starts: [0, 2_000, 4_000, 6_000, 8_000],
    nowMs: 10_000,
    wasReady: true,
    waitMs: 0,
  },
  { what: 'both limits', starts: [0, 1, 2, 3, 4], nowMs: 50, wasReady: false, waitMs: 4_000 },
])('after $what the next start waits $waitMs ms', ({ starts, nowMs, wasReady, waitMs }) => {
  expect(restartWaitMs(limits, starts, nowMs, wasReady)).toBe(waitMs);
});
