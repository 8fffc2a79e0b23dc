import { randomBytes } from 'node:crypto';
import { expect, inject, it, onTestFinished } from 'vitest';
import { parseCameraId } from '../../src/domain/ids.js';
import { createS3Store } from '../../src/object-store/s3.js';
import { readTimeline } from '../../src/playback/timeline.js';
import { store, wholeDay } from './story.js';

it('a camera-day of 96 segments is read from SeaweedFS in less than a second', async () => {
  const bucket = createS3Store({ ...inject('s3'), region: 'us-east-1' });
  onTestFinished(() => bucket.close());
  const camera = parseCameraId(`day-${randomBytes(4).toString('hex')}`);
  const fromMs = Date.UTC(2025, 11, 14);
  const toMs = fromMs + 86_400_000;
  await store(bucket, wholeDay(camera, fromMs));
  const readDay = async () =>
    await readTimeline(camera, { fromMs, toMs }, { store: bucket, nowMs: toMs + 60_000 }, AbortSignal.timeout(10_000));
  const elapsedMs: number[] = [];
  for (let times = 0; times < 3; times += 1) {
    const startedAtMs = performance.now();
    const timeline = await readDay();
    elapsedMs.push(performance.now() - startedAtMs);
    expect(timeline.spans).toHaveLength(96);
    expect(timeline.spans.every(({ kind }) => kind === 'footage')).toBe(true);
  }
  console.log(`a camera-day of 96 segments: ${elapsedMs.map((ms) => `${Math.round(ms)} ms`).join(', ')}`);
  expect(Math.min(...elapsedMs)).toBeLessThan(1_000);
});
