import { EventEmitter } from 'node:events';
import { expect, it } from 'vitest';
import { listenForStop } from '../../src/cli/stop-signals.js';

/** Signals at given times, and what was asked for after each. */
function signals(...sent: readonly (readonly [number, NodeJS.Signals])[]) {
  const source = new EventEmitter();
  let nowMs = 0;
  const stop = listenForStop(source, { monotonicMs: () => nowMs });
  let told = 0;
  stop.onAsked(() => {
    told += 1;
  });
  const states = sent.map(([atMs, name]) => {
    nowMs = atMs;
    source.emit(name);
    return stop.forced.aborted ? 'forced' : stop.asked.aborted ? 'asked' : 'no';
  });
  stop.close();
  return { states, told, left: source.eventNames() };
}

it('the first signal asks, the second forces, a third changes nothing', () => {
  const { states, told } = signals([0, 'SIGINT'], [2_000, 'SIGTERM'], [4_000, 'SIGINT']);
  expect(states).toEqual(['asked', 'forced', 'forced']);
  expect(told).toBe(2);
});

it("npm's repetition of a Ctrl-C is not a second one", () => {
  expect(signals([0, 'SIGINT'], [20, 'SIGINT'], [1_000, 'SIGINT']).states).toEqual(['asked', 'asked', 'forced']);
});

it('who comes late is told at once, and closing gives the signals back', () => {
  const source = new EventEmitter();
  const stop = listenForStop(source);
  source.emit('SIGHUP');
  let told = 0;
  stop.onAsked(() => {
    told += 1;
  });
  expect(told).toBe(1);
  stop.close();
  expect(source.eventNames()).toEqual([]);
});
