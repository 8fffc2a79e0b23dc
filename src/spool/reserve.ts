import { randomFillSync } from 'node:crypto';
import { open, rm, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { sizeOf } from './durable-file.js';
import { isNoSpace } from './spool-error.js';

/** Enough for the sidecars, checkpoints and receipts of thousands of segments, and for closing what is open. */
export const DEFAULT_RESERVE_BYTES = 64 * 1024 * 1024;

const CHUNK_BYTES = 1024 * 1024;

/** Space set aside in a file, to be let go of when the disk is full. */
export interface Reserve {
  /** Resolves to whether there was something to give. Idempotent. */
  release(): Promise<boolean>;
  /**
   * Resolves to whether it is there. Not tried while less than twice its size is free: running recordings must not find the disk full because of it.
   */
  restore(): Promise<boolean>;
}

/** Touches no disk before it is asked. A `sizeBytes` of 0 sets nothing aside. */
export function createReserve(path: string, sizeBytes: number): Reserve {
  return {
    release: async () => {
      const isThere = ((await sizeOf(path)) ?? 0) > 0;
      await rm(path, { force: true });
      return isThere;
    },
    restore: async () => {
      if ((await sizeOf(path)) === sizeBytes) return true;
      const disk = await statfs(dirname(path));
      if (disk.bavail * disk.bsize < 2 * sizeBytes) return false;
      try {
        await fill(path, sizeBytes);
        return true;
      } catch (error) {
        await rm(path, { force: true });
        if (isNoSpace(error)) return false;
        throw error;
      }
    },
  };
}

/** Writes noise: a hole or compressed zeros would set nothing aside. */
async function fill(path: string, sizeBytes: number): Promise<void> {
  const chunk = randomFillSync(new Uint8Array(Math.min(CHUNK_BYTES, sizeBytes)));
  const file = await open(path, 'w', 0o600);
  try {
    for (let offset = 0; offset < sizeBytes; offset += chunk.length) {
      await file.write(chunk, 0, Math.min(chunk.length, sizeBytes - offset), offset);
    }
    await file.sync();
  } finally {
    await file.close();
  }
}
