import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { type ScannedFrame, scanFrames } from '../../src/mp4/frame-scanner.js';
import { Mp4Error } from '../../src/mp4/mp4-error.js';
import { wholeFragmentBytes } from '../../src/mp4/salvage.js';
import { memorySource } from './support/memory-source.js';
import { ffmpeg, record, temporaryFolder } from './support/recordings.js';
import { sealInMemory } from './support/seal.js';

/** Bytes of the file that are replaced; most of them meet a field, because the file is small. */
const damages = fc.array(
  fc.record({ place: fc.double({ min: 0, max: 1, noNaN: true }), value: fc.nat({ max: 255 }) }),
  {
    minLength: 1,
    maxLength: 4,
  },
);

function damaged(bytes: Uint8Array, changes: readonly { readonly place: number; readonly value: number }[]): Buffer {
  const copy = Buffer.from(bytes);
  for (const { place, value } of changes) copy.writeUInt8(value, Math.floor(place * (copy.length - 1)));
  return copy;
}

async function isDoneOrRefused(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    expect(error).toBeInstanceOf(Mp4Error);
  }
}

async function drain(frames: AsyncIterable<ScannedFrame>): Promise<void> {
  for await (const frame of frames) expect(frame.counter).toBeGreaterThanOrEqual(0);
}

describe('a damaged file', () => {
  let init: Buffer;
  let recording: Buffer;
  beforeAll(async () => {
    const folder = await temporaryFolder();
    const source = join(folder, 'tiny.nut');
    const tiny = ['-f', 'lavfi', '-i', 'color=s=16x16:r=15', '-f', 'lavfi', '-i', 'sine=r=8000', '-t', '0.6'];
    await ffmpeg([...tiny, '-c:v', 'libx264', '-g', '5', '-c:a', 'pcm_alaw', '-f', 'nut', source]);
    const [path = ''] = await record(folder, ['-i', source], { fragmentUs: 300_000 });
    recording = await readFile(path);
    init = recording.subarray(0, 1500);
  });

  it('is sealed or refused with a reason, whatever was changed', async () => {
    await fc.assert(
      fc.asyncProperty(damages, damages, async (inHeaders, anywhere) => {
        const bytes = Buffer.concat([damaged(init, inHeaders), damaged(recording.subarray(init.length), anywhere)]);
        await isDoneOrRefused(sealInMemory(bytes));
        expect(await wholeFragmentBytes(memorySource(bytes), bytes.length)).toBeLessThanOrEqual(bytes.length);
        await isDoneOrRefused(drain(scanFrames(memorySource(bytes), bytes.length)));
      }),
      { numRuns: 1500 },
    );
  });

  it('a damaged header is scanned or refused with a reason', async () => {
    const { header } = await sealInMemory(recording);
    await fc.assert(
      fc.asyncProperty(damages, async (changes) => {
        const object = Buffer.concat([damaged(header, changes), recording]);
        await isDoneOrRefused(drain(scanFrames(memorySource(object), object.length)));
      }),
      { numRuns: 1500 },
    );
  });
});
