import { describe, expect, it } from 'vitest';
import { parseCameraId, parseSessionId } from '../../src/domain/ids.js';
import { dayPrefixOf, gapObjectKeyOf, objectKeysOf, objectNameIn } from '../../src/domain/object-key.js';

const camera = parseCameraId('camera-1');

describe('object keys', () => {
  it('are camera, day and time of day, in UTC', () => {
    const keys = objectKeysOf({
      camera,
      session: parseSessionId('20251214T012959Z-7f3a'),
      index: 1,
      nominalStartMs: Date.UTC(2025, 11, 14, 1, 30),
    });
    expect(keys.preferred).toBe('camera-1/20251214/01-30-00_camera-1.mp4');
    expect(keys.rival).toBe('camera-1/20251214/01-30-00_camera-1_20251214T012959Z-7f3a-1.mp4');
  });

  it('a slot without footage has a gap object beside them', () => {
    expect(gapObjectKeyOf(camera, Date.UTC(2025, 11, 14, 23, 45))).toBe('camera-1/20251214/23-45-00_camera-1.gap.json');
  });

  it('all keys of a day start with its prefix', () => {
    expect(dayPrefixOf(camera, Date.UTC(2025, 11, 14, 23, 59, 59, 999))).toBe('camera-1/20251214/');
  });

  it.each([
    ['camera-1/20251214/01-30-00_camera-1.mp4', { kind: 'segment', nominalStartMs: Date.UTC(2025, 11, 14, 1, 30) }],
    [
      'camera-1/20251214/01-30-00_camera-1_20251214T012959Z-7f3a-1.mp4',
      { kind: 'segment', nominalStartMs: Date.UTC(2025, 11, 14, 1, 30) },
    ],
    ['camera-1/20251214/23-45-00_camera-1.gap.json', { kind: 'gap', nominalStartMs: Date.UTC(2025, 11, 14, 23, 45) }],
    ['camera-1/20251214/25-00-00_camera-1.mp4', undefined],
    ['camera-1/20251214/01-30-00_camera-2.mp4', undefined],
    ['camera-2/20251214/01-30-00_camera-2.mp4', undefined],
    ['camera-1/20251214/01-30-00_camera-1.mp4.bak', undefined],
    ['camera-1/notes.txt', undefined],
  ])('what the key %s says', (key, said) => {
    expect(objectNameIn(camera, key)).toEqual(said);
  });
});
