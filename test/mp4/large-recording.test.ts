import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { FieldWriter } from '../../src/mp4/box-writer.js';
import { openFileSource } from '../../src/mp4/file-source.js';
import { buildHeader, checkHeader, locateRecording, readCoverageBox } from '../../src/mp4/header-in-front.js';
import { createRecordingWalker } from '../../src/mp4/recording-index.js';
import { packetsOf } from './support/packets.js';
import { makeRecordings, recordingKinds, temporaryFolder } from './support/recordings.js';
import { indexOf } from './support/seal.js';

const HOLE_BYTES = 4.4e9;

/** Writes parts into a new sparse file: what lies between them takes no room. */
async function writeSparse(path: string, parts: readonly { at: number; bytes: Uint8Array }[]): Promise<void> {
  const file = await open(path, 'wx');
  try {
    for (const { at, bytes } of parts) await file.write(bytes, 0, bytes.length, at);
  } finally {
    await file.close();
  }
}

describe('a recording over 4 GiB', () => {
  let folder: string;
  let small: string;
  beforeAll(async () => {
    folder = await temporaryFolder();
    [small = ''] = await makeRecordings(folder, recordingKinds['joined mid-GOP'] ?? raise());
  });

  it('is sealed with 64-bit offsets, and FFmpeg reads the same packets from it', async () => {
    const recording = await readFile(small);
    const [first, second] = (await indexOf(recording)).fragments;
    const cutBytes = (await indexOf(recording)).initBytes + (first?.sizeBytes ?? 0) + (second?.sizeBytes ?? 0);
    const hole = new FieldWriter().u32(1).bytes(Buffer.from('free', 'latin1')).u64(HOLE_BYTES).done();
    const parts = [
      { at: 0, bytes: recording.subarray(0, cutBytes) },
      { at: cutBytes, bytes: hole },
      { at: cutBytes + HOLE_BYTES, bytes: recording.subarray(cutBytes) },
    ];
    const large = join(folder, 'large.mp4');
    await writeSparse(large, parts);

    const source = await openFileSource(large);
    const recordingSizeBytes = await source.sizeBytes();
    const walker = createRecordingWalker(source);
    await walker.advance(recordingSizeBytes);
    await source.close();
    const header = buildHeader(walker.index, { recordingSizeBytes, coverageFields: {} });
    checkHeader(header, walker.index, recordingSizeBytes);
    expect(Buffer.from(header).includes('co64')).toBe(true);
    expect(Buffer.from(header).includes('stco')).toBe(false);

    const sealed = join(folder, 'large.sealed.mp4');
    const moved = parts.map(({ at, bytes }) => ({ at: at + header.length, bytes }));
    await writeSparse(sealed, [{ at: 0, bytes: header }, ...moved]);
    expect(await packetsOf(sealed)).toEqual(await packetsOf(small));

    const object = await openFileSource(sealed);
    const sizeBytes = await object.sizeBytes();
    expect(await locateRecording(object, sizeBytes)).toEqual({
      offsetBytes: header.length,
      sizeBytes: recordingSizeBytes,
    });
    expect(await readCoverageBox(object)).toMatchObject({ recorded: { bytes: recordingSizeBytes } });
    await object.close();
  });

  it.each([
    { sizeBytes: 2 ** 32 - 33 * 1024 * 1024, table: 'stco' },
    { sizeBytes: 2 ** 32 - 31 * 1024 * 1024, table: 'co64' },
  ])('with $sizeBytes bytes has offsets in $table, so that the header always fits before the limit', async (row) => {
    const index = await indexOf(await readFile(small));
    const header = Buffer.from(buildHeader(index, { recordingSizeBytes: row.sizeBytes, coverageFields: {} }));
    checkHeader(header, index, row.sizeBytes);
    expect(header.includes(row.table)).toBe(true);
  });
});

function raise(): never {
  throw new Error('there is no such kind of recording');
}
