import type { ReadAt } from '../../../src/mp4/read-at.js';

/** Bytes in memory, as a source. */
export function memorySource(bytes: Uint8Array): ReadAt {
  return {
    read: async (into, offsetBytes) => {
      const part = bytes.subarray(offsetBytes, offsetBytes + into.length);
      into.set(part);
      return part.length;
    },
  };
}
