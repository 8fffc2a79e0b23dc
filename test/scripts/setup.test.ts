import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isInstalled } from '../../scripts/install-packages.mjs';
import { selectRequirements } from '../../scripts/install-tools.mjs';
import { withLock } from '../../scripts/set-up-lock.mjs';
import { suits } from '../../scripts/setup.mjs';
import { hashContents } from '../../scripts/stamp.mjs';
import { tempDir } from '../support/temp-dir.js';

const RANGE = '^20.19.0 || ^22.12.0 || >=24.0.0';

test.each([
  ['20.19.0', true],
  ['20.20.2', true],
  ['20.18.3', false],
  ['18.20.0', false],
  ['21.7.0', false],
  ['22.11.0', false],
  ['22.12.0', true],
  ['23.9.0', false],
  ['24.0.0', true],
  ['26.1.0', true],
])('Node %s suits: %s', (version, isSuitable) => {
  expect(suits(version, RANGE)).toBe(isSuitable);
});

const locked = {
  packages: {
    '': { version: '0.1.0' },
    'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
    'node_modules/only-mac': { version: '1.0.0', integrity: 'sha512-m', optional: true },
  },
};
const a = { version: '1.0.0', integrity: 'sha512-a' };

test.each([
  ['as locked, less what is for other machines', { 'node_modules/a': a }, true],
  ['without a package', {}, false],
  ['with another version', { 'node_modules/a': { ...a, version: '1.0.1' } }, false],
  ['with other bytes', { 'node_modules/a': { ...a, integrity: 'sha512-b' } }, false],
])('packages %s are what the lock file says: %s', (_what, packages, isSame) => {
  expect(isInstalled(locked, { packages }, () => true)).toBe(isSame);
});

test('a package whose folder is gone is not installed, whatever npm noted', () => {
  expect(isInstalled(locked, { packages: { 'node_modules/a': a } }, () => false)).toBe(false);
});

test('of the pinned tools only the asked ones are taken, with all their hashes', () => {
  const text =
    'a-bin==1.0 \\\n    --hash=sha256:1 \\\n    --hash=sha256:2\nb-bin==2.0 \\\n    --hash=sha256:3\nab==1 \\\n    --hash=sha256:4\n';
  expect(selectRequirements(text, ['a-bin', 'ab'])).toBe(
    'a-bin==1.0 \\\n    --hash=sha256:1 \\\n    --hash=sha256:2\nab==1 \\\n    --hash=sha256:4\n',
  );
});

test('the stamp of a folder changes with content, name and set of files, not with their dates', async () => {
  const dir = await tempDir();
  const src = join(dir, 'src');
  await mkdir(join(src, 'deep'), { recursive: true });
  const write = async (name: string, text: string) => {
    await writeFile(join(src, name), text);
    return await hashContents(dir, [src, join(dir, 'none')]);
  };
  const first = await write('deep/a.ts', '1');
  expect(await write('deep/a.ts', '1')).toBe(first);
  const stamps = [first, await write('deep/a.ts', '2'), await write('b.ts', '2'), await write('c.ts', '2')];
  expect(new Set(stamps).size).toBe(4);
});

test('of two set-ups at once the second waits for the first', async () => {
  const dir = await tempDir();
  const happened: string[] = [];
  const setUp = (name: string) =>
    withLock(dir, async () => {
      happened.push(`${name} starts`);
      await new Promise(setImmediate);
      happened.push(`${name} ends`);
    });
  await Promise.all([setUp('one'), setUp('other')]);
  const [first = ''] = happened[0]?.split(' ') ?? [];
  const second = first === 'one' ? 'other' : 'one';
  expect(happened).toEqual([`${first} starts`, `${first} ends`, `${second} starts`, `${second} ends`]);
});

test('the lock of a set-up that was killed is taken over, and a failed one lets go', async () => {
  const dir = await tempDir();
  const gone = spawnSync(process.execPath, ['-e', '']).pid;
  await writeFile(join(dir, 'set-up.lock'), `${gone}`);
  await expect(withLock(dir, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(await withLock(dir, () => Promise.resolve('done'))).toBe('done');
});
