import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { EmbeddedError } from '../../src/embedded/embedded-error.js';
import { isPortFree, portFinder, startOnFreePorts } from '../../src/embedded/free-port.js';

async function listen(port = 0): Promise<number> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : 0;
}

test('a wanted port is taken when it is free, and never twice', async () => {
  const find = portFinder();
  const port = await find();
  const again = portFinder();
  expect(await again({ preferred: port })).toBe(port);
  expect(await again({ preferred: port })).not.toBe(port);
});

test('a wanted port gives way when it, or one that must be free with it, is taken', async () => {
  const port = await portFinder()({ alsoFreeAt: [10_000] });
  expect(port + 10_000).toBeLessThan(32_768);
  await listen(port + 10_000);
  expect(await isPortFree(port)).toBe(true);
  expect(await portFinder()({ preferred: port, alsoFreeAt: [10_000] })).not.toBe(port);
});

test('what died because its port was taken meanwhile is started on another', async () => {
  const died = new EmbeddedError('server-died', 'gone');
  const tried: number[] = [];
  const find = portFinder();
  const server = await startOnFreePorts(
    async () => ({ only: await find() }),
    async ({ only }) => {
      tried.push(only);
      if (tried.length > 1) return 'running';
      await listen(only);
      throw died;
    },
  );
  expect(server).toBe('running');
  expect(new Set(tried).size).toBe(2);
});

test('what died for another reason is not tried again', async () => {
  let starts = 0;
  const starting = startOnFreePorts(
    async () => ({ only: await portFinder()() }),
    () => {
      starts += 1;
      return Promise.reject(new EmbeddedError('server-died', 'bad flag'));
    },
  );
  await expect(starting).rejects.toThrow('bad flag');
  expect(starts).toBe(1);
});
