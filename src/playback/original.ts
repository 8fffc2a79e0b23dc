import { createHash } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { crc32Hex } from '../domain/crc32.js';
import type { ObjectKey } from '../domain/ids.js';
import type { SealedSegment } from '../domain/segment.js';
import { segmentFromMetadata } from '../object-store/coverage-metadata.js';
import { ObjectGoneError, objectSource } from './object-source.js';
import type { ReadableStore } from './stored-objects.js';

/** An object that was copied as it is, and whether it is what the recorder said of it when it was sealed. */
export interface Original {
  readonly key: ObjectKey;
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256Hex: string;
  readonly crc32Hex: string;
  /** SHA-256 of the recorded bytes inside; null when the metadata does not say where they are. */
  readonly recordingSha256Hex: string | null;
  /** What the metadata say; null when a tool that copied the bucket dropped them. */
  readonly said: SealedSegment | null;
  /** Size, CRC-32 and the recording's SHA-256 are as said; null when nothing is. */
  readonly isAsSealed: boolean | null;
  /** The store's clock less this machine's, when it was asked. */
  readonly storeClockAheadMs: number;
}

const READ_BYTES = 8 * 1024 * 1024;

/** Null when the object is gone; then nothing is left. Throws what the store throws, and the file system's own errors. */
export async function copyOriginal(
  store: ReadableStore,
  key: ObjectKey,
  path: string,
  signal: AbortSignal,
): Promise<Original | null> {
  const head = await store.head(key, signal);
  if (head === undefined) return null;
  const storeClockAheadMs = head.storeTimeMs - Date.now();
  const said = segmentFromMetadata(head.metadata) ?? null;
  try {
    const copied = await copyBytes(store, { key, path, said, sizeBytes: head.sizeBytes }, signal);
    const isAsSealed =
      said === null
        ? null
        : said.sizeBytes === copied.sizeBytes &&
          said.crc32Hex === copied.crc32Hex &&
          said.recording.sha256Hex === copied.recordingSha256Hex;
    return { key, path, said, isAsSealed, storeClockAheadMs, ...copied };
  } catch (error) {
    await rm(path, { force: true });
    if (error instanceof ObjectGoneError) return null;
    throw error;
  }
}

interface CopyJob {
  readonly key: ObjectKey;
  readonly path: string;
  readonly said: SealedSegment | null;
  readonly sizeBytes: number;
}

async function copyBytes(
  store: ReadableStore,
  { key, path, said, sizeBytes }: CopyJob,
  signal: AbortSignal,
): Promise<Pick<Original, 'sizeBytes' | 'sha256Hex' | 'crc32Hex' | 'recordingSha256Hex'>> {
  const source = objectSource(store, key, signal);
  const whole = createHash('sha256');
  const recording = createHash('sha256');
  const from = said?.recording.offsetBytes ?? 0;
  const to = from + (said?.recording.sizeBytes ?? 0);
  let crc = 0;
  let atBytes = 0;
  const file = await open(path, 'w');
  try {
    while (atBytes < sizeBytes) {
      const into = new Uint8Array(Math.min(READ_BYTES, sizeBytes - atBytes));
      const bytes = into.subarray(0, await source.read(into, atBytes));
      if (bytes.length === 0) break;
      whole.update(bytes);
      recording.update(bytes.subarray(Math.max(0, from - atBytes), Math.max(0, to - atBytes)));
      crc = crc32(bytes, crc);
      await file.writeFile(bytes);
      atBytes += bytes.length;
    }
    await file.sync();
  } finally {
    await file.close();
  }
  const recordingSha256Hex = said === null ? null : recording.digest('hex');
  return { sizeBytes: atBytes, sha256Hex: whole.digest('hex'), crc32Hex: crc32Hex(crc), recordingSha256Hex };
}
