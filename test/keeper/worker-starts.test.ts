import { expect, test } from 'vitest';
import { RECENT_FAILURES_MS, WorkerStarts } from '../../src/keeper/worker-starts.js';

const limits = {
  burst: { starts: 3, withinMs: 1_000, waitMs: 500 },
  sustained: { starts: 100, withinMs: 10_000, waitMs: 4_000 },
  startUpWaitMs: 100,
};

test('starts are counted by reason, all of them', () => {
  const starts = new WorkerStarts(limits);
  for (const reason of ['first', 'memory', 'memory', 'crashed'] as const) starts.note(reason, 0);
  starts.note('hung', 10 * RECENT_FAILURES_MS);
  expect(starts.counts).toEqual({ first: 1, upgrade: 0, memory: 2, hung: 1, crashed: 1 });
});

test('what hung or crashed is told for an hour; what was asked for is no failure', () => {
  const starts = new WorkerStarts(limits);
  starts.note('first', 0);
  starts.note('crashed', 1_000);
  starts.note('upgrade', 2_000);
  starts.note('memory', 2_000);
  starts.note('hung', 3_000);
  expect([0, 1_000, 3_000].map((ms) => starts.recentFailures(ms + RECENT_FAILURES_MS))).toEqual([2, 1, 0]);
});

test('every start counts for the next one’s wait, whatever its reason', () => {
  const starts = new WorkerStarts(limits);
  starts.note('first', 0);
  starts.note('memory', 10);
  expect(starts.waitMs(20, true)).toBe(0);
  starts.note('memory', 20);
  expect(starts.waitMs(30, true)).toBe(500);
  expect(starts.waitMs(1_001, true)).toBe(0);
});
