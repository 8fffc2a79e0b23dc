import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32Combine, crc32Hex } from '../../src/domain/crc32.js';

describe('crc32Combine', () => {
  it('gives the checksum of the whole from those of any two parts', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3_000 }), fc.nat(3_000), (bytes, at) => {
        const cut = Math.min(at, bytes.length);
        const [head, tail] = [bytes.subarray(0, cut), bytes.subarray(cut)];
        expect(crc32Combine(crc32(head), crc32(tail), tail.length)).toBe(crc32(bytes));
      }),
    );
  });

  it('is associative over lengths beyond 4 GiB', () => {
    const [a, b, c] = [crc32('a'), crc32('b'), crc32('c')];
    const [sizeOfB, sizeOfC] = [5 * 2 ** 30 + 3, 2 ** 33 + 7];
    const leftFirst = crc32Combine(crc32Combine(a, b, sizeOfB), c, sizeOfC);
    const rightFirst = crc32Combine(a, crc32Combine(b, c, sizeOfC), sizeOfB + sizeOfC);
    expect(leftFirst).toBe(rightFirst);
  });

  it('prints eight digits', () => {
    expect(crc32Hex(0xab)).toBe('000000ab');
  });
});
