import { open, rm } from 'node:fs/promises';
import { errnoOf } from '../../spool/spool-error.js';

/** The reason of an end is in the first lines (it never began) or in the last ones. */
const HEAD_BYTES = 8 * 1024;
const TAIL_BYTES = 56 * 1024;

/** Both ends of FFmpeg's log; empty when there is none. It may hold the camera's URL: classify it, then delete it (INV-7). */
export async function readSessionLog(path: string): Promise<string> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const head = await readPart(file, 0, Math.min(size, HEAD_BYTES));
      const tailAt = Math.max(HEAD_BYTES, size - TAIL_BYTES);
      return head + (size > tailAt ? await readPart(file, tailAt, size - tailAt) : '');
    } finally {
      await file.close();
    }
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return '';
    throw error;
  }
}

export async function deleteSessionLog(path: string): Promise<void> {
  await rm(path, { force: true });
}

async function readPart(
  file: {
    read(into: Buffer, offset: number, length: number, position: number): Promise<{ readonly bytesRead: number }>;
  },
  atBytes: number,
  sizeBytes: number,
): Promise<string> {
  const part = Buffer.alloc(sizeBytes);
  const { bytesRead } = await file.read(part, 0, sizeBytes, atBytes);
  return part.toString('utf8', 0, bytesRead);
}
