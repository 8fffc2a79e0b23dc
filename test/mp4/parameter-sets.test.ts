import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { FragmentWalker } from '../../src/mp4/fragment-walker.js';
import { spsPictureOf } from '../../src/mp4/sps-picture.js';
import { memorySource } from './support/memory-source.js';
import { ffmpeg, record, temporaryFolder } from './support/recordings.js';

const HEVC_ARGS = ['-x265-params', 'log-level=none:repeat-headers=1'];

async function walked(bytes: Uint8Array): Promise<FragmentWalker['index']> {
  const walker = new FragmentWalker(memorySource(bytes));
  await walker.advance(bytes.length);
  return walker.index;
}

function onlySps(index: FragmentWalker['index']): Uint8Array {
  const [sps] = index.videoTrack?.movieTrack.entry?.sequenceParameterSets ?? [];
  if (sps === undefined) throw new Error('the description has no SPS');
  return sps;
}

describe('parameter sets', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await temporaryFolder();
  });

  /** Raw video with an SPS in front of every keyframe. */
  async function encode(name: string, size: string, codec: string, args: readonly string[]): Promise<string> {
    const path = join(folder, name);
    const input = ['-f', 'lavfi', '-i', `testsrc2=s=${size}:r=15`, '-t', '2', '-g', '15', '-bf', '0'];
    const format = codec === 'libx264' ? 'h264' : 'hevc';
    await ffmpeg([...input, '-c:v', codec, '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', ...args, '-f', format, path]);
    return path;
  }

  async function recorded(path: string, format: 'h264' | 'hevc', tag: string): Promise<Buffer> {
    const input = ['-framerate', '15', '-f', format, '-i', path];
    const [file = ''] = await record(folder, input, { hasAudio: false, extra: ['-tag:v', tag] });
    return await readFile(file);
  }

  it.each([
    ['320x180', ['-profile:v', 'baseline'], { profile: 66, chromaFormat: 1, widthPx: 320, heightPx: 192 }],
    ['640x360', ['-x264-params', '8x8dct=1'], { profile: 100, chromaFormat: 1, widthPx: 640, heightPx: 368 }],
    ['336x256', ['-pix_fmt', 'yuv444p'], { profile: 244, chromaFormat: 3, widthPx: 336, heightPx: 256 }],
    ['320x192', ['-flags', '+ildct+ilme'], { profile: 77, chromaFormat: 1, widthPx: 320, heightPx: 192 }],
    ['320x192', ['-x264-params', '8x8dct=1:cqm=jvt'], { profile: 100, chromaFormat: 1, widthPx: 320, heightPx: 192 }],
  ])('the picture in an H.264 SPS is read: %s %j', async (size, args, expected) => {
    const index = await walked(await recorded(await encode('picture.h264', size, 'libx264', args), 'h264', 'avc1'));
    expect(spsPictureOf(onlySps(index), 'h264')).toEqual(expected);
    expect(index.hasParametersChanged).toBe(false);
  });

  it('the picture in an H.265 SPS is read', async () => {
    const index = await walked(
      await recorded(await encode('picture.hevc', '320x184', 'libx265', HEVC_ARGS), 'hevc', 'hev1'),
    );
    expect(spsPictureOf(onlySps(index), 'hevc')).toEqual({ profile: 1, chromaFormat: 1, widthPx: 320, heightPx: 192 });
    expect(index.hasParametersChanged).toBe(false);
  });

  it.each([
    { codec: 'libx264', format: 'h264', tag: 'avc1', isAlwaysKept: true },
    { codec: 'libx265', format: 'hevc', tag: 'hev1', isAlwaysKept: true },
    // FFmpeg 9 takes the parameter sets out of every sample of an hvc1 track, and nothing is left to be compared; FFmpeg 5.1 leaves them.
    { codec: 'libx265', format: 'hevc', tag: 'hvc1', isAlwaysKept: false },
  ] as const)('another resolution in mid-file is seen in $tag where its SPS is', async (row) => {
    const { codec, format, tag, isAlwaysKept } = row;
    const args = codec === 'libx265' ? HEVC_ARGS : [];
    const both = await encode('first.raw', '320x184', codec, args);
    const second = await encode('second.raw', '640x360', codec, args);
    const newSps = onlySps(await walked(await recorded(second, format, tag)));
    await appendFile(both, await readFile(second));
    const recording = await recorded(both, format, tag);
    const isKept = recording.includes(Buffer.from(newSps));
    if (isAlwaysKept) expect(isKept).toBe(true);
    const index = await walked(recording);
    expect(index.videoFrames).toBe(60);
    expect(index.video).toMatchObject({ widthPx: 320, heightPx: 184 });
    expect(index.hasParametersChanged).toBe(isKept);
  });

  it.each([
    { what: 'its last byte, which is no part of the picture', byte: -1, hasChanged: false },
    { what: 'its profile', byte: 1, hasChanged: true },
  ])(
    'a description unlike every keyframe from the first one on, in $what: changed is $hasChanged',
    async ({ byte, hasChanged }) => {
      const recording = await recorded(await encode('plain.h264', '320x180', 'libx264', []), 'h264', 'avc1');
      const sps = onlySps(await walked(recording));
      const described = recording.indexOf(sps) + (byte < 0 ? sps.length + byte : byte);
      recording.writeUInt8(recording.readUInt8(described) ^ 0x10, described);
      expect((await walked(recording)).hasParametersChanged).toBe(hasChanged);
    },
  );

  it.each(['h264', 'hevc'] as const)('bytes that are no %s SPS have no picture', (codec) => {
    for (const bytes of [[], [0x67], [0x67, 100, 0, 30, 0, 0, 0, 0, 0, 0]]) {
      expect(spsPictureOf(Uint8Array.from(bytes), codec)).toBeNull();
    }
  });
});
