import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { box } from '../../src/mp4/box-writer.js';
import { buildHeader, checkHeader, locateRecording, readCoverageBox } from '../../src/mp4/header-in-front.js';
import type { Mp4ErrorCode } from '../../src/mp4/mp4-error.js';
import { createRecordingWalker } from '../../src/mp4/recording-index.js';
import { memorySource } from './support/memory-source.js';
import { ffmpeg, makeRecordings, recordingKinds, temporaryFolder } from './support/recordings.js';
import { outerBoxAt, renameBox, rewriteBox } from './support/rewrite.js';
import { indexOf, sealInMemory } from './support/seal.js';

const STBL = ['moov', 'trak', 'mdia', 'minf', 'stbl'];

interface Refusal {
  readonly what: string;
  readonly code: Mp4ErrorCode;
  readonly damage: (recording: Buffer) => Uint8Array;
}

const refusals: readonly Refusal[] = [
  {
    what: 'decode times that go back',
    code: 'dts-backwards',
    damage: (recording) => rewriteBox(recording, ['moof', 'traf', 'tfdt'], (content) => content.fill(0, 4)),
  },
  {
    what: 'a second sample description',
    code: 'second-sample-entry',
    damage: (recording) =>
      rewriteBox(recording, [...STBL, 'stsd'], (content) => {
        content.writeUInt32BE(2, 4);
        return Buffer.concat([content, content.subarray(8)]);
      }),
  },
  {
    what: 'samples of another description than the first',
    code: 'second-sample-entry',
    damage: (recording) =>
      rewriteBox(recording, ['moov', 'mvex', 'trex'], (content) => {
        content.writeUInt32BE(2, 8);
        return content;
      }),
  },
  {
    what: 'a fragment without decode time',
    code: 'no-tfdt',
    damage: (recording) => renameBox(recording, ['moof', 'traf', 'tfdt'], 'free'),
  },
  {
    what: 'offsets relative to nothing',
    code: 'no-base-offset',
    damage: (recording) =>
      rewriteBox(recording, ['moof', 'traf', 'tfhd'], (content) => {
        content.writeUInt32BE(content.readUInt32BE(0) & ~0x2_0000, 0);
        return content;
      }),
  },
  {
    what: 'samples outside the mdat',
    code: 'sample-outside-mdat',
    damage: (recording) =>
      rewriteBox(recording, ['moof', 'traf', 'trun'], (content) => {
        content.writeInt32BE(0, 8);
        return content;
      }),
  },
  {
    what: 'two real edits',
    code: 'unsupported-edit',
    damage: (recording) =>
      rewriteBox(recording, ['moov', 'trak', 'edts', 'elst'], (content) => {
        content.writeUInt32BE(content.readUInt32BE(4) + 1, 4);
        return Buffer.concat([content, content.subarray(content[0] === 1 ? -20 : -12)]);
      }),
  },
  {
    what: 'a track of subtitles',
    code: 'unsupported-track',
    damage: (recording) =>
      rewriteBox(recording, ['moov', 'trak', 'mdia', 'hdlr'], (content) => {
        content.write('text', 8, 'latin1');
        return content;
      }),
  },
  {
    what: 'another video codec',
    code: 'unsupported-track',
    damage: (recording) =>
      rewriteBox(recording, [...STBL, 'stsd'], (content) => {
        content.write('av01', 12, 'latin1');
        return content;
      }),
  },
  {
    what: 'no defaults for fragments',
    code: 'not-fragmented',
    damage: (recording) => renameBox(recording, ['moov', 'mvex'], 'free'),
  },
  {
    what: 'a fragment before the movie box',
    code: 'no-movie',
    damage: (recording) => renameBox(recording, ['moov'], 'free'),
  },
  {
    what: 'a second movie box',
    code: 'no-movie',
    damage: (recording) =>
      Buffer.concat([
        recording.subarray(0, outerBoxAt(recording, 'moof')),
        recording.subarray(outerBoxAt(recording, 'moov')),
      ]),
  },
  {
    what: 'a moof without mdat',
    code: 'bad-box',
    damage: (recording) => renameBox(recording, ['mdat'], 'free'),
  },
  {
    what: 'an mdat without moof',
    code: 'not-fragmented',
    damage: (recording) => renameBox(recording, ['moof'], 'free'),
  },
  {
    what: 'a fragment of an unknown track',
    code: 'bad-box',
    damage: (recording) =>
      rewriteBox(recording, ['moof', 'traf', 'tfhd'], (content) => {
        content.writeUInt32BE(77, 4);
        return content;
      }),
  },
  {
    what: 'a clock that stands still',
    code: 'bad-box',
    damage: (recording) => rewriteBox(recording, ['moov', 'mvhd'], (content) => content.fill(0, 4, 20)),
  },
  {
    what: 'a box that is shorter than its fields',
    code: 'bad-box',
    damage: (recording) => rewriteBox(recording, ['moof', 'traf', 'trun'], (content) => content.subarray(0, -4)),
  },
  {
    what: 'a box that reaches beyond the one around it',
    code: 'bad-box',
    damage: (recording) => rewriteBox(recording, ['moov', 'trak'], (content) => content.subarray(0, -4)),
  },
];

describe('refusals', () => {
  let folder: string;
  let path: string;
  let recording: Buffer;
  beforeAll(async () => {
    folder = await temporaryFolder();
    [path = ''] = await makeRecordings(folder, recordingKinds['plain'] ?? raise());
    recording = await readFile(path);
  });

  it.each(refusals)('$what: $code', async ({ code, damage }) => {
    const damaged = damage(recording);
    expect(Buffer.compare(damaged, recording)).not.toBe(0);
    await expect(sealInMemory(damaged)).rejects.toMatchObject({ name: 'Mp4Error', code });
  });

  it('rewriting a box and changing nothing gives the same file', () => {
    for (const type of ['tfdt', 'tfhd', 'trun']) {
      expect(
        Buffer.compare(
          rewriteBox(recording, ['moof', 'traf', type], (content) => content),
          recording,
        ),
      ).toBe(0);
    }
  });

  it('a file that is shorter than was said: short-read', async () => {
    const moofAt = outerBoxAt(recording, 'moof');
    const walker = createRecordingWalker(memorySource(recording.subarray(0, moofAt + 50)));
    await expect(walker.advance(recording.length)).rejects.toMatchObject({ code: 'short-read' });
  });

  it('an ordinary file is no recording to be walked, and neither is a sealed object', async () => {
    const ordinary = join(folder, 'ordinary.mp4');
    await ffmpeg(['-i', path, '-c', 'copy', '-movflags', '+faststart', ordinary]);
    await expect(indexOf(await readFile(ordinary))).rejects.toMatchObject({ code: 'not-fragmented' });
    const oneFragment = recording.subarray(0, outerBoxAt(recording, 'moof', 1));
    for (const bytes of [await readFile(ordinary), recording, oneFragment]) {
      const source = memorySource(bytes);
      await expect(locateRecording(source, bytes.length)).rejects.toMatchObject({ code: 'no-recording' });
      expect(await readCoverageBox(source)).toBeNull();
    }
  });

  it('an object that is cut anywhere is no object', async () => {
    const { header } = await sealInMemory(recording);
    const object = Buffer.concat([header, recording]);
    for (const sizeBytes of [object.length - 1, header.length, header.length - 4, 40, 0]) {
      const source = memorySource(object.subarray(0, sizeBytes));
      await expect(locateRecording(source, sizeBytes)).rejects.toMatchObject({ code: 'no-recording' });
    }
  });

  it('a coverage box without JSON is refused, a stranger with a uuid is passed by', async () => {
    const { header } = await sealInMemory(recording);
    const broken = Buffer.from(header);
    broken.write('!', broken.indexOf('{"v":1'), 'latin1');
    await expect(readCoverageBox(memorySource(broken))).rejects.toMatchObject({ code: 'bad-box' });
    const stranger = box('uuid', Buffer.alloc(16, 7), Buffer.from('{}'));
    expect(await readCoverageBox(memorySource(Buffer.concat([stranger, header])))).toMatchObject({ v: 1 });
  });

  it('an index that no walker made is refused', async () => {
    const { header, index } = await sealInMemory(recording);
    const copy = { ...index, tracks: [], fragments: [], initBytes: 0, completeBytes: 0, video: null, videoFrames: 0 };
    const fake = { ...copy, videoStartMs: 0, videoEndMs: 0, mediaEndMs: 0 };
    const options = { recordingSizeBytes: recording.length, coverageFields: {} };
    expect(() => buildHeader(fake, options)).toThrow(expect.objectContaining({ code: 'not-indexed' }));
    expect(() => checkHeader(header, fake, recording.length)).toThrow(expect.objectContaining({ code: 'not-indexed' }));
  });

  it.each([
    { what: 'of another size', at: 'mdat', by: -1 },
    { what: 'with another sample size', at: 'stsz', by: 15 },
    { what: 'with another place of a chunk', at: 'stco', by: 15 },
    { what: 'with another duration', at: 'stts', by: 15 },
    { what: 'with another keyframe', at: 'stss', by: 15 },
    { what: 'with another start', at: 'elst', by: 15 },
  ])('a header $what than the index says is found', async ({ at, by }) => {
    const { header, index } = await sealInMemory(recording);
    const damaged = Buffer.from(header);
    const byte = damaged.indexOf(at) + by;
    damaged.writeUInt8(damaged.readUInt8(byte) ^ 0x10, byte);
    const check = () => checkHeader(damaged, index, recording.length);
    expect(check).toThrow(expect.objectContaining({ name: 'Mp4Error' }));
  });
});

function raise(): never {
  throw new Error('there is no such kind of recording');
}
