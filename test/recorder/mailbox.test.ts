import { expect, test } from 'vitest';
import { Mailbox } from '../../src/recorder/mailbox.js';

test('a message put in while another is taken waits for its turn, and all are taken before anybody is told', async () => {
  const seen: string[] = [];
  const mailbox: Mailbox<string> = new Mailbox(
    (message) => {
      seen.push(`take ${message}`);
      if (message === 'first') mailbox.put('second');
      seen.push(`took ${message}`);
    },
    () => seen.push('emptied'),
  );
  const emptied = mailbox.untilEmptied().then(() => seen.push('waited'));
  mailbox.put('first');
  await emptied;
  expect(seen).toEqual(['take first', 'took first', 'take second', 'took second', 'emptied', 'waited']);
});

test('what a message throws reaches who put it in; the next call takes the rest', () => {
  const taken: string[] = [];
  const mailbox: Mailbox<string> = new Mailbox(
    (message) => {
      taken.push(message);
      if (message !== 'bad') return;
      mailbox.put('left over');
      throw new Error('cannot take it');
    },
    () => undefined,
  );
  expect(() => mailbox.put('bad')).toThrow('cannot take it');
  expect(taken).toEqual(['bad']);
  mailbox.put('next');
  expect(taken).toEqual(['bad', 'left over', 'next']);
});
