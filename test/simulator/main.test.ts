import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import type { SimulatorMessage } from '../../src/simulator/main.js';
import { toolPath } from '../support/tools.js';
import { waitFor } from '../support/wait-for.js';
import { RawClient, until } from './raw-client.js';
import { testPicture } from './test-picture.js';

const MAIN = fileURLToPath(new URL('../../dist/simulator/main.js', import.meta.url));
const CACHE = fileURLToPath(new URL('../../.cache/', import.meta.url));
const PASSWORD = 'quite secret & odd';

function startProcess(args: readonly string[]) {
  const child = fork(MAIN, [...args], { env: { SIM_PASSWORD: PASSWORD }, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const said = { out: '', error: '', messages: [] as SimulatorMessage[] };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said.out += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said.error += text;
  });
  child.on('message', (message) => said.messages.push(message as SimulatorMessage));
  return { child, said, ended: once(child, 'exit') };
}

async function startCameras() {
  await testPicture();
  const account = ['--user', 'tapo', '--password-env', 'SIM_PASSWORD'];
  const started = startProcess(['--picture', 'small', '--cache', CACHE, '--ffmpeg', toolPath('ffmpeg'), ...account]);
  await waitFor(() => started.said.out.includes('\n'), { what: 'the URLs', deadlineMs: 10_000 });
  const urls: readonly string[] = JSON.parse(started.said.out).urls;
  return { ...started, urls };
}

/** Logs in and sees frames. */
async function watch(url: string): Promise<void> {
  const client = await RawClient.open(url, { user: 'tapo', password: PASSWORD });
  onTestFinished(() => client.vanish());
  expect((await client.play()).status).toBe(200);
  await until(() => client.counters.length > 3, 'frames');
}

test('the process serves two cameras, tells their URLs without the password, and ends on SIGTERM', async () => {
  const { child, said, urls, ended } = await startCameras();
  expect(urls).toHaveLength(2);
  await expect.poll(() => said.messages.at(-1)).toEqual({ kind: 'serving', urls });
  for (const url of urls) await watch(url);
  const commandLine = await readFile(`/proc/${child.pid}/cmdline`, 'utf8');
  expect([commandLine, said.out, said.error].join('')).not.toContain(PASSWORD);
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});

test('the process leaves Ctrl-C to its parent, and ends when that goes', async () => {
  const { child, urls, ended } = await startCameras();
  child.kill('SIGINT');
  for (const url of urls) await watch(url);
  expect(child.exitCode).toBeNull();
  child.disconnect();
  expect(await ended).toEqual([0, null]);
});

test.each([
  ['--picture', '8k', 'one of 2k, small'],
  ['--user', 'tapo', 'needs --password-env'],
  ['--port', 'x', 'a whole number'],
])('%s %s is refused with a reason', async (option, value, reason) => {
  const { said, ended } = startProcess([option, value]);
  expect(await ended).toEqual([1, null]);
  await expect.poll(() => said.error).toContain(reason);
});
