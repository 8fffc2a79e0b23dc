import { expect, test } from 'vitest';
import { cameraConditionSchema } from '../../src/domain/camera.js';
import { REFUSALS } from '../../src/domain/refusals.js';
import { conditionKey, conditionOf } from '../../src/recorder/camera-condition.js';
import { NO_ATTEMPTS } from '../../src/recorder/restart-policy.js';
import { redact } from '../../src/redact.js';
import { SPEC } from '../support/worker-harness.js';

const context = { unstable: null, trouble: null, isWanted: false, stopCause: null, wallMs: 0, monotonicMs: 0 } as const;

test.each([
  ['is to be recorded', { isWanted: true }, { kind: 'connecting' }],
  ['was paused', { stopCause: 'paused' }, { kind: 'paused' }],
  ['was taken away', { stopCause: 'removed' }, { kind: 'unassigned', cause: 'removed' }],
  ['went elsewhere', { stopCause: 'moved' }, { kind: 'unassigned', cause: 'moved' }],
  ['was never recorded here', {}, { kind: 'unassigned' }],
] as const)('a camera that does not record and %s', (_, changed, condition) => {
  expect(conditionOf({ kind: 'idle' }, { ...context, ...changed })).toEqual(condition);
  const sent = { ...condition, sinceMs: 1 };
  expect(cameraConditionSchema.parse(JSON.parse(JSON.stringify(sent)))).toEqual(sent);
});

test('why a camera was taken away, in words of a newer recorder, is left out', () => {
  const sent = { kind: 'unassigned', cause: 'on-holiday', sinceMs: 1 };
  expect(cameraConditionSchema.parse(sent)).toMatchObject({ kind: 'unassigned', cause: undefined });
});

const waiting = { kind: 'waiting', spec: SPEC, attempts: NO_ATTEMPTS, retryAtMs: 0 } as const;
const refusedAs = (kind: (typeof REFUSALS)[number]) =>
  conditionOf({ ...waiting, last: { kind, detail: redact('no') } }, context);

test('every way of being refused is told apart, and survives the way through Temporal', () => {
  const conditions = REFUSALS.map(refusedAs);
  expect(conditions).toEqual(REFUSALS.map((refusal) => expect.objectContaining({ cause: 'camera-refused', refusal })));
  expect(new Set(conditions.map(conditionKey)).size).toBe(REFUSALS.length);
  for (const condition of conditions) {
    const sent = { ...condition, sinceMs: 1 };
    expect(cameraConditionSchema.parse(JSON.parse(JSON.stringify(sent)))).toEqual(sent);
  }
});

test.each([
  ['of an older recorder', {}],
  ['that only a newer recorder knows', { refusal: 'on-holiday' }],
])('a refusal %s is told by its cause', (_, more) => {
  const sent = { ...refusedAs('unauthorized'), refusal: undefined, sinceMs: 1, ...more };
  expect(cameraConditionSchema.parse(sent)).toMatchObject({ cause: 'camera-refused', refusal: undefined });
});

test('that a camera is unstable goes with whatever it does, and is the same news by itself', () => {
  const unstable = { sinceMs: 1, reconnects: 14, coveredRatio: 0.961 };
  const state = { ...waiting, last: { kind: 'stream-ended', detail: redact('over') } } as const;
  const [shaky, steady] = [{ ...context, isWanted: true, unstable }, context].map((one) => conditionOf(state, one));
  expect(shaky).toEqual({ ...steady, unstable });
  expect([shaky, steady].map((one) => one && conditionKey(one))[0]).toBe(steady && conditionKey(steady));
  const sent = { ...shaky, sinceMs: 1 };
  expect(cameraConditionSchema.parse(JSON.parse(JSON.stringify(sent)))).toEqual(sent);
  expect(cameraConditionSchema.parse({ ...sent, unstable: 'very' })).toMatchObject({ unstable: undefined });
});
