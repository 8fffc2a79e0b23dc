import { describe, expect, it } from 'vitest';
import {
  InvalidIdError,
  parseCameraId,
  parseObjectKey,
  parseSegmentId,
  parseSessionId,
  partsOf,
  segmentIdOf,
  sessionIdOf,
  sessionStartMs,
} from '../../src/domain/ids.js';

describe('ids', () => {
  it.each(['camera-1', 'a', '0', 'a'.repeat(63)])('"%s" is a camera id', (text) => {
    expect(parseCameraId(text)).toBe(text);
  });

  it.each(['', 'Camera', 'a_b', '-a', 'a-', 'a/b', '..', 'a'.repeat(64), 'ä', 'a b', 'a\n'])(
    '"%s" is not a camera id',
    (text) => {
      expect(() => parseCameraId(text)).toThrow(InvalidIdError);
    },
  );

  it('a segment id holds its camera, session and index, also for a camera with digits and dashes', () => {
    const session = sessionIdOf(Date.UTC(2025, 11, 14, 1, 30, 2, 999), 0.5);
    expect(session).toBe('20251214T013002Z-8000');
    expect(sessionStartMs(session)).toBe(Date.UTC(2025, 11, 14, 1, 30, 2));
    const segment = segmentIdOf(parseCameraId('front-2'), session, 7);
    expect(segment).toBe('front-2_20251214T013002Z-8000_0007');
    expect(partsOf(segment)).toEqual({ camera: 'front-2', session, index: 7 });
  });

  it('segment ids of one camera sort by time', () => {
    const camera = parseCameraId('c');
    const early = segmentIdOf(camera, sessionIdOf(Date.UTC(2025, 0, 1), 0.999), 9);
    const later = segmentIdOf(camera, sessionIdOf(Date.UTC(2025, 0, 1), 0.999), 10);
    const next = segmentIdOf(camera, sessionIdOf(Date.UTC(2025, 0, 2), 0), 0);
    expect([next, later, early].toSorted()).toEqual([early, later, next]);
  });

  it.each(['', '/a', 'a//b', 'a/../b', './a', 'a/', 'a\u0000b', 'a'.repeat(1025)])(
    'a key like "%s" is refused',
    (text) => {
      expect(() => parseObjectKey(text)).toThrow(InvalidIdError);
    },
  );

  it.each(['2025', '20251214T013002Z', '20251214T013002Z-ABCD'])('"%s" is not a session id', (text) => {
    expect(() => parseSessionId(text)).toThrow(InvalidIdError);
  });

  it('a segment id without an index is refused, and a long text is not echoed whole', () => {
    expect(() => parseSegmentId('camera-1_20251214T013002Z-8000')).toThrow(InvalidIdError);
    expect(() => parseSegmentId('x'.repeat(500))).toThrow(/^"x{80}" is not a segment id/);
  });
});
