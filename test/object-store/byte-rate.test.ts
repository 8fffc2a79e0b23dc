import { setTimeout as delay } from 'node:timers/promises';
import { beforeEach, expect, test } from 'vitest';
import type { Clock } from '../../src/clock.js';
import { ByteRate } from '../../src/object-store/byte-rate.js';

const NEVER = new AbortController().signal;
const MIB = 2 ** 20;
let nowMs = 0;
let waits: number[] = [];

/** Tells how long it was to sleep; who sleeps wakes when aborted, else at once. */
const clock: Clock = {
  wallMs: () => nowMs,
  monotonicMs: () => nowMs,
  sleep: async (durationMs, signal) => {
    waits.push(durationMs);
    await delay(1, undefined, signal === undefined ? {} : { signal });
  },
};

beforeEach(() => {
  nowMs = 5_000;
  waits = [];
});

test('the first part goes at once, each next one when those before have had their time', async () => {
  const rate = new ByteRate(2 * MIB, clock);
  await Promise.all([8, 8, 2, 8].map(async (size) => await rate.take(size * MIB, NEVER)));
  expect(waits).toEqual([4_000, 8_000, 9_000]);
});

test('a line that was idle owes nobody what it did not send', async () => {
  const rate = new ByteRate(MIB, clock);
  await rate.take(MIB, NEVER);
  nowMs += 60_000;
  await rate.take(MIB, NEVER);
  await rate.take(MIB, NEVER);
  expect(waits).toEqual([1_000]);
});

test('one that is aborted while it waits ends at once, with the signal’s reason, and costs those after it nothing', async () => {
  const rate = new ByteRate(MIB, clock);
  await rate.take(8 * MIB, NEVER);
  const given = new AbortController();
  const aborted = rate.take(8 * MIB, given.signal);
  given.abort(new Error('cancelled'));
  await expect(aborted).rejects.toThrow('cancelled');
  await rate.take(MIB, NEVER);
  expect(waits).toEqual([8_000, 8_000]);
});
