import { describe, expect, test } from 'vitest';
import { minFreeBytesOf } from '../../src/recorder/policies.js';
import { createBench } from './bench.js';

test.each([
  [0, 2 ** 30],
  [1, 2 ** 30],
  [4, 4e9],
])('with %d cameras recording stops at %d free bytes', (count, bytes) => {
  expect(minFreeBytesOf(Array.from({ length: count }, () => ({ segmentDurationSec: 900 })))).toBe(bytes);
});

describe('with no limit given', () => {
  test('a camera is declined that does not fit beside those that are recorded, however they came here', async ({
    onTestFinished,
  }) => {
    const bench = await createBench({ onTestFinished });
    const [first, second] = [await bench.camera('first'), await bench.camera('second')];
    const recorder = await bench.recorder({ policies: { minFreeBytes: null }, freeBytes: async () => 2.5e9 });
    expect(await recorder.declines(second.id, { ...second.spec, segmentDurationSec: 900 })).toBeNull();
    expect(await recorder.declines(first.id, { ...first.spec, segmentDurationSec: 1_800 })).toBeNull();
    await recorder.attach(
      first.id,
      { ...first.spec, segmentDurationSec: 1_800 },
      { lastEndedAtMs: null, notBeforeMs: null, taskToken: null },
    );
    expect(await recorder.declines(second.id, { ...second.spec, segmentDurationSec: 900 })).toMatchObject({
      code: 'no-space',
    });
    expect(await recorder.declines(first.id, { ...first.spec, segmentDurationSec: 1_800 })).toBeNull();
  });
});
