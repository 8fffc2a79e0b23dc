import { expect, test } from 'vitest';
import { defaultMinFreeBytes, judgeSpace } from '../../src/spool/budget.js';

const GIBIBYTE = 1024 ** 3;

test.each([
  { cameras: [], bytes: GIBIBYTE },
  { cameras: [{ segmentDurationSec: 10, bytesPerSec: null }], bytes: GIBIBYTE },
  { cameras: [{ segmentDurationSec: 900, bytesPerSec: 1_000_000 }], bytes: 1_800_000_000 },
  { cameras: Array.from({ length: 8 }, () => ({ segmentDurationSec: 900, bytesPerSec: null })), bytes: 8_064_000_000 },
])('$bytes bytes stay free for $cameras.length cameras', ({ cameras, bytes }) => {
  expect(defaultMinFreeBytes(cameras)).toBe(bytes);
});

test.each([
  { freeBytes: 2_000, before: 'room', verdict: 'room' },
  { freeBytes: 1_999, before: 'room', verdict: 'low' },
  { freeBytes: 1_000, before: 'low', verdict: 'low' },
  { freeBytes: 999, before: 'low', verdict: 'full' },
  { freeBytes: 1_099, before: 'full', verdict: 'full' },
  { freeBytes: 1_100, before: 'full', verdict: 'low' },
  { freeBytes: 0, before: 'room', verdict: 'full' },
] as const)('$freeBytes free of 1000 needed, $before before: $verdict', ({ freeBytes, before, verdict }) => {
  expect(judgeSpace({ freeBytes, minFreeBytes: 1_000, before })).toBe(verdict);
});
