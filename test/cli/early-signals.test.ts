import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { pidBehind, pidOneWords } from '../support/pid-one.js';
import { childrenOf } from '../support/recorder-process.js';
import { tempDir } from '../support/temp-dir.js';
import { waitFor } from '../support/wait-for.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const launcher = pidOneWords();

it(`a SIGTERM while the settings are checked ends ${launcher.length > 0 ? 'PID 1' : 'any process (no PID namespace here)'} at once`, async () => {
  const [program, ...words] = [...launcher, process.execPath];
  const child = spawn(program, [...words, MAIN, 'worker'], {
    cwd: await tempDir('cli'),
    env: { PATH: process.env['PATH'] },
    stdio: 'ignore',
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const closed = once(child, 'close');
  const pid = await pidBehind(launcher, child.pid ?? 0);
  await waitFor(() => childrenOf(pid).length > 0, { what: 'the check', deadlineMs: 10_000 });
  process.kill(pid, 'SIGTERM');
  await closed;
  expect(child.exitCode).toBe(143);
});
