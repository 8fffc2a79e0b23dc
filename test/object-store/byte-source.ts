import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { crc32Hex } from '../../src/domain/crc32.js';
import type { ByteSource } from '../../src/domain/receipt.js';
import type { ExpectedObject } from '../../src/object-store/stored-equality.js';

/** Bytes that look random, the same for the same seed (splitmix32). */
export function bytesOf(sizeBytes: number, seed = 1): Buffer {
  const words = new Uint32Array(Math.ceil(sizeBytes / 4));
  let state = Math.imul(seed, 0x85ebca6b);
  for (let at = 0; at < words.length; at++) {
    state = (state + 0x9e3779b9) | 0;
    const mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    words[at] = mixed ^ (mixed >>> 15);
  }
  return Buffer.from(words.buffer, 0, sizeBytes);
}

export function sourceOf(bytes: Uint8Array): ByteSource {
  return {
    sizeBytes: bytes.length,
    read: async (into, offsetBytes) => {
      if (offsetBytes + into.length > bytes.length) throw new RangeError('read beyond the end');
      into.set(bytes.subarray(offsetBytes, offsetBytes + into.length));
    },
    close: async () => {},
  };
}

export function expectedOf(bytes: Uint8Array): ExpectedObject {
  return {
    sizeBytes: bytes.length,
    crc32Hex: crc32Hex(crc32(bytes)),
    sha256Hex: createHash('sha256').update(bytes).digest('hex'),
  };
}
