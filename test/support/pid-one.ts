import { spawnSync } from 'node:child_process';
import { childrenOf } from './recorder-process.js';
import { waitFor } from './wait-for.js';

const NAMESPACE = ['--pid', '--fork', '--mount-proc', '--kill-child', '--'];

/**
 * Words to put in front of a command so that it is PID 1, as in a container; none where this machine gives no PID namespace, neither
 * to us nor by way of a user namespace. What holds for PID 1 holds for any other process too.
 */
export function pidOneWords(): readonly string[] {
  const ways = [
    ['unshare', ...NAMESPACE],
    ['unshare', '--user', '--map-root-user', ...NAMESPACE],
  ];
  return ways.find(([program = '', ...words]) => spawnSync(program, [...words, 'true']).status === 0) ?? [];
}

/** The pid, as seen from here, of what was started behind `words`. */
export async function pidBehind(words: readonly string[], pid: number): Promise<number> {
  if (words.length === 0) return pid;
  return await waitFor(() => childrenOf(pid)[0], { what: 'the process in its namespace', deadlineMs: 10_000 });
}
