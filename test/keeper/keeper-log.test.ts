import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { createKeeperLog } from '../../src/keeper/keeper-log.js';

function logged(lowest?: string) {
  const stream = new PassThrough();
  const log = createKeeperLog(stream, lowest);
  for (const level of ['debug', 'info', 'warn', 'error'] as const) log(level, `at ${level}`, { pid: 1 });
  return {
    stream,
    lines: String(stream.read() ?? '')
      .split('\n')
      .filter(Boolean),
  };
}

test.each([
  ['trace', 4],
  ['debug', 4],
  ['info', 3],
  [undefined, 3],
  ['no such level', 3],
  ['warn', 2],
  ['error', 1],
  ['fatal', 0],
  ['silent', 0],
])('LOG_LEVEL %s lets %i of four lines through', (lowest, count) => {
  expect(logged(lowest).lines).toHaveLength(count);
});

test('a line is JSON, shaped like those of the worker', () => {
  const [line = ''] = logged('error').lines;
  expect(JSON.parse(line)).toEqual({
    level: 'error',
    time: expect.stringMatching(/Z$/),
    name: 'keeper',
    pid: 1,
    msg: 'at error',
  });
});

test('a reader that is gone ends nothing', () => {
  const { stream } = logged();
  expect(() => stream.emit('error', new Error('EPIPE'))).not.toThrow();
});
