import { open, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { SESSION_LOG } from '../../domain/session-log.js';
import { errnoOf } from '../../spool/spool-error.js';

/** A camera that refuses FFmpeg's keepalive fills 1 MB a day, and sessions last for weeks. */
const LONGEST_BYTES = 1024 ** 2;
/** The reason of an end is in the first lines (it never began) or in the last ones. */
const HEAD_BYTES = 8 * 1024;
const TAIL_BYTES = 56 * 1024;

/** Both ends of FFmpeg's log; empty when there is none. It may hold the camera's URL: classify it, then delete it (INV-7). */
export async function readSessionLog(sessionDir: string): Promise<string> {
  try {
    return await readEnds(join(sessionDir, SESSION_LOG));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return '';
    throw error;
  }
}

/** Idempotent. */
export async function deleteSessionLog(sessionDir: string): Promise<void> {
  await rm(join(sessionDir, SESSION_LOG), { force: true });
}

/** Empties a log that has become long. FFmpeg appends (O_APPEND), so it notices nothing and leaves no hole. */
export async function boundSessionLog(sessionDir: string): Promise<void> {
  const path = join(sessionDir, SESSION_LOG);
  try {
    if ((await stat(path)).size > LONGEST_BYTES) await truncate(path, 0);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}

async function readEnds(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const head = await readPart(file, 0, Math.min(size, HEAD_BYTES));
    const tailAt = Math.max(HEAD_BYTES, size - TAIL_BYTES);
    return head + (size > tailAt ? await readPart(file, tailAt, size - tailAt) : '');
  } finally {
    await file.close();
  }
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
