import { expect, test } from 'vitest';
import { conditionOf } from '../../src/recorder/camera-condition.js';

const context = { trouble: null, isWanted: false, stopCause: null, wallMs: 0, monotonicMs: 0 } as const;

test.each([
  ['is to be recorded', { isWanted: true }, 'connecting'],
  ['was paused', { stopCause: 'paused' }, 'paused'],
  ['was taken away', { stopCause: 'removed' }, 'unassigned'],
] as const)('a camera that does not record and %s', (_, changed, kind) => {
  expect(conditionOf({ kind: 'idle' }, { ...context, ...changed })).toEqual({ kind });
});
