import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { keeperEndWords } from '../../src/cli/keeper-child.js';

const KEEPER_CHILD = new URL('../../dist/cli/keeper-child.js', import.meta.url).href;
const SCRIPT = `
  import { startKeeperChild } from ${JSON.stringify(KEEPER_CHILD)};
  const child = await startKeeperChild({ args: ['--role', 'none'], env: process.env, logPath: null });
  console.log(JSON.stringify(await child.ended));
  child.stop();
`;
/** A tenth of what a forced stop is waited for. */
const SOON_MS = 9_000;

it('stopping a recorder that has ended by itself keeps nobody waiting', async () => {
  const program = spawn(process.execPath, ['--input-type=module', '--eval', SCRIPT], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  onTestFinished(() => void program.kill('SIGKILL'));
  const [said] = (await once(program.stdout, 'data')) as [Buffer];
  expect(said.toString()).toBe('{"kind":"exited","code":1}\n');
  const [code] = (await once(program, 'exit', { signal: AbortSignal.timeout(SOON_MS) })) as [number | null];
  expect(code).toBe(0);
});

it('a recorder that was killed is told from one that failed', () => {
  expect(keeperEndWords({ kind: 'killed', signal: 'SIGKILL' })).toBe(
    'The recorder was killed (SIGKILL); start again, it goes on where it stopped.',
  );
  expect(keeperEndWords({ kind: 'exited', code: 1 })).toBe('The recorder ended with code 1.');
});
