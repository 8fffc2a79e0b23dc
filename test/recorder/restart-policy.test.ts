import fc from 'fast-check';
import { expect, test } from 'vitest';
import { causeOf, FAILURE_KINDS, type SessionOutcome } from '../../src/recorder/outcome.js';
import { type Attempts, NO_ATTEMPTS, planRestart, type RestartContext } from '../../src/recorder/restart-policy.js';
import { redact } from '../../src/redact.js';

const context: RestartContext = { nowMs: 1_000_000, random: 1, timeScale: 1, hasFootage: false, livedMs: 10_000 };
const failed = (kind: (typeof FAILURE_KINDS)[number]): SessionOutcome => ({ kind, detail: redact('why') });
const stalled: SessionOutcome = { kind: 'stalled', silentMs: 4_000 };

function waitsOf(outcome: SessionOutcome, times: number, changed: Partial<RestartContext> = {}): readonly number[] {
  let attempts: Attempts = NO_ATTEMPTS;
  return Array.from({ length: times }, () => {
    const plan = planRestart(outcome, attempts, { ...context, ...changed });
    attempts = plan.attempts;
    return plan.waitMs;
  });
}

const ordinary = [...(['stream-ended', 'timed-out', 'unreachable', 'no-video', 'died'] as const).map(failed), stalled];

test.each(ordinary)('$kind after footage: half a second', (outcome) => {
  expect(waitsOf(outcome, 3, { hasFootage: true, livedMs: 9_999 })).toEqual([500, 500, 500]);
});

test('an FFmpeg that died after ten seconds with footage: at once', () => {
  expect(waitsOf(failed('died'), 3, { hasFootage: true, livedMs: 10_000 })).toEqual([0, 0, 0]);
  expect(waitsOf(stalled, 1, { hasFootage: true, livedMs: 10_000 })).toEqual([500]);
});

test.each(ordinary)('$kind without footage: doubling to 4 s', (outcome) => {
  expect(waitsOf(outcome, 5)).toEqual([500, 1_000, 2_000, 4_000, 4_000]);
});

test('jitter takes up to half of a wait away', () => {
  expect(waitsOf(failed('unreachable'), 4, { random: 0 })).toEqual([250, 500, 1_000, 2_000]);
});

test('after five minutes without footage the wait grows to 15 s', () => {
  const attempts: Attempts = { ...NO_ATTEMPTS, fruitless: 9, fruitlessSinceMs: context.nowMs - 299_999 };
  expect(planRestart(failed('unreachable'), attempts, context).waitMs).toBe(4_000);
  expect(planRestart(failed('unreachable'), attempts, { ...context, nowMs: context.nowMs + 1 }).waitMs).toBe(15_000);
});

test.each([
  ['unauthorized', [60_000, 300_000, 1_860_000, 1_860_000]],
  ['too-many-sessions', [4_000, 4_000, 4_000, 4_000]],
  ['not-found', [60_000, 60_000, 60_000, 60_000]],
  ['no-url', [60_000, 60_000, 60_000, 60_000]],
  ['unsupported', [60_000, 60_000, 60_000, 60_000]],
  ['no-space', [5_000, 5_000, 5_000, 5_000]],
  ['disk-failing', [5_000, 5_000, 5_000, 5_000]],
  ['parameters-changed', [0, 0, 0, 0]],
] as const)('%s waits %j', (kind, waits) => {
  expect(waitsOf(failed(kind), 4)).toEqual(waits);
});

test('footage resets what was counted', () => {
  const { attempts } = planRestart(
    stalled,
    { fruitless: 5, fruitlessSinceMs: 1, refusals: 2, parameterRestarts: 0 },
    { ...context, hasFootage: true },
  );
  expect(attempts).toEqual(NO_ATTEMPTS);
});

test('only short sessions in a row count as parameters that never agree', () => {
  const first = planRestart(failed('parameters-changed'), NO_ATTEMPTS, context).attempts;
  const second = planRestart(failed('parameters-changed'), first, { ...context, hasFootage: true }).attempts;
  const long = planRestart(failed('parameters-changed'), second, { ...context, livedMs: 60_000 }).attempts;
  expect([first, second, long].map((attempts) => attempts.parameterRestarts)).toEqual([1, 2, 1]);
});

test('every wait is scaled, and none is negative or longer than 31 minutes', () => {
  const kinds = fc.constantFrom(...FAILURE_KINDS.map(failed), stalled);
  fc.assert(
    fc.property(kinds, fc.nat(50), fc.double({ min: 0, max: 0.999, noNaN: true }), (outcome, fruitless, random) => {
      const attempts = { ...NO_ATTEMPTS, fruitless, refusals: fruitless };
      const full = planRestart(outcome, attempts, { ...context, random }).waitMs;
      const scaled = planRestart(outcome, attempts, { ...context, random, timeScale: 0.01 }).waitMs;
      expect(full).toBeGreaterThanOrEqual(0);
      expect(full).toBeLessThanOrEqual(1_860_000);
      expect(scaled).toBeCloseTo(full * 0.01);
    }),
  );
});

test.each([
  [failed('stream-ended'), 'stream-ended'],
  [failed('unreachable'), 'camera-unreachable'],
  [failed('timed-out'), 'camera-unreachable'],
  [stalled, 'camera-stalled'],
  [failed('no-video'), 'camera-stalled'],
  [failed('died'), 'ffmpeg-died'],
  [failed('unauthorized'), 'camera-refused'],
  [failed('too-many-sessions'), 'camera-refused'],
  [failed('not-found'), 'camera-refused'],
  [failed('no-url'), 'camera-refused'],
  [failed('unsupported'), 'camera-refused'],
  [failed('no-space'), 'disk-full'],
  [failed('disk-failing'), 'disk-stalled'],
  [failed('parameters-changed'), 'reconfigured'],
  [{ kind: 'stop-requested', cause: 'paused' }, 'paused'],
  [{ kind: 'stop-requested', cause: 'cancelled' }, 'removed'],
  [{ kind: 'stop-requested', cause: 'moved' }, 'moved'],
  [{ kind: 'stop-requested', cause: 'shutdown' }, 'recorder-restarted'],
  [{ kind: 'stop-requested', cause: 'reconfigured' }, 'reconfigured'],
] as const)('%j leaves a gap because of %s', (outcome, cause) => {
  expect(causeOf(outcome)).toBe(cause);
});
