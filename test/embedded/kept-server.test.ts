import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { keepRunning } from '../../src/embedded/kept-server.js';
import { type ServerProcess, startServerProcess } from '../../src/embedded/server-process.js';
import { createLogger } from '../../src/log.js';
import { tempDir } from '../support/temp-dir.js';
import { waitFor } from '../support/wait-for.js';

const log = createLogger({ level: 'silent', name: 'test' });

test('a server that is killed is started again in its place, and stays down once stopped', async () => {
  const logPath = join(await tempDir(), 'log');
  const startedAfter: (number | undefined)[] = [];
  const kept = await keepRunning(
    async (before?: ServerProcess) => {
      startedAfter.push(before?.pid);
      return await startServerProcess({ name: 'Sleep', file: 'sleep', args: ['60'], logPath });
    },
    { name: 'sleep', log },
  );
  onTestFinished(() => kept.stop());
  kept.first.signal('SIGKILL');
  await waitFor(() => kept.current() !== kept.first, { what: 'the next server', deadlineMs: 5_000 });
  expect(startedAfter).toEqual([undefined, kept.first.pid]);

  await kept.stop();
  expect(await kept.current().exited).toEqual({ code: null, signal: 'SIGTERM' });
  expect(startedAfter).toHaveLength(2);
});

test('a first start that fails is the caller’s error', async () => {
  await expect(keepRunning(() => Promise.reject(new Error('no')), { name: 'none', log })).rejects.toThrow('no');
});
