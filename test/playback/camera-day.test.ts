import { randomBytes } from 'node:crypto';
import { expect, inject, it, onTestFinished } from 'vitest';
import { parseCameraId } from '../../src/domain/ids.js';
import { createS3Store } from '../../src/object-store/s3.js';
import { readTimeline } from '../../src/playback/timeline.js';
import { waitFor } from '../support/wait-for.js';
import { store, wholeDay } from './story.js';

it('a camera-day of 96 segments is a hundred requests to SeaweedFS, and less than a second', async () => {
  const asked: string[] = [];
  const bucket = createS3Store({ ...inject('s3'), region: 'us-east-1' }, ({ operation }) => asked.push(operation));
  onTestFinished(() => bucket.close());
  const camera = parseCameraId(`day-${randomBytes(4).toString('hex')}`);
  const fromMs = Date.UTC(2025, 11, 14);
  const range = { fromMs, toMs: fromMs + 86_400_000 };
  await store(bucket, wholeDay(camera, fromMs));
  const tries: number[] = [];
  const readDay = async (): Promise<boolean> => {
    asked.length = 0;
    const startedAtMs = performance.now();
    const options = { store: bucket, nowMs: range.toMs + 60_000 };
    const { spans } = await readTimeline(camera, range, options, AbortSignal.timeout(10_000));
    tries.push(Math.round(performance.now() - startedAtMs));
    expect(spans.map(({ kind }) => kind)).toEqual(Array.from({ length: 96 }, () => 'footage'));
    return (tries.at(-1) ?? Number.NaN) < 1_000;
  };
  // Other tests have the processors too: one read that was let run is enough.
  await waitFor(readDay, { what: 'a camera-day to be read within a second', deadlineMs: 20_000 });
  console.log(`a camera-day of 96 segments: ${tries.join(' ms, ')} ms`);
  expect(asked.filter((operation) => operation === 'HeadObject')).toHaveLength(96);
  expect(asked.filter((operation) => operation === 'ListObjectsV2').length).toBeLessThanOrEqual(3);
});
