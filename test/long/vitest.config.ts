import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** `npm run test:long` and `npm run soak`: what takes too long for `npm test`, one system at a time, in real time where the file does not say otherwise. */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/long/*.long.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
    // Each of them knows its own length.
    testTimeout: 0,
    hookTimeout: 120_000,
  },
});
