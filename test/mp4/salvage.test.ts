import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { boxesIn } from '../../src/mp4/box.js';
import { FragmentWalker } from '../../src/mp4/fragment-walker.js';
import { buildHeader, checkHeader } from '../../src/mp4/header-in-front.js';
import { wholeFragmentBytes } from '../../src/mp4/salvage.js';
import { memorySource } from './support/memory-source.js';
import { packetsOf } from './support/packets.js';
import { ffmpeg, record, temporaryFolder } from './support/recordings.js';
import { indexOf } from './support/seal.js';

describe('a torn recording', () => {
  let folder: string;
  let recording: Buffer;
  let path: string;
  beforeAll(async () => {
    folder = await temporaryFolder();
    const tiny = ['-f', 'lavfi', '-i', 'color=s=16x16:r=15', '-f', 'lavfi', '-i', 'sine=r=8000', '-t', '0.9'];
    const source = join(folder, 'tiny.nut');
    await ffmpeg([
      ...tiny,
      '-c:v',
      'libx264',
      '-g',
      '5',
      '-bsf:v',
      'filter_units=remove_types=6',
      '-c:a',
      'pcm_alaw',
      '-f',
      'nut',
      source,
    ]);
    [path = ''] = await record(folder, ['-i', source], { fragmentUs: 300_000 });
    recording = await readFile(path);
  });

  it('a tear at any byte costs what is behind the last whole fragment, and nothing else', async () => {
    const ends = fragmentEnds(recording);
    expect(ends.length).toBeGreaterThanOrEqual(3);
    expect(recording.length).toBeLessThan(10_000);
    for (let sizeBytes = 0; sizeBytes <= recording.length; sizeBytes += 1) {
      const source = memorySource(recording.subarray(0, sizeBytes));
      const walker = new FragmentWalker(source);
      await walker.advance(sizeBytes);
      const completeBytes = ends.filter((end) => end <= sizeBytes).at(-1) ?? 0;
      expect(walker.index.completeBytes).toBe(completeBytes);
      expect(await wholeFragmentBytes(source, sizeBytes)).toBe(completeBytes);
      const build = () => buildHeader(walker.index, { recordingSizeBytes: sizeBytes, coverageFields: {} });
      if (completeBytes === 0) {
        expect(build).toThrow(expect.objectContaining({ code: 'no-complete-fragment' }));
      } else {
        // What a header holds depends on the fragments; that it fits every size, a prime step shows soon enough.
        if (sizeBytes % 13 === 0) checkHeader(build(), walker.index, sizeBytes);
        const samples = walker.index.tracks.flatMap((track) => [...track.each()]);
        expect(Math.max(...samples.map((sample) => sample.offsetBytes + sample.sizeBytes))).toBe(completeBytes);
      }
    }
  });

  it.each([
    { what: 'bytes that never reached the disk', damage: (bytes: Buffer, at: number) => bytes.fill(0, at) },
    { what: 'a box whose size is not written yet', damage: (bytes: Buffer, at: number) => bytes.fill(0, at, at + 4) },
  ])('$what: a tear too', async ({ damage }) => {
    const [, second = 0] = fragmentEnds(recording);
    const holed = damage(Buffer.from(recording), second);
    expect((await indexOf(holed)).completeBytes).toBe(second);
    expect(await wholeFragmentBytes(memorySource(holed), holed.length)).toBe(second);
  });

  it('an impossible box ends what can be salvaged', async () => {
    const [, second = 0] = fragmentEnds(recording);
    const damaged = Buffer.from(recording);
    damaged.writeUInt32BE(5, second);
    await expect(indexOf(damaged)).rejects.toMatchObject({ code: 'bad-box' });
    expect(await wholeFragmentBytes(memorySource(damaged), damaged.length)).toBe(second);
  });

  it('without its torn tail FFmpeg reads what it refuses with a tear inside a moof', async () => {
    const [, second = 0] = fragmentEnds(recording);
    const torn = join(folder, 'torn.mp4');
    await writeFile(torn, recording.subarray(0, second + 100));
    const wholeBytes = await wholeFragmentBytes(memorySource(await readFile(torn)), second + 100);
    const whole = join(folder, 'whole.mp4');
    await writeFile(whole, recording.subarray(0, wholeBytes));
    const { packets } = await packetsOf(whole);
    const index = await indexOf(recording.subarray(0, second));
    expect(packets).toHaveLength(index.tracks.reduce((sum, track) => sum + track.samples, 0));
    await expect(packetsOf(torn)).rejects.toThrow();
  });
});

/** Where the mdat of each fragment ends. */
function fragmentEnds(recording: Buffer): readonly number[] {
  let at = 0;
  return boxesIn(recording).flatMap((box) => {
    at += box.whole.length;
    return box.type === 'mdat' ? [at] : [];
  });
}
