import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { boundedBy } from '../src/clock.js';
import { collectGarbage } from './support/collect-garbage.js';

it('a deadline comes although the garbage collector does', async () => {
  const collecting = setInterval(collectGarbage, 20);
  onTestFinished(() => clearInterval(collecting));
  const bounded = boundedBy(new AbortController().signal, 300);
  await once(bounded, 'abort', { signal: AbortSignal.timeout(5_000) });
  expect(bounded.reason).toMatchObject({ name: 'TimeoutError' });
});

it('an abort before the deadline keeps its reason', () => {
  const aborting = new AbortController();
  const bounded = boundedBy(aborting.signal, 60_000);
  aborting.abort(new Error('stopping'));
  expect(bounded.reason).toMatchObject({ message: 'stopping' });
});

it('a deadline without a signal comes too, wherever it is handed on to', async () => {
  const collecting = setInterval(collectGarbage, 20);
  onTestFinished(() => clearInterval(collecting));
  const handedOn = AbortSignal.any([boundedBy(undefined, 300)]);
  await once(handedOn, 'abort', { signal: AbortSignal.timeout(5_000) });
  expect(handedOn.reason).toMatchObject({ name: 'TimeoutError' });
});
