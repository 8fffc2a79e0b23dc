import { describe, expect, it } from 'vitest';
import { type CameraSpec, cameraSpecSchema, DEFAULT_SPEC, isSameSpec } from '../../src/domain/camera.js';

describe('a camera spec', () => {
  it('needs only a source', () => {
    const source = { kind: 'secret', name: 'camera-3' };
    expect(cameraSpecSchema.parse({ source })).toEqual({ source, ...DEFAULT_SPEC });
  });

  it.each([
    ['a URL with a password', { source: { kind: 'url', rtspUrl: 'rtsp://u:p@h/s' } }, /name a secret instead/],
    [
      'a URL with a password of digits and a slash',
      { source: { kind: 'url', rtspUrl: 'rtsp://u:12345/p@10.0.0.7/s' } },
      /name a secret instead/,
    ],
    ['a URL that is not RTSP', { source: { kind: 'url', rtspUrl: 'http://h/s' } }, /must be an rtsp/],
    [
      'a length that does not divide a day',
      { source: { kind: 'secret', name: 'a' }, segmentDurationSec: 7 },
      /divide a day/,
    ],
    ['an unknown key', { source: { kind: 'secret', name: 'a' }, segmentSeconds: 60 }, /segmentSeconds/],
    ['a secret name that is a path', { source: { kind: 'secret', name: '../etc' } }, /name/],
  ])('%s is refused', (_, spec, message) => {
    const result = cameraSpecSchema.safeParse(spec);
    expect(result.error?.message).toMatch(message);
  });

  const spec: CameraSpec = { source: { kind: 'secret', name: 'a' }, ...DEFAULT_SPEC };
  it.each<readonly [string, Partial<CameraSpec>, boolean]>([
    ['nothing', {}, true],
    ['another object for the same source', { source: { name: 'a', kind: 'secret' } }, true],
    ['the source', { source: { kind: 'secret', name: 'b' } }, false],
    ['the kind of source', { source: { kind: 'url', rtspUrl: 'rtsp://a/' } }, false],
    ['the segments', { segmentDurationSec: 60 }, false],
    ['the sound', { audio: 'off' }, false],
    ['a time limit', { stallTimeoutMs: 9_000 }, false],
    ['TLS', { tlsVerify: true }, false],
  ])('beside one in which %s differs, in any order of keys, it is the same or not', (_what, change, expected) => {
    expect(isSameSpec({ ...spec, ...change }, spec)).toBe(expected);
    expect(isSameSpec(spec, { ...change, ...spec, ...change })).toBe(expected);
  });
});
