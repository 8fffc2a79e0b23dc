import { describe, expect, test } from 'vitest';
import { createBench, isRecording, until } from './bench.js';

describe.concurrent('a camera', () => {
  test('is recorded, cut on the clock and sealed; a stop seals the last segment; no frame is lost between', async ({
    onTestFinished,
  }) => {
    const bench = await createBench({ onTestFinished });
    const { id, spec, simulated } = await bench.camera('camera-1');
    const recorder = await bench.recorder();
    const attachment = await recorder.attach(id, spec, { lastEndedAtMs: null, notBeforeMs: null, taskToken: null });
    await isRecording(recorder, id);
    await until('two segments are sealed', async () => (await bench.segments(id)).length >= 2);
    const { lastEndedAtMs } = await attachment.stop('paused');
    const segments = await bench.segments(id);
    expect(segments.map(({ closed }) => closed)).toEqual([...segments.slice(1).map(() => 'cut'), 'stop-requested']);
    expect(segments.map(({ container }) => container)).toEqual(segments.map(() => 'header-in-front'));
    expect(lastEndedAtMs).toBe(segments.at(-1)?.toMs);
    for (const [position, segment] of segments.entries()) {
      expect(segment.gapsBefore).toEqual([]);
      if (position > 0) expect(segment.fromMs).toBe(segments[position - 1]?.toMs);
      if (position > 0) expect(segment.nominalStartMs % 5_000).toBe(0);
    }
    const stored = await bench.storedFrames(id);
    const first = stored[0] ?? 0;
    expect(stored).toEqual(stored.map((_, position) => first + position));
    expect(stored.length).toBe(segments.reduce((sum, segment) => sum + segment.video.frames, 0));
    expect(simulated.framesSent).toBeGreaterThan(0);
    expect(recorder.conditions().get(id)?.kind).toBe('paused');
  });
});
