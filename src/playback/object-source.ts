import type { ObjectKey } from '../domain/ids.js';
import type { ReadAt } from '../mp4/read-at.js';
import type { ReadableStore } from './stored-objects.js';

/** Headers are read in small pieces: a smaller read takes so much, and what lies in it is not asked for again. */
const BLOCK_BYTES = 256 * 1024;

/** Thrown when an object that was there is deleted while it is read. */
export class ObjectGoneError extends Error {
  readonly code = 'object-gone';
  constructor(key: ObjectKey, options: ErrorOptions) {
    super(`${key} was deleted while it was read`, options);
    this.name = 'ObjectGoneError';
  }
}

/** An object of the bucket as a file to read. Throws `ObjectGoneError`, and what the store throws. */
export function objectSource(store: ReadableStore, key: ObjectKey, signal: AbortSignal): ReadAt {
  let block: { readonly offsetBytes: number; readonly bytes: Uint8Array } = { offsetBytes: 0, bytes: new Uint8Array() };
  const ask = async (offsetBytes: number, sizeBytes: number): Promise<Uint8Array> => {
    try {
      return await store.read(key, { offsetBytes, sizeBytes }, signal);
    } catch (error) {
      signal.throwIfAborted();
      // Stores word a missing object in many ways; a HEAD has one.
      if ((await store.head(key, signal)) === undefined) throw new ObjectGoneError(key, { cause: error });
      throw error;
    }
  };
  return {
    read: async (into, offsetBytes) => {
      const isSmall = into.length < BLOCK_BYTES;
      const endBytes = block.offsetBytes + block.bytes.length;
      const isInBlock = offsetBytes >= block.offsetBytes && offsetBytes + into.length <= endBytes;
      if (!isInBlock && isSmall) block = { offsetBytes, bytes: await ask(offsetBytes, BLOCK_BYTES) };
      const at = offsetBytes - block.offsetBytes;
      const bytes =
        isInBlock || isSmall ? block.bytes.subarray(at, at + into.length) : await ask(offsetBytes, into.length);
      into.set(bytes);
      return bytes.length;
    },
  };
}
