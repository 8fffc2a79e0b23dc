import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Clock } from '../../src/clock.js';
import { judgeBudget, measureFolder, watchDataBudget } from '../../src/embedded/data-budget.js';
import { tempDir } from '../support/temp-dir.js';

test.each([
  ['within', 99, 'within'],
  ['within', 100, 'exceeded'],
  ['exceeded', 95, 'exceeded'],
  ['exceeded', 90, 'exceeded'],
  ['exceeded', 89, 'within'],
] as const)('%s, with %i of 100 bytes used, becomes %s', (before, usedBytes, after) => {
  expect(judgeBudget(before, usedBytes, 100)).toBe(after);
});

test('a folder is measured with all that is below it, and one that is not there is empty', async () => {
  const dir = await tempDir();
  expect(await measureFolder(join(dir, 'none'))).toBe(0);
  await mkdir(join(dir, 'a', 'b'), { recursive: true });
  await writeFile(join(dir, 'a', 'b', 'c'), Buffer.alloc(1_000_000, 1));
  await writeFile(join(dir, 'd'), Buffer.alloc(1_000_000, 1));
  const usedBytes = await measureFolder(dir);
  expect(usedBytes).toBeGreaterThanOrEqual(2_000_000);
  expect(usedBytes).toBeLessThan(2_100_000);
});

test('each change is told once, and the watch ends with its signal', async () => {
  const dir = await tempDir();
  const big = join(dir, 'big');
  const ending = new AbortController();
  const told: string[] = [];
  /** What happens between two looks. */
  const meanwhile = [
    () => writeFile(big, Buffer.alloc(200_000, 1)),
    () => Promise.resolve(),
    () => rm(big),
    () => Promise.resolve(ending.abort()),
  ];
  const clock: Clock = { wallMs: () => 0, monotonicMs: () => 0, sleep: async () => await meanwhile.shift()?.() };
  await watchDataBudget({
    dir,
    limitBytes: 100_000,
    onChange: (state) => void told.push(state),
    clock,
    signal: ending.signal,
  });
  expect(told).toEqual(['exceeded', 'within']);
  expect(meanwhile).toHaveLength(0);
});

test('a watch whose signal aborts while it waits ends without an error', async () => {
  const ending = new AbortController();
  onTestFinished(() => ending.abort());
  const watch = watchDataBudget({ dir: await tempDir(), onChange: () => undefined, signal: ending.signal });
  ending.abort();
  await expect(watch).resolves.toBeUndefined();
});
