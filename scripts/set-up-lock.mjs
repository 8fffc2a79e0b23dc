import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SetupError } from './setup-error.mjs';
import { readIfThere } from './stamp.mjs';

const POLL_MS = 200;
const WAIT_MS = 600_000;

/**
 * One set-up at a time: two that install at once break each other. The lock of a process that is gone is taken over.
 *
 * @template T
 * @param {string} dir
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(dir, work) {
  await mkdir(dir, { recursive: true });
  const path = join(dir, 'set-up.lock');
  await takeLock(path);
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

/** @param {string} path */
async function takeLock(path) {
  const until = performance.now() + WAIT_MS;
  for (let tries = 0; ; tries += 1) {
    if (await createsLock(path)) return;
    const owner = Number(await readIfThere(path));
    if (owner > 0 && !isAlive(owner)) await rm(path, { force: true });
    else if (performance.now() > until) throw new SetupError(`Process ${owner} has held ${path} for 10 minutes.`);
    else if (tries === 0) console.error(`· waiting for the set-up of process ${owner}`);
    await delay(POLL_MS);
  }
}

/** @param {string} path */
async function createsLock(path) {
  try {
    await writeFile(path, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
