import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { lockData, untilSpoolIsFree } from '../../src/cli/start-locks.js';
import { takeSpoolLock } from '../../src/keeper/spool-lock.js';
import { tempDir } from '../support/temp-dir.js';
import { waitFor } from '../support/wait-for.js';

it('a folder is for one start at a time, and the second one is told whose it is', async () => {
  const dir = await tempDir();
  const lock = await lockData(dir);
  await expect(lockData(dir)).rejects.toThrow(`It runs already, as process ${process.pid}, with ${dir}.`);
  await lock.release();
  await (await lockData(dir)).release();
});

it('a spool that a keeper still has is waited for, saying so once', async () => {
  const dir = await tempDir();
  const lock = await takeSpoolLock(join(dir, 'lock'));
  const said: string[] = [];
  const waiting = untilSpoolIsFree(dir, { say: (line) => said.push(line), signal: AbortSignal.timeout(20_000) });
  await waitFor(() => said.length > 0, { what: 'a word on the wait', deadlineMs: 5_000 });
  await lock.release();
  await waiting;
  expect(said).toEqual([`Process ${process.pid} still records into ${dir}: waiting for it to end …`]);
});

it('the wait ends when it is not wanted any more, and there is none for a spool that is not there', async () => {
  const dir = await tempDir();
  const quiet = { say: () => undefined, signal: AbortSignal.timeout(50) };
  await untilSpoolIsFree(join(dir, 'none'), quiet);
  await takeSpoolLock(join(dir, 'lock'));
  const waiting = untilSpoolIsFree(dir, quiet);
  if (!quiet.signal.aborted) await once(quiet.signal, 'abort');
  await expect(waiting).rejects.toThrow();
});
