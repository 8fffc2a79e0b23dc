import { execFile } from 'node:child_process';

/**
 * No core file of this process, nor of what it starts from now on: each would hold a camera's password as it was in memory
 * (INV-7). Node cannot set the limit itself. Resolves to a warning when it could not be set, else to null.
 */
export async function forbidCoreDumps(): Promise<string | null> {
  const argv = ['--pid', String(process.pid), '--core=0:0'];
  const error = await new Promise<Error | null>((resolve) => void execFile('prlimit', argv, resolve));
  return error === null ? null : 'Core dumps cannot be switched off (no prlimit): one would hold camera passwords.';
}
