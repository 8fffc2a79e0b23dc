import { expect, test } from 'vitest';
import { policiesOf } from '../../src/workflows/policies.js';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;

test.each([
  ['a store that acknowledged from its page cache has ten minutes to lose it', 'confirmAfterMs', 10 * MINUTE_MS],
  ['a recorder whose question Temporal holds for a minute is alive', 'aliveForMs', MINUTE_MS + SECOND_MS],
  ['a recording waits for the attempt that follows a lost heartbeat', 'unattachedGraceMs', 70 * SECOND_MS],
  ['a segment is left to its camera workflow before a worker uploads it', 'untouchedMs', 10 * MINUTE_MS],
] as const)('in the field, %s: %s is at least %i', (_, name, leastMs) => {
  expect(policiesOf()[name]).toBeGreaterThanOrEqual(leastMs);
});

test('a scaled wait is in the proportion asked for, and never zero', () => {
  expect(policiesOf(0.1).confirmAfterMs).toBe(policiesOf().confirmAfterMs / 10);
  expect(policiesOf(1e-9).confirmAfterMs).toBe(1);
});
