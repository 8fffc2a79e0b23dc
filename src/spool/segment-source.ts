import { type FileHandle, open } from 'node:fs/promises';
import type { ByteSource } from '../domain/receipt.js';
import type { SealedSegment } from '../domain/segment.js';
import { redact } from '../redact.js';
import type { SegmentPaths } from './layout.js';
import { errnoOf, SpoolError } from './spool-error.js';

interface Piece {
  readonly file: FileHandle;
  readonly sizeBytes: number;
}

/**
 * header ‖ recording as one source, over two open files. Reads may overlap. `close` may be called again, and waits for reads under way.
 * @throws SpoolError `segment-missing` when a file is not there or not as long as its sidecar says.
 */
export async function openSegmentSource(paths: SegmentPaths, segment: SealedSegment): Promise<ByteSource> {
  const { offsetBytes, sizeBytes } = segment.recording;
  const pieces: Piece[] = [];
  try {
    if (offsetBytes > 0) pieces.push(await openPiece(paths.header, offsetBytes));
    pieces.push(await openPiece(paths.recording, sizeBytes));
  } catch (error) {
    await closeAll(pieces);
    throw error;
  }
  return sourceOf(pieces, offsetBytes + sizeBytes);
}

function sourceOf(pieces: readonly Piece[], sizeBytes: number): ByteSource {
  let closing: Promise<void> | undefined;
  return {
    sizeBytes,
    read: async (into, offsetBytes) => {
      if (offsetBytes < 0 || offsetBytes + into.length > sizeBytes) {
        throw new RangeError(`read of ${into.length} bytes at ${offsetBytes} is outside of ${sizeBytes} bytes`);
      }
      await readPieces(pieces, into, offsetBytes);
    },
    close: () => {
      closing ??= closeAll(pieces);
      return closing;
    },
  };
}

async function readPieces(pieces: readonly Piece[], into: Uint8Array, offsetBytes: number): Promise<void> {
  let pieceStart = 0;
  let filled = 0;
  for (const piece of pieces) {
    const from = offsetBytes + filled - pieceStart;
    const wanted = Math.min(into.length - filled, piece.sizeBytes - from);
    if (wanted > 0) {
      await readWhole(piece.file, into.subarray(filled, filled + wanted), from);
      filled += wanted;
    }
    pieceStart += piece.sizeBytes;
  }
}

async function readWhole(file: FileHandle, into: Uint8Array, offsetBytes: number): Promise<void> {
  let filled = 0;
  while (filled < into.length) {
    const { bytesRead } = await file.read(into, filled, into.length - filled, offsetBytes + filled);
    if (bytesRead === 0)
      throw new SpoolError('spool-failing', redact('a sealed file became shorter while it was read'));
    filled += bytesRead;
  }
}

async function openPiece(path: string, sizeBytes: number): Promise<Piece> {
  const file = await openOrMissing(path);
  const actual = (await file.stat()).size;
  if (actual === sizeBytes) return { file, sizeBytes };
  await file.close();
  throw new SpoolError('segment-missing', redact(`${path} has ${actual} bytes, its sidecar says ${sizeBytes}`));
}

async function openOrMissing(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') throw new SpoolError('segment-missing', redact(`${path} is not there`), { cause });
    throw cause;
  }
}

async function closeAll(pieces: readonly Piece[]): Promise<void> {
  for (const piece of pieces) await piece.file.close();
}
