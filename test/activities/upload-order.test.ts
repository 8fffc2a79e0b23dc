import { expect, test } from 'vitest';
import { UploadOrder } from '../../src/activities/upload-order.js';
import { parseSegmentId } from '../../src/domain/ids.js';

const never = () => new AbortController().signal;
/** `a3`: the fourth segment of camera-a. */
const idOf = (name: string) => parseSegmentId(`camera-${name[0]}_20251214T013002Z-7f3a_000${name[1]}`);

/** Holds the order shut with one upload of camera-z until everything waits, then says in which order they were sent. */
async function orderOf(names: readonly string[], atOnce = 1): Promise<string> {
  const order = new UploadOrder(atOnce);
  const sent: string[] = [];
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const holding = Array.from({ length: atOnce }, () => order.take(idOf('z0'), never(), () => opened));
  const waiting = names.map((name) => order.take(idOf(name), never(), async () => void sent.push(name)));
  open();
  await Promise.all([...holding, ...waiting]);
  return sent.join(' ');
}

test.each([
  ['the oldest of a camera goes first, in whatever order they came', ['a2', 'a0', 'a1'], 'a0 a1 a2'],
  [
    'cameras take turns: a long backlog keeps no other waiting',
    ['a0', 'a1', 'a2', 'a3', 'b7', 'c1', 'c0'],
    'a0 b7 c0 a1 c1 a2 a3',
  ],
])('%s', async (_, names, expected) => {
  expect(await orderOf(names)).toBe(expected);
});

test('no more are sent at once than allowed', async () => {
  const order = new UploadOrder(4);
  const under: string[] = [];
  let most = 0;
  const send = (name: string) =>
    order.take(idOf(name), never(), async () => {
      under.push(name);
      most = Math.max(most, under.length);
      await new Promise((resolve) => setImmediate(resolve));
      under.splice(under.indexOf(name), 1);
    });
  const names = ['b', 'a'].flatMap((camera) => Array.from({ length: 8 }, (_, index) => `${camera}${index}`));
  await Promise.all(names.map(send));
  expect(most).toBe(4);
});

test('one that is aborted while it waits leaves the line, one that fails makes room', async () => {
  const order = new UploadOrder(1);
  const given = new AbortController();
  let fail: (error: Error) => void = () => undefined;
  const failing = order.take(idOf('a0'), never(), () => new Promise<void>((_, reject) => (fail = reject)));
  const failed = expect(failing).rejects.toThrow('the store is away');
  let isSent = false;
  const aborted = order.take(idOf('a1'), given.signal, async () => {
    isSent = true;
  });
  const next = order.take(idOf('a2'), never(), async () => 'sent');
  given.abort(new Error('cancelled'));
  await expect(aborted).rejects.toThrow('cancelled');
  fail(new Error('the store is away'));
  await failed;
  expect(await next).toBe('sent');
  expect(isSent).toBe(false);
});
