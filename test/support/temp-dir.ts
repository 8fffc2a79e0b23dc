import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A new empty directory, removed when the running test ends. In `beforeAll` use `tempDirUntil`. */
export async function tempDir(name = 'camera-recorder'): Promise<string> {
  return await tempDirUntil(onTestFinished, name);
}

/** A new empty directory, removed by what `register` is: `afterFile` in a hook. */
export async function tempDirUntil(
  register: (remove: () => Promise<void>) => unknown,
  name = 'camera-recorder',
): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), `${name}-`));
  register(async () => await rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));
  return dir;
}
