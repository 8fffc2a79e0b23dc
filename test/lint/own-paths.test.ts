import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { rootDir } from '../../scripts/paths.mjs';
import { tempDir } from '../support/temp-dir.js';

const OWN_PATHS = [rootDir, join(homedir(), '/')].filter((path) => path !== '/');

/** @returns where a file of the checkout says where the checkout or its owner's home is, as `file:line` */
function ownPathsIn(file: string, text: string): readonly string[] {
  return text
    .split('\n')
    .flatMap((line, index) => (OWN_PATHS.some((path) => line.includes(path)) ? [`${file}:${index + 1}`] : []));
}

/** What set-up, builds and runs leave in a checkout. */
const LEFT_BEHIND = /^(\.git|node_modules|dist(\..+)?|\.tools|\.data|\.cache|.+\.log)$/;

/** Of a checkout without git, as one that was downloaded, everything that is not left behind by us. */
function filesOf(root: string): readonly string[] {
  if (existsSync(join(root, '.git'))) {
    const listed = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' }).split('\0');
    return listed.filter((file) => file !== '' && existsSync(join(root, file)));
  }
  return readdirSync(root, { withFileTypes: true }).flatMap((entry) => {
    if (LEFT_BEHIND.test(entry.name)) return [];
    if (!entry.isDirectory()) return entry.isFile() ? [entry.name] : [];
    return filesOf(join(root, entry.name)).map((file) => join(entry.name, file));
  });
}

test('no file of the checkout says where the checkout is', () => {
  const files = filesOf(rootDir);
  expect(files.length).toBeGreaterThan(100);
  expect(files.flatMap((file) => ownPathsIn(file, readFileSync(join(rootDir, file), 'utf8')))).toEqual([]);
});

test('a checkout without git is looked through as well, without what set-up and runs left in it', async () => {
  const root = await tempDir();
  for (const file of ['a.ts', 'src/deep/b.ts', 'node_modules/c.js', 'dist.old-1/d.js', '.tools/e.json', 'f.log']) {
    await mkdir(join(root, file, '..'), { recursive: true });
    await writeFile(join(root, file), '');
  }
  expect(filesOf(root).toSorted()).toEqual(['a.ts', 'src/deep/b.ts']);
});

test('a path of this machine is found with its line', () => {
  expect(ownPathsIn('stack.json', `{\n "at": "${rootDir}src/program.ts:1"\n}`)).toEqual(['stack.json:2']);
});
