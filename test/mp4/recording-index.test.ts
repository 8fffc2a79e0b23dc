import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { createRecordingWalker, type RecordingIndex } from '../../src/mp4/recording-index.js';
import { memorySource } from './support/memory-source.js';
import { packetsOf } from './support/packets.js';
import { FRAMES_PER_SEC, makeRecordings, recordingKinds, temporaryFolder } from './support/recordings.js';

async function indexOf(bytes: Uint8Array, sizeBytes = bytes.length): Promise<RecordingIndex> {
  const walker = createRecordingWalker(memorySource(bytes));
  await walker.advance(sizeBytes);
  return walker.index;
}

describe.each(Object.entries(recordingKinds))('a recording, %s', (_, kind) => {
  let files: readonly string[];
  beforeAll(async () => {
    files = await makeRecordings(await temporaryFolder(), kind);
  });

  it('the index has every packet that FFmpeg reads, and the same times', async () => {
    expect(files.length).toBeGreaterThanOrEqual(2);
    for (const file of files) {
      const index = await indexOf(await readFile(file));
      const { packets, tickSec } = await packetsOf(file);
      const timesMs = (stream: number) =>
        packets
          .filter((packet) => packet.stream === stream)
          .map((packet) => packet.pts * (tickSec[stream] ?? 0) * 1000);
      const video = packets.filter((packet) => packet.stream === 0);
      const firstMs = Math.max(0, Math.min(...timesMs(0), ...timesMs(1))); // below 0 is trimmed, not shown
      expect(index.videoStartMs).toBeCloseTo(Math.min(...timesMs(0)) - firstMs, 0);
      expect(index.videoEndMs).toBeCloseTo(Math.max(...timesMs(0)) - firstMs + 1000 / FRAMES_PER_SEC, 0);
      expect(index.mediaEndMs).toBeGreaterThan(Math.max(...timesMs(0), ...timesMs(1)) - firstMs);
      expect(index.hasParametersChanged).toBe(false);
      expect(index.videoFrames).toBe(video.length);
      expect(index.tracks.map((track) => track.samples)).toEqual(
        index.tracks.map((_track, stream) => packets.filter((packet) => packet.stream === stream).length),
      );
    }
  });
});
