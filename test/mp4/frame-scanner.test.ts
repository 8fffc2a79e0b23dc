import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openFileSource } from '../../src/mp4/file-source.js';
import { type ScannedFrame, scanFrames } from '../../src/mp4/frame-scanner.js';
import { memorySource } from './support/memory-source.js';
import { FRAMES_PER_SEC, ffmpeg, makeStampedSource, record, temporaryFolder } from './support/recordings.js';
import { indexOf, sealFile } from './support/seal.js';

const ALL_FRAMES = Array.from({ length: 135 }, (_, frame) => frame);

async function collected(frames: AsyncIterable<ScannedFrame>): Promise<readonly ScannedFrame[]> {
  const all: ScannedFrame[] = [];
  for await (const frame of frames) all.push(frame);
  return all;
}

async function framesOf(path: string): Promise<readonly ScannedFrame[]> {
  const source = await openFileSource(path);
  try {
    return await collected(scanFrames(source, await source.sizeBytes()));
  } finally {
    await source.close();
  }
}

describe('scanning for stamped frames', () => {
  let folder: string;
  let files: readonly string[];
  beforeAll(async () => {
    folder = await temporaryFolder();
    files = await record(folder, ['-i', await makeStampedSource(folder)], {});
  });

  it('a session of several files has every frame once, and each is shown when it was sent', async () => {
    const perFile = await Promise.all(files.map(framesOf));
    expect(perFile.flat().map((frame) => frame.counter)).toEqual(ALL_FRAMES);
    for (const frames of perFile) {
      const [first] = frames;
      if (first === undefined) throw new Error('a file without a frame');
      for (const frame of frames) {
        expect(frame.sentAtUs).toBe(Math.round((frame.counter * 1e6) / FRAMES_PER_SEC));
        const sentMs = (frame.sentAtUs - first.sentAtUs) / 1000;
        expect(Math.abs(frame.presentationMs - first.presentationMs - sentMs)).toBeLessThan(1);
      }
    }
  });

  it('sealing changes no frame and no time', async () => {
    for (const file of files) {
      const recorded = await framesOf(file);
      const sealed = await framesOf(await sealFile(file));
      expect(sealed.map((frame) => frame.counter)).toEqual(recorded.map((frame) => frame.counter));
      for (const [position, frame] of sealed.entries()) {
        expect(frame.presentationMs).toBeCloseTo(recorded[position]?.presentationMs ?? Number.NaN, 1);
      }
    }
  });

  it.each(['+faststart', '0'])('a remux with movflags %s has the same frames', async (movflags) => {
    for (const file of files) {
      const remuxed = join(folder, 'remuxed.mp4');
      await ffmpeg(['-i', file, '-c', 'copy', '-movflags', movflags, remuxed]);
      const recorded = await framesOf(file);
      const frames = await framesOf(remuxed);
      expect(frames.map((frame) => frame.counter)).toEqual(recorded.map((frame) => frame.counter));
      expect(frames[0]?.presentationMs).toBeCloseTo(recorded[0]?.presentationMs ?? Number.NaN, -1);
    }
  });

  it('a torn file has the frames of its whole fragments, sealed or not', async () => {
    const recording = await readFile(files[0] ?? '');
    const torn = recording.subarray(0, Math.round(recording.length * 0.6));
    const path = join(folder, 'torn.mp4');
    await writeFile(path, torn);
    const frames = await framesOf(path);
    expect(frames.map((frame) => frame.counter)).toEqual(ALL_FRAMES.slice(0, (await indexOf(torn)).videoFrames));
    expect(frames.length).toBeGreaterThan(0);
    expect(await framesOf(await sealFile(path))).toHaveLength(frames.length);
  });

  it('a lost frame is seen as such', async () => {
    const [lost] = await record(folder, ['-i', join(folder, 'stamped.nut')], {
      extra: ['-bsf:v', 'noise=drop=eq(n\\,40)'],
    });
    const counters = (await framesOf(lost ?? '')).map((frame) => frame.counter);
    expect(ALL_FRAMES.slice(0, 60).filter((frame) => !counters.includes(frame))).toEqual([40]);
  });

  it('a file that is torn before its movie box ends has no frames', async () => {
    const recording = await readFile(files[0] ?? '');
    for (const sizeBytes of [0, 20, 700]) {
      const frames = scanFrames(memorySource(recording.subarray(0, sizeBytes)), sizeBytes);
      expect(await collected(frames)).toEqual([]);
    }
  });
});
