/** Who a process is: a pid alone may be used again. */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { errnoOf } from './errno.js';

/** Plain JSON: it is written into the lock file. With `startTicks` null, a pid used again is taken for the same process. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks from boot to its start: field 22 of `/proc/<pid>/stat`. Null where there is no /proc. */
  readonly startTicks: number | null;
  readonly bootId: string | null;
}

const LOOK_EVERY_MS = 100;

/** Reads /proc, synchronously. For a pid that is gone `startTicks` is null too. @throws errno other than not-there. */
export function identityOf(pid: number): ProcessIdentity {
  return { pid, startTicks: statOf(pid)?.startTicks ?? null, bootId: bootId() };
}

/** Whether that very process lives. One that only waits to be reaped has ended. */
export function isAlive(process: ProcessIdentity): boolean {
  if (process.bootId !== bootId()) return false;
  if (process.startTicks === null) return answersSignals(process.pid);
  const stat = statOf(process.pid);
  return stat !== undefined && !stat.isZombie && stat.startTicks === process.startTicks;
}

/** Whether it was there. Nothing else that has its pid by now is signalled. */
export function signalProcess(target: ProcessIdentity, signal: 'SIGTERM' | 'SIGKILL'): boolean {
  if (!isAlive(target)) return false;
  try {
    return process.kill(target.pid, signal);
  } catch (error) {
    if (errnoOf(error) === 'ESRCH') return false;
    throw error;
  }
}

/** Resolves when it is gone. Only a parent is told of an end, so this looks, ten times a second. */
export async function untilGone(process: ProcessIdentity): Promise<void> {
  while (isAlive(process)) await delay(LOOK_EVERY_MS);
}

function answersSignals(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return errnoOf(error) === 'EPERM';
  }
}

function statOf(pid: number): { readonly startTicks: number; readonly isZombie: boolean } | undefined {
  const text = readIfThere(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  // The name in field 2 may hold blanks and brackets; the fields after its last bracket begin with the third.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { startTicks: Number(fields[19]), isZombie: fields[0] === 'Z' };
}

function bootId(): string | null {
  return readIfThere('/proc/sys/kernel/random/boot_id')?.trim() ?? null;
}

/** Of /proc, which no disk is read for. */
function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    // ESRCH: the process ended while its file was read.
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ESRCH') return undefined;
    throw error;
  }
}
