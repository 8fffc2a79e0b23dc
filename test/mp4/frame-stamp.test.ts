import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeFrameStamp, findFrameStamp } from '../../src/mp4/frame-stamp.js';

const stamp = { counter: 4711, sentAtUs: 1_790_000_000_123_456 };

describe('frame stamp', () => {
  it.each([
    ['h264', [0x06, 5, 45]],
    ['hevc', [0x4e, 0x01, 5, 45]],
  ] as const)(
    'a stamp for %s is one SEI message and nothing that needs an emulation prevention byte',
    (codec, start) => {
      const nal = encodeFrameStamp(stamp, codec);
      expect([...nal.subarray(0, start.length)]).toEqual([...start]);
      expect(nal).toHaveLength(start.length + 45 + 1);
      expect(nal.at(-1)).toBe(0x80);
      expect([...nal]).not.toContain(0);
    },
  );

  it('every stamp is found again wherever it stands in the frame', () => {
    const counters = fc.nat({ max: 999_999_999_999 });
    const times = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
    fc.assert(
      fc.property(counters, times, fc.uint8Array(), fc.uint8Array(), (counter, sentAtUs, before, after) => {
        const frame = Buffer.concat([before, encodeFrameStamp({ counter, sentAtUs }), after]);
        expect(findFrameStamp(frame)).toEqual({ counter, sentAtUs });
      }),
    );
  });

  it('a frame without a stamp, or with a cut one, has none', () => {
    const nal = encodeFrameStamp(stamp);
    expect(findFrameStamp(Uint8Array.of(0, 0, 0, 1, 0x65))).toBeNull();
    expect(findFrameStamp(nal.subarray(0, nal.length - 2))).toBeNull();
  });

  it.each([
    { counter: 1e12, sentAtUs: 0 },
    { counter: -1, sentAtUs: 0 },
    { counter: 0, sentAtUs: 0.5 },
  ])('a number that does not fit is refused: %j', (bad) => {
    expect(() => encodeFrameStamp(bad)).toThrow(RangeError);
  });
});
