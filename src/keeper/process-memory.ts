import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';

const BYTES_A_KIB = 1_024;

/**
 * What only the end of a process gives back: anonymous and shared memory. Pages of files do not count, the kernel drops those by
 * itself. Undefined when the process is gone, and where there is no /proc.
 */
export function memoryOf(pid: number): number | undefined {
  try {
    return memoryIn(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch (error) {
    // ESRCH: it ended while its file was read.
    if (error instanceof Error && 'code' in error) return undefined;
    throw error;
  }
}

/** Pure. @param status text of `/proc/<pid>/status`; a zombie's has no such lines */
export function memoryIn(status: string): number | undefined {
  const parts = [...status.matchAll(/^Rss(?:Anon|Shmem):\s+(\d+) kB$/gm)].map(([, kib]) => Number(kib));
  return parts.length === 0 ? undefined : parts.reduce((sum, kib) => sum + kib, 0) * BYTES_A_KIB;
}

/**
 * The smaller of what was set and what the control group (version 1 or 2) of this process allows; null when nothing limits it.
 * @param groupBytes as Node tells it: 0, undefined or more than the machine has mean no limit
 */
export function memoryLimitBytes(
  givenBytes: number | null,
  groupBytes: number | undefined = process.constrainedMemory(),
  machineBytes: number = totalmem(),
): number | null {
  const isLimited = groupBytes !== undefined && groupBytes > 0 && groupBytes < machineBytes;
  const limits = [...(givenBytes === null ? [] : [givenBytes]), ...(isLimited ? [groupBytes] : [])];
  return limits.length === 0 ? null : Math.min(...limits);
}
