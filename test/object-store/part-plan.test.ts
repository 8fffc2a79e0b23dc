import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_PARTS, MIN_PART_SIZE_BYTES, partSizeFor, planParts } from '../../src/object-store/part-plan.js';

const MIB = 1024 * 1024;

describe('partSizeFor', () => {
  it.each([
    { object: 1, wanted: undefined, part: 8 * MIB },
    { object: 500_000_000, wanted: undefined, part: 8 * MIB },
    { object: 500_000_000, wanted: 5 * MIB, part: 5 * MIB },
    { object: 500_000_000, wanted: 1 * MIB, part: 5 * MIB },
    { object: 10_000 * 8 * MIB, wanted: undefined, part: 8 * MIB },
    { object: 10_000 * 8 * MIB + 1, wanted: undefined, part: 9 * MIB },
  ])('cuts $object bytes into parts of $part when $wanted is wanted', ({ object, wanted, part }) => {
    expect(partSizeFor(object, wanted)).toBe(part);
  });
});

describe('planParts', () => {
  it('covers the object without gap or overlap, within what S3 allows', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 40 }), fc.integer({ min: 1, max: 64 * MIB }), (object, wanted) => {
        const partSizeBytes = partSizeFor(object, wanted);
        const parts = planParts(object, partSizeBytes);
        expect(parts.length).toBeLessThanOrEqual(MAX_PARTS);
        let endBytes = 0;
        for (const [index, part] of parts.entries()) {
          const isLast = index === parts.length - 1;
          if (part.number !== index + 1 || part.offsetBytes !== endBytes) expect.fail(`part ${index + 1} is misplaced`);
          if (!isLast && part.sizeBytes !== partSizeBytes) expect.fail(`part ${index + 1} is no full part`);
          endBytes += part.sizeBytes;
        }
        expect(endBytes).toBe(object);
        expect(partSizeBytes).toBeGreaterThanOrEqual(MIN_PART_SIZE_BYTES);
      }),
      { numRuns: 50 },
    );
  });

  it('refuses an object without bytes', () => {
    expect(() => planParts(0, MIN_PART_SIZE_BYTES)).toThrow(RangeError);
  });
});
