import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { rootDir } from '../../scripts/paths.mjs';

const OWN_PATHS = [rootDir, join(homedir(), '/')].filter((path) => path !== '/');

/** @returns where a file of the checkout says where the checkout or its owner's home is, as `file:line` */
function ownPathsIn(file: string, text: string): readonly string[] {
  return text
    .split('\n')
    .flatMap((line, index) => (OWN_PATHS.some((path) => line.includes(path)) ? [`${file}:${index + 1}`] : []));
}

// Without git nobody knows what belongs to the checkout.
test.skipIf(!existsSync(join(rootDir, '.git')))('no file of the checkout says where the checkout is', () => {
  const files = execFileSync('git', ['ls-files', '-z'], { cwd: rootDir, encoding: 'utf8' }).split('\0');
  const texts = files.filter((file) => file !== '' && existsSync(join(rootDir, file)));
  expect(texts.length).toBeGreaterThan(100);
  expect(texts.flatMap((file) => ownPathsIn(file, readFileSync(join(rootDir, file), 'utf8')))).toEqual([]);
});

test('a path of this machine is found with its line', () => {
  expect(ownPathsIn('stack.json', `{\n "at": "${rootDir}src/program.ts:1"\n}`)).toEqual(['stack.json:2']);
});
