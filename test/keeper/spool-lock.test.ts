import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { SpoolLockedError, takeSpoolLock } from '../../src/keeper/spool-lock.js';
import { temporaryFolder } from './keeper-harness.js';

async function lockPath(): Promise<string> {
  return join(await temporaryFolder(), 'lock');
}

async function bootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
}

async function startTicksOf(pid: number): Promise<number> {
  return Number((await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ').pop()?.split(' ')[19]);
}

/** A living process that is not us. */
async function sleeper(): Promise<number> {
  const child = spawn('sleep', ['60']);
  await once(child, 'spawn');
  onTestFinished(() => void child.kill('SIGKILL'));
  return child.pid ?? 0;
}

describe('a lock', () => {
  test('is taken, refused to a second, given back, and taken again; nothing else stays in the folder', async () => {
    const path = await lockPath();
    const lock = await takeSpoolLock(path);
    await expect(takeSpoolLock(path)).rejects.toThrow(`pid ${process.pid} `);
    await lock.release();
    await lock.release();
    const again = await takeSpoolLock(path);
    expect(await readdir(join(path, '..'))).toEqual(['lock']);
    await again.release();
  });

  test('is had by exactly one of many that want it at once', async () => {
    const path = await lockPath();
    await writeFile(path, JSON.stringify({ pid: 4_000_000, startTicks: 1, bootId: await bootId(), takenAtMs: 0 }));
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => takeSpoolLock(path)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(SpoolLockedError);
    }
    expect(await readdir(join(path, '..'))).toEqual(['lock']);
  });

  test('of another living process is refused with its holder', async () => {
    const path = await lockPath();
    const pid = await sleeper();
    const holder = { pid, startTicks: await startTicksOf(pid), bootId: await bootId(), takenAtMs: 1_765_675_802_000 };
    await writeFile(path, JSON.stringify(holder));
    await expect(takeSpoolLock(path)).rejects.toMatchObject({ code: 'spool-locked', holder });
    await expect(takeSpoolLock(path)).rejects.toThrow('since 2025-12-14T01:30:02.000Z');
  });

  test('that went to somebody else is not given back by us', async () => {
    const path = await lockPath();
    const lock = await takeSpoolLock(path);
    await writeFile(path, 'theirs');
    await lock.release();
    expect(await readFile(path, 'utf8')).toBe('theirs');
    await rm(path);
  });
});

describe('a stale lock is replaced', () => {
  test.each([
    { what: 'of a pid that is no more', change: { pid: 4_000_000 } },
    { what: 'of a pid that is another process now', change: { startTicks: 1 } },
    { what: 'of before the machine started', change: { bootId: 'another' } },
    { what: 'where there was no /proc, of a pid that is no more', change: { pid: 4_000_000, startTicks: null } },
  ])('$what', async ({ change }) => {
    const path = await lockPath();
    const pid = await sleeper();
    const live = { pid, startTicks: await startTicksOf(pid), bootId: await bootId(), takenAtMs: 0 };
    await writeFile(path, JSON.stringify({ ...live, ...change }));
    await takeSpoolLock(path);
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ pid: process.pid });
    expect(await readdir(join(path, '..'))).toEqual(['lock']);
  });

  test.each(['', '{"pid":', '[]', '{"pid":"1"}', '{"pid":-1,"startTicks":1,"bootId":"x","takenAtMs":0}'])(
    'when it holds %j, which names nobody',
    async (text) => {
      const path = await lockPath();
      await writeFile(path, text);
      await takeSpoolLock(path);
      expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ pid: process.pid });
    },
  );

  test('when its holder is a zombie', async () => {
    const path = await lockPath();
    // The shell does not wait for its child, so that the child stays a zombie for as long as the shell lives.
    const shell = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
    onTestFinished(() => void shell.kill('SIGKILL'));
    const [output] = (await once(shell.stdout, 'data')) as [Buffer];
    const pid = Number(output.toString());
    await expect
      .poll(async () => (await readFile(`/proc/${pid}/stat`, 'utf8')).includes(') Z '), { timeout: 5_000 })
      .toBe(true);
    await writeFile(
      path,
      JSON.stringify({ pid, startTicks: await startTicksOf(pid), bootId: await bootId(), takenAtMs: 0 }),
    );
    await takeSpoolLock(path);
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ pid: process.pid });
  });
});
