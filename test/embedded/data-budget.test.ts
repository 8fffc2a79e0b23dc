import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DataBudget, measureFolder } from '../../src/embedded/data-budget.js';
import { tempDir } from '../support/temp-dir.js';

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

test('a limit that is reached stays so, and the folder is looked at every 10 s', async () => {
  const dir = await tempDir();
  const big = join(dir, 'big');
  const now = { ms: 0 };
  const budget = new DataBudget({ dir, limitBytes: 100_000, clock: { monotonicMs: () => now.ms } });
  expect(await budget.look()).toBe(false);
  await writeFile(big, Buffer.alloc(200_000, 1));
  now.ms = 9_999;
  expect(await budget.look()).toBe(false);
  now.ms = 10_000;
  expect(await budget.look()).toBe(true);
  await rm(big);
  now.ms = 60_000;
  expect([await budget.look(), budget.isUsedUp]).toEqual([true, true]);
});
