import { expect, test } from 'vitest';
import { DEFAULT_KEEPER_LIMITS } from '../../src/keeper/keeper-limits.js';
import { STOP_DEADLINES, WORKER_POLICIES } from '../../src/workers/policies.js';
import { policiesOf } from '../../src/workflows/policies.js';

test('the longest stop ends before the keeper kills the worker', () => {
  const { connecting, workers, loops, recorder, announce, connection } = STOP_DEADLINES.stop;
  const draining = connecting + Math.max(workers, loops);
  const longestMs = Math.max(draining, recorder) + announce + connection;
  expect(longestMs).toBeLessThan(DEFAULT_KEEPER_LIMITS.stopTimeoutMs);
});

test('the longest detach ends before the keeper kills the worker', () => {
  const { connecting, workers, loops, recorder, connection } = STOP_DEADLINES.detach;
  const longestMs = connecting + Math.max(workers, loops) + recorder + connection;
  expect(longestMs).toBeLessThan(DEFAULT_KEEPER_LIMITS.detachTimeoutMs);
});

test('what a stop leaves behind has had its time: activities, and the last announcement', () => {
  expect(STOP_DEADLINES.stop.workers).toBeGreaterThan(WORKER_POLICIES.shutdownForceMs);
  expect(STOP_DEADLINES.stop.announce).toBeGreaterThanOrEqual(WORKER_POLICIES.announceDeadlineMs);
});

test('a probe is over before the next is due', () => {
  expect(WORKER_POLICIES.probeDeadlineMs).toBeLessThanOrEqual(policiesOf().probeEveryMs);
});
