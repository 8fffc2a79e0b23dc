import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { beforeAll, expect, test } from 'vitest';
import { crc32Hex } from '../../src/domain/crc32.js';
import { parseRecorderId } from '../../src/domain/ids.js';
import { segmentPathsOf } from '../../src/spool/layout.js';
import type { SealRequest, Spool } from '../../src/spool/spool.js';
import { makeRecordings, temporaryFolder as suiteFolder } from '../mp4/support/recordings.js';
import { sealInMemory } from '../mp4/support/seal.js';
import { collect, sealRequest, spoolIn, temporaryFolder } from './segments.js';

const BROKEN = '{"schema":1';
let recording: Buffer;

beforeAll(async () => {
  const kind = { codec: 'libx264', bFrames: 0, hasAudio: true, droppedFrames: 0 } as const;
  const [file] = await makeRecordings(await suiteFolder(), kind);
  recording = await readFile(file ?? '');
});

/** A segment with a real header, sealed: as the recorder does it, with a claim. */
async function sealed(spool: Spool): Promise<SealRequest> {
  const { segment, recordingPath } = sealRequest(spool.layout);
  const gap = {
    fromMs: 1,
    toMs: segment.fromMs,
    cause: 'camera-unreachable',
    by: parseRecorderId('recorder-1'),
  } as const;
  const facts = { ...segment, gapsBefore: [gap] };
  const sha256Hex = createHash('sha256').update(recording).digest('hex');
  const { header, index } = await sealInMemory(recording, { ...facts, mediaStartMs: 5, sha256: sha256Hex });
  const request: SealRequest = {
    segment: {
      ...facts,
      container: 'header-in-front',
      sizeBytes: header.length + recording.length,
      crc32Hex: crc32Hex(crc32(recording, crc32(header))),
      recording: {
        offsetBytes: header.length,
        sizeBytes: recording.length,
        completeBytes: index.completeBytes,
        sha256Hex,
      },
    },
    header,
    recordingPath,
  };
  await mkdir(dirname(recordingPath), { recursive: true });
  await writeFile(recordingPath, recording);
  await spool.seal(request);
  return request;
}

test.each(['while it runs', 'at the next start'])(
  'an unreadable sidecar is made again from the header %s, with its claims, and is listed at once',
  async (when) => {
    const spool = await spoolIn(await temporaryFolder());
    const { segment } = await sealed(spool);
    const { sidecar } = segmentPathsOf(spool.layout, segment.id);
    await writeFile(sidecar, BROKEN);
    const looking = when === 'while it runs' ? spool : await spoolIn(spool.layout.root);
    expect((await collect(looking.list())).map((entry) => entry.segment)).toEqual([segment]);
    expect(JSON.parse(await readFile(sidecar, 'utf8'))).toEqual(segment);
    const quarantined = await readdir(spool.layout.quarantineDir);
    expect(quarantined.filter((name) => name.endsWith('.json'))).toHaveLength(1);
  },
);

test('a header beside another recording makes no sidecar: the footage goes back to where it grew', async () => {
  const spool = await spoolIn(await temporaryFolder());
  const { segment, recordingPath } = await sealed(spool);
  const paths = segmentPathsOf(spool.layout, segment.id);
  const other = Buffer.from(recording).fill(1, recording.length - 1);
  await writeFile(paths.recording, other);
  await writeFile(paths.sidecar, BROKEN);
  expect(await collect(spool.list())).toEqual([]);
  expect(other.equals(await readFile(recordingPath))).toBe(true);
});
