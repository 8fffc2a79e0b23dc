/** The header of a sealed recording says what its sidecar said: one that was lost can be made again from it. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { crc32 } from 'node:zlib';
import { crc32Hex } from '../domain/crc32.js';
import type { SegmentId } from '../domain/ids.js';
import { type SealedSegment, sealedSegmentSchema } from '../domain/segment.js';
import { readCoverageBox } from '../mp4/coverage-box.js';
import { openFileSource } from '../mp4/file-source.js';
import { Mp4Error } from '../mp4/mp4-error.js';
import type { SegmentPaths } from './layout.js';
import { errnoOf } from './spool-error.js';

/**
 * What the sidecar of a segment sealed as `header-in-front` said, its gap claims included, from header and recording. Reads both to
 * their end. `undefined` when there is no header, or when the two are not what was sealed: then nothing is known for sure.
 * @throws the file system's own error
 */
export async function segmentFromHeader(paths: SegmentPaths, id: SegmentId): Promise<SealedSegment | undefined> {
  const box = await boxIn(paths.header);
  if (box === undefined) return undefined;
  const header = await hashesOf(paths.header, 0);
  const recording = await hashesOf(paths.recording, header.crc32);
  const parsed = sealedSegmentSchema.safeParse({
    ...box,
    container: 'header-in-front',
    sizeBytes: header.sizeBytes + recording.sizeBytes,
    crc32Hex: crc32Hex(recording.crc32),
    recording: {
      offsetBytes: header.sizeBytes,
      sizeBytes: recording.sizeBytes,
      completeBytes: { ...Object(box['recorded']) }.complete,
      sha256Hex: recording.sha256Hex,
    },
  });
  return parsed.success && parsed.data.id === id && box['sha256'] === recording.sha256Hex ? parsed.data : undefined;
}

async function boxIn(headerPath: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    const source = await openFileSource(headerPath);
    try {
      return (await readCoverageBox(source)) ?? undefined;
    } finally {
      await source.close();
    }
  } catch (error) {
    const isUnreadable = error instanceof Mp4Error || errnoOf(error) === 'ENOENT';
    if (isUnreadable) return undefined;
    throw error;
  }
}

interface Hashes {
  readonly sizeBytes: number;
  readonly crc32: number;
  readonly sha256Hex: string;
}

/** @param crcBefore of the bytes in front of the file */
async function hashesOf(path: string, crcBefore: number): Promise<Hashes> {
  const sha256 = createHash('sha256');
  let crc = crcBefore;
  let sizeBytes = 0;
  for await (const chunk of createReadStream(path)) {
    const bytes: Buffer = chunk;
    sha256.update(bytes);
    crc = crc32(bytes, crc);
    sizeBytes += bytes.length;
  }
  return { sizeBytes, crc32: crc, sha256Hex: sha256.digest('hex') };
}
