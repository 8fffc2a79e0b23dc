import { expect, it } from 'vitest';
import { limitNotice } from '../../src/cli/limit-notice.js';

const budget = { isUsedUp: true, dir: '/here/.data', limitBytes: 10e9, usedBytes: 10.3e9 };

it('the notice of a limit says what is there and what is allowed', () => {
  expect(limitNotice(budget)).toContain('/here/.data holds 10.3 GB of 10.0 GB, the limit for trying it out.');
});

it('there is none before', () => {
  expect(limitNotice({ ...budget, isUsedUp: false })).toBeNull();
  expect(limitNotice(null)).toBeNull();
});
