import { expect, it } from 'vitest';
import { cameraOfHold, holdIdOf, holdKeyOf, holdSchema, parseHoldId } from '../../src/domain/hold.js';
import { parseCameraId } from '../../src/domain/ids.js';

/** As the first version that had holds wrote it: never to be changed. */
const FIRST =
  '{"schema":1,"id":"camera-1_20251125T110433Z-7f3a","camera":"camera-1","fromMs":1764079200000,"toMs":1764084600000,"reason":"the shed, report 12","placedAtMs":1764155073000,"releasedAtMs":null}';

it('a hold of the first version is read, whole', () => {
  expect(holdSchema.parse(JSON.parse(FIRST))).toEqual(JSON.parse(FIRST));
});

it('a hold says whose it is, and where it is', () => {
  const id = holdIdOf(parseCameraId('camera-1'), Date.UTC(2025, 10, 25, 11, 4, 33), 0.5);
  expect(id).toBe('camera-1_20251125T110433Z-8000');
  expect(cameraOfHold(id)).toBe('camera-1');
  expect(holdKeyOf(id)).toBe('.holds/camera-1/camera-1_20251125T110433Z-8000.json');
  for (const text of ['camera-1', 'camera-1_20251125T110433Z', '../x_20251125T110433Z-8000', '']) {
    expect(() => parseHoldId(text)).toThrow('is not a hold');
  }
});
