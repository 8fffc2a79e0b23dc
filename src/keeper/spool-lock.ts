/**
 * One keeper a spool. The lock is a file that names its holder: pid, when that process started (so that a pid used again is not
 * taken for it), and the boot. There is no kernel lock in Node; a holder that is gone is recognised, and its lock replaced.
 *
 * The file is made elsewhere and linked into place, so it is never seen half written and never replaces a live one. Where pids of
 * several containers share one spool the holder may be invisible: what mounts the volume must see to one pod at a time.
 */
import { randomBytes } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { errnoOf } from './errno.js';
import { identityOf, isAlive, type ProcessIdentity } from './process-identity.js';

interface LockHolder extends ProcessIdentity {
  readonly takenAtMs: number;
}

/** Held until released, and by the file only: a process that ends without releasing leaves a lock the next one sees through. */
export interface SpoolLock {
  /** Leaves the lock of anybody else alone. Idempotent. */
  release(): Promise<void>;
}

/** Thrown when another keeper has the spool. */
export class SpoolLockedError extends Error {
  readonly code = 'spool-locked';
  readonly holder: LockHolder;
  constructor(path: string, holder: LockHolder) {
    const since = new Date(holder.takenAtMs).toISOString();
    super(`the spool is in use: ${path} is held by the keeper with pid ${holder.pid} since ${since}`);
    this.name = 'SpoolLockedError';
    this.holder = holder;
  }
}

/** How often somebody else may be quicker before we say so. */
const MAX_TRIES = 10;

/** @throws SpoolLockedError with its holder when another keeper has it. The folder must be there. */
export async function takeSpoolLock(path: string): Promise<SpoolLock> {
  const mine = `${JSON.stringify({ ...identityOf(process.pid), takenAtMs: Date.now() })}\n`;
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    if (await linkInto(path, mine)) return { release: () => release(path, mine) };
    const text = await readIfThere(path);
    if (text === undefined) continue;
    const holder = parseHolder(text);
    if (holder !== undefined && isAlive(holder)) throw new SpoolLockedError(path, holder);
    await putAside(path, text);
  }
  throw new Error(`the lock ${path} changes hands too fast to be taken`);
}

/** Whether the lock was free. */
async function linkInto(path: string, text: string): Promise<boolean> {
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  await writeFile(temporary, text, { mode: 0o600, flag: 'wx' });
  try {
    await link(temporary, path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Takes a stale lock out of the way. Another keeper may have replaced it since it was read: then that one is put back. */
async function putAside(path: string, staleText: string): Promise<void> {
  const aside = `${path}.stale.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    await rename(path, aside);
    if ((await readFile(aside, 'utf8')) !== staleText) await link(aside, path);
  } catch (error) {
    // ENOENT: another was quicker. EEXIST: the lock has a new holder already. Both are looked at again.
    if (errnoOf(error) !== 'ENOENT' && errnoOf(error) !== 'EEXIST') throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

async function release(path: string, mine: string): Promise<void> {
  if ((await readIfThere(path)) === mine) await rm(path, { force: true });
}

function parseHolder(text: string): LockHolder | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isHolder(value) ? value : undefined;
  } catch {
    // Not ours, or torn by a power loss: nobody holds such a lock.
    return undefined;
  }
}

function isHolder(value: unknown): value is LockHolder {
  if (typeof value !== 'object' || value === null) return false;
  const { pid, startTicks, bootId, takenAtMs } = { pid: 0, startTicks: 0, bootId: '', takenAtMs: '', ...value };
  const isPid = typeof pid === 'number' && Number.isSafeInteger(pid) && pid > 0;
  const isStart = startTicks === null || typeof startTicks === 'number';
  return isPid && isStart && (bootId === null || typeof bootId === 'string') && typeof takenAtMs === 'number';
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
