import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { inRoot } from '../../scripts/paths.mjs';
import { runCommand } from '../../scripts/run-command.mjs';
import { tempDir } from '../support/temp-dir.js';

test.each([
  ['exits with 0', 'sh', ['-c', 'exit 0'], 0],
  ['exits with 3', 'sh', ['-c', 'exit 3'], 3],
  ['is ended by a signal', 'sh', ['-c', 'kill -TERM $$'], 143],
  ['does not exist', 'no-such-program', [], 127],
])('a program that %s gives %s %j code %i', async (_how, file, args, code) => {
  expect(await runCommand(file, args)).toBe(code);
});

test('a signal to the script reaches the program it runs, and is its end', async () => {
  const source = `import { runCommand } from ${JSON.stringify(inRoot('scripts', 'run-command.mjs'))};
    const code = await runCommand('sh', ['-c', 'echo running; exec sleep 60']);
    console.log('code ' + code);`;
  const script = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void script.kill('SIGKILL'));
  await once(script.stdout, 'data');
  script.kill('SIGTERM');
  const [said] = (await once(script.stdout, 'data')) as [Buffer];
  expect(said.toString()).toBe('code 143\n');
});

test('npm signals a shell and not us: the commands that run long take its place', async () => {
  const { scripts } = JSON.parse(await readFile(inRoot('package.json'), 'utf8')) as { scripts: Record<string, string> };
  for (const name of ['start', 'test', 'verify']) expect(scripts[name]).toMatch(/^exec node /);
});

test('the command of a check-out that is not built says what to run', async () => {
  const dir = await tempDir();
  await cp(inRoot('bin'), join(dir, 'bin'), { recursive: true });
  const ended = spawnSync(process.execPath, [join(dir, 'bin', 'camera-recorder.mjs'), '--version']);
  expect(ended.status).toBe(1);
  expect(ended.stderr.toString()).toContain('npm run setup');
});
