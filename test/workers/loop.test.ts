import { pino } from 'pino';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { Clock } from '../../src/clock.js';
import { DeadlineError, within } from '../../src/workers/deadline.js';
import { errorText } from '../../src/workers/error-text.js';
import { createLink } from '../../src/workers/link.js';
import { type LoopOptions, startLoop } from '../../src/workers/loop.js';
import { waitFor } from '../support/wait-for.js';

/** Sleeps end when told; what was slept is kept. */
function handClock() {
  const slept: number[] = [];
  let wake: () => void = () => undefined;
  const clock: Clock = {
    wallMs: () => 0,
    monotonicMs: () => 0,
    sleep: async (durationMs, signal) => {
      slept.push(durationMs);
      await new Promise<void>((resolve, reject) => {
        wake = resolve;
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
        if (signal?.aborted === true) reject(signal.reason);
      });
    },
  };
  const rounds = async (count: number): Promise<void> =>
    void (await waitFor(() => slept.length >= count, { what: `${count} rests`, deadlineMs: 2_000, pollMs: 1 }));
  return { clock, slept, rounds, tick: () => wake() };
}

function loopOf(pass: LoopOptions['pass']) {
  const hand = handClock();
  const lines: string[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) });
  const loop = startLoop({ name: 'test', everyMs: 100, clock: hand.clock, log, pass });
  onTestFinished(async () => await loop.stop());
  return { ...hand, loop, lines };
}

test('a pass that fails is tried again later and later, counted, and logged once each way', async () => {
  let isBroken = true;
  const it = loopOf(async () => {
    if (isBroken) throw new Error('no answer from http://key:secret@store');
  });
  for (let round = 1; round <= 6; round++) {
    await it.rounds(round);
    if (round === 5) isBroken = false;
    it.tick();
  }
  await it.rounds(7);
  expect(it.slept.slice(0, 6)).toEqual([100, 200, 400, 800, 800, 100]);
  expect(it.loop.failures()).toBe(5);
  const loud = it.lines.filter((line) => !line.includes('"level":20'));
  expect(loud).toHaveLength(2);
  expect(loud.join()).not.toContain('secret@');
});

test('a pass that was skipped is no success: nothing works again before it did', async () => {
  let answer: 'throw' | 'skip' | 'work' = 'throw';
  const it = loopOf(async () => {
    if (answer === 'throw') throw new Error('away');
    return answer === 'skip' ? 'skipped' : undefined;
  });
  await it.rounds(1);
  answer = 'skip';
  it.tick();
  await it.rounds(2);
  expect(it.lines.join()).not.toContain('works again');
  answer = 'work';
  it.tick();
  await it.rounds(3);
  expect(it.lines.filter((line) => line.includes('works again'))).toHaveLength(1);
  expect(it.loop.failures()).toBe(1);
});

test('a hint ends the rest at once, also one that comes during a pass', async () => {
  const passes = vi.fn(async (): Promise<void> => undefined);
  const it = loopOf(passes);
  await it.rounds(1);
  it.loop.hurry();
  await it.rounds(2);
  expect(passes).toHaveBeenCalledTimes(2);
  passes.mockImplementationOnce(async () => it.loop.hurry());
  it.tick();
  await it.rounds(4);
  expect(passes).toHaveBeenCalledTimes(4);
});

test('stop waits for the pass under way, which sees the signal, and no other begins', async () => {
  const seen: boolean[] = [];
  const it = loopOf(
    async (signal) =>
      await new Promise((resolve) =>
        signal.addEventListener('abort', () => {
          seen.push(signal.aborted);
          resolve();
        }),
      ),
  );
  await it.loop.stop();
  expect(seen).toEqual([true]);
  expect(it.slept).toEqual([]);
});

test('work that hangs is left behind at its deadline, and its late failure is nobody’s', async () => {
  let fail: (error: Error) => void = () => undefined;
  const hanging = new Promise<never>((_, reject) => {
    fail = reject;
  });
  await expect(within('hanging', 10, hanging)).rejects.toBeInstanceOf(DeadlineError);
  fail(new Error('late'));
  expect(await within('quick', 1_000, Promise.resolve(7))).toBe(7);
});

test('a link logs only its changes, and keeps what was said last', () => {
  const lines: string[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
  const link = createLink('store', handClock().clock, log);
  link.down(new Error('first'));
  link.down(new Error('second'));
  expect(link.status()).toMatchObject({ isReachable: false, detail: 'second' });
  expect(link.up()).toBe(true);
  expect(link.up()).toBe(false);
  expect(link.status()).toMatchObject({ isReachable: true, detail: null });
  expect(lines).toHaveLength(2);
});

test.each([
  [
    'its causes',
    new Error('Failed to signal', { cause: new Error('14 UNAVAILABLE') }),
    'Failed to signal: 14 UNAVAILABLE',
  ],
  ['nothing twice', new Error('connect to store: no', { cause: new Error('no') }), 'connect to store: no'],
  ['its name when it says nothing', new RangeError(''), 'RangeError'],
  ['no password', new Error('rtsp://u:p@h refused'), 'rtsp://***@h refused'],
  ['what was thrown, when it is no error', 'plain', 'thrown: "plain"'],
])('an error is told with %s', (_, error, text) => {
  expect(errorText(error)).toBe(text);
});
