import { expect, it } from 'vitest';
import type { Supervision } from '../../src/domain/supervision.js';
import { statusView } from '../../src/http/status-view.js';
import { supervisionNotices } from '../../src/http/supervision-notices.js';
import { statusInput } from './status-inputs.js';

const well: Supervision = {
  starts: { first: 1, upgrade: 2, memory: 1, hung: 0, crashed: 1 },
  recentFailures: 1,
  memory: { limitBytes: 512e6, allowedBytes: 320e6, usedBytes: 200e6, isTooLow: false },
};

it.each([
  ['no keeper', null],
  ['a worker with room, replaced once', well],
  ['a worker without a limit', { ...well, memory: null }],
])('%s is worth no notice', (_what, supervision) => {
  expect(supervisionNotices(supervision)).toEqual([]);
});

it('a memory limit that is too low is told with its numbers, and what to do', () => {
  const supervision = { ...well, memory: { limitBytes: 512e6, allowedBytes: 120e6, usedBytes: 200e6, isTooLow: true } };
  const [notice] = supervisionNotices(supervision);
  expect(notice).toContain('The memory limit of 512 MB is too low: the worker uses 200 MB');
  expect(notice).toContain('room for 120 MB');
  expect(notice).toContain('MEMORY_LIMIT_BYTES');
  expect(statusView(statusInput({ worker: { ...statusInput().worker, supervision } })).notices).toEqual([notice]);
});

it('a worker that keeps ending is told', () => {
  expect(supervisionNotices({ ...well, recentFailures: 3 })).toEqual([
    'The worker hung or crashed 3 times within an hour and was started again. Recording went on; the log says why.',
  ]);
});
