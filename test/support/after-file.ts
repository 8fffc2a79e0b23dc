import { afterAll } from 'vitest';

const tearDowns: (() => Promise<void>)[] = [];

/**
 * Runs `tearDown` after the last test of the file, the newest first.
 * It may be called while a hook or a test runs, where vitest would forget an `afterAll` in silence.
 */
export function afterFile(tearDown: () => Promise<void>): void {
  tearDowns.push(tearDown);
}

// At the top of a module, so that it belongs to the file that imports it.
afterAll(async () => {
  const failures: unknown[] = [];
  for (const tearDown of tearDowns.splice(0).reverse())
    await tearDown().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw new AggregateError(failures, 'not everything could be torn down');
}, 120_000);
