import { open } from 'node:fs/promises';
import type { ReadAt } from './read-at.js';

/** An open file. Reads go on working when it grows, is renamed or is deleted. */
export interface FileSource extends ReadAt {
  /** Its size now. */
  sizeBytes(): Promise<number>;
  /** Idempotent. */
  close(): Promise<void>;
}

/** Opens for reading only. @throws the file system's own error */
export async function openFileSource(path: string): Promise<FileSource> {
  const file = await open(path, 'r');
  return {
    sizeBytes: async () => (await file.stat()).size,
    close: async () => await file.close(),
    read: async (into, offsetBytes) => {
      let filledBytes = 0;
      while (filledBytes < into.length) {
        const wanted = into.length - filledBytes;
        const { bytesRead } = await file.read(into, filledBytes, wanted, offsetBytes + filledBytes);
        if (bytesRead === 0) break;
        filledBytes += bytesRead;
      }
      return filledBytes;
    },
  };
}
