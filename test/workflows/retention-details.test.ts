import { expect, it } from 'vitest';
import { parseCameraId } from '../../src/domain/ids.js';
import type { CameraRetention } from '../../src/workflows/contract.js';
import { policyWords, retentionDetails } from '../../src/workflows/retention-details.js';

const camera = (id: string, change: Partial<CameraRetention> = {}): CameraRetention => ({
  camera: parseCameraId(id),
  policy: { maxAgeMs: 345_600_000, maxBytes: 90 * 2 ** 30 },
  storedObjects: 384,
  storedBytes: 192e9,
  expiredObjects: 4,
  expiredBytes: 2e9,
  heldObjects: 1,
  youngObjects: 0,
  problems: [],
  ...change,
});

it('the details say what was deleted, what was kept against the policy, and what went wrong', () => {
  const failed = [{ camera: parseCameraId('yard'), why: 'The store does not answer.' }];
  const cameras = [camera('camera-1'), camera('camera-2', { problems: ['Something odd.'] })];
  expect(retentionDetails({ mode: 'delete', why: null, cameras, failed }, null).split('\n')).toEqual([
    '**Deletes what the policies do not keep.**',
    '',
    '| camera | keeps | deleted | held | under a day old | left |',
    '| --- | --- | --- | --- | --- | --- |',
    '| `camera-1` | 4 d 0 h, 96.6 GB | 4 objects, 2.0 GB | 1 | 0 | 384 objects, 192 GB |',
    '| `camera-2` | 4 d 0 h, 96.6 GB | 4 objects, 2.0 GB | 1 | 0 | 384 objects, 192 GB |',
    '',
    '- `camera-2`: Something odd.',
    '- `yard`: **failed.** The store does not answer.',
  ]);
});

it('they say that nothing is deleted, why, and whose turn it is', () => {
  const text = retentionDetails({ mode: 'report', why: 'New to it.', cameras: [camera('a')], failed: [] }, 'b');
  expect(text).toContain('**Only reports: nothing is deleted.**\nNew to it.\nNow: `b`, 1 done.');
  expect(text).toContain('| would delete |');
});

it('they stay short, however many cameras there are', () => {
  const cameras = Array.from({ length: 500 }, (_, index) => camera(`camera-${index}`));
  const text = retentionDetails({ mode: 'delete', why: null, cameras, failed: [] }, null);
  expect(text.split('\n').length).toBeLessThan(60);
  expect(text).toContain('… and 450 more in the result.');
});

it('a policy in words', () => {
  expect(policyWords({ maxAgeMs: null, maxBytes: null })).toBe('all');
  expect(policyWords({ maxAgeMs: null, maxBytes: 5e9 })).toBe('5.0 GB');
});
