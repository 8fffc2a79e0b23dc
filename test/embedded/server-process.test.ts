import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { dyingWithParent, startServerProcess, untilReady } from '../../src/embedded/server-process.js';
import { tempDir } from '../support/temp-dir.js';
import { waitFor } from '../support/wait-for.js';

async function startScript(script: string) {
  const logPath = join(await tempDir(), 'server.log');
  const server = await startServerProcess({ name: 'Script', file: '/bin/sh', args: ['-c', script], logPath });
  onTestFinished(() => server.kill());
  return { server, logPath };
}

test('a server that ends before it is ready is reported with how it ended and where its log is', async () => {
  const { server, logPath } = await startScript('echo broken >&2; exit 3');
  const ready = untilReady(server, { name: 'Script', ask: never, deadlineMs: 10_000, logPath, signal: undefined });
  await expect(ready).rejects.toMatchObject({ code: 'server-died', message: expect.stringContaining('code 3') });
  expect(await readFile(logPath, 'utf8')).toBe('broken\n');
});

test('a server that never answers is killed at the deadline', async () => {
  const { server, logPath } = await startScript('exec sleep 60');
  const ready = untilReady(server, { name: 'Script', ask: never, deadlineMs: 100, logPath, signal: undefined });
  await expect(ready).rejects.toMatchObject({ code: 'server-not-ready' });
  expect(await server.exited).toEqual({ code: null, signal: 'SIGKILL' });
});

test('an abort while waiting kills the server and is what the caller gets', async () => {
  const { server, logPath } = await startScript('exec sleep 60');
  const aborting = new AbortController();
  const ready = untilReady(server, {
    name: 'Script',
    ask: async () => {
      aborting.abort(new Error('changed my mind'));
      return await never();
    },
    deadlineMs: 10_000,
    logPath,
    signal: aborting.signal,
  });
  await expect(ready).rejects.toThrow('changed my mind');
  expect(await server.exited).toEqual({ code: null, signal: 'SIGKILL' });
});

test('a halted server is still stopped by SIGTERM, and stopping twice is harmless', async () => {
  const { server } = await startScript('exec sleep 60');
  expect(server.signal('SIGSTOP')).toBe(true);
  await Promise.all([server.stop(), server.stop()]);
  expect(await server.exited).toEqual({ code: null, signal: 'SIGTERM' });
  expect(server.signal('SIGCONT')).toBe(false);
});

test('a server ends by itself when its parent is killed', async () => {
  const command = JSON.stringify(dyingWithParent(['sleep', '60']));
  const source = `const [file, ...args] = ${command};
    const child = require('node:child_process').spawn(file, args, { detached: true, stdio: 'ignore' });
    console.log(child.pid); setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ['-e', source], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void parent.kill('SIGKILL'));
  const [printed] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(printed.toString());
  await waitFor(async () => (await commandOf(pid)).startsWith('sleep'), { what: 'the server', deadlineMs: 5_000 });
  parent.kill('SIGKILL');
  await waitFor(async () => (await commandOf(pid)) === '', { what: 'the end of the server', deadlineMs: 5_000 });
});

async function never(): Promise<boolean> {
  return false;
}

/** Empty for a process that is gone, or dead and not yet collected. */
async function commandOf(pid: number): Promise<string> {
  try {
    return await readFile(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
