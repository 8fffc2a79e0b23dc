import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';

/** Of the bytes as they were recorded, a torn tail included; `crc32` is still to be combined with the header's. */
export interface RecordingHashes {
  readonly sizeBytes: number;
  readonly sha256Hex: string;
  readonly crc32: number;
}

/** About a millisecond of hashing between two turns of the event loop. */
const SLICE_BYTES = 1024 ** 2;

/** Reads the file once. @throws the file system's own error, or the signal's reason */
export async function hashRecording(path: string, signal: AbortSignal): Promise<RecordingHashes> {
  const file = await open(path, 'r');
  try {
    const slice = Buffer.allocUnsafe(SLICE_BYTES);
    const sha256 = createHash('sha256');
    let crc = 0;
    let sizeBytes = 0;
    for (;;) {
      signal.throwIfAborted();
      const { bytesRead } = await file.read(slice, 0, SLICE_BYTES, sizeBytes);
      if (bytesRead === 0) return { sizeBytes, sha256Hex: sha256.digest('hex'), crc32: crc };
      const bytes = slice.subarray(0, bytesRead);
      sha256.update(bytes);
      crc = crc32(bytes, crc);
      sizeBytes += bytesRead;
    }
  } finally {
    await file.close();
  }
}
