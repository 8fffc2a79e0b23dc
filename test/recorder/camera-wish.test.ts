import { expect, test } from 'vitest';
import { type CameraSpec, DEFAULT_SPEC } from '../../src/domain/camera.js';
import { CameraWish, lastingStopOf } from '../../src/recorder/camera-wish.js';

const spec: CameraSpec = { ...DEFAULT_SPEC, source: { kind: 'secret', name: 'camera-1' } };
const other: CameraSpec = { ...spec, source: { kind: 'secret', name: 'camera-2' } };
const unsaid = { taskToken: null, notBeforeMs: null };

test('before anybody said anything nothing is wanted, stopped or locked', () => {
  const wish = new CameraWish(undefined);
  wish.stop('paused');
  expect([wish.lock(5), wish.current, wish.isToRecord, wish.stopCause]).toEqual([false, null, false, null]);
});

test('a locked account stays locked over a stop and other settings, not for another account', () => {
  const wish = new CameraWish(undefined);
  wish.record(spec, unsaid);
  expect([wish.lock(5_000), wish.lock(5_000)]).toEqual([true, false]);
  wish.stop('paused');
  expect(wish.record({ ...spec, audio: 'off' }, unsaid)).toBe(5_000);
  expect(wish.record(other, unsaid)).toBeNull();
  expect(wish.record(other, { ...unsaid, notBeforeMs: 7_000 })).toBe(7_000);
});

test('what runs was wanted, unless somebody said otherwise', () => {
  const [unknown, stopped] = [new CameraWish(undefined), new CameraWish(undefined)];
  unknown.assume(spec);
  stopped.record(spec, unsaid);
  stopped.stop('cancelled');
  stopped.assume(spec);
  expect([unknown.isToRecord, stopped.isToRecord, stopped.stopCause]).toEqual([true, false, 'removed']);
});

test.each(['paused', 'moved', 'cancelled'] as const)('stopped as %s it stays so over a restart', (cause) => {
  const wish = new CameraWish(undefined);
  wish.record(spec, unsaid);
  wish.stop(cause);
  expect(lastingStopOf(wish.stopCause)).toBe(cause);
});
