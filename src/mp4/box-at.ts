import { type BoxHeader, readBoxHeader } from './box.js';
import { Mp4Error } from './mp4-error.js';
import type { ReadAt } from './read-at.js';

/** A box of the file itself, still on disk. */
export interface BoxAt extends BoxHeader {
  readonly offsetBytes: number;
  readonly endBytes: number;
}

/** Largest box that is taken into memory: 24 hours of sample tables are about 11 MB. */
const MAX_BOX_BYTES = 64 * 1024 * 1024;
const LONGEST_HEADER_BYTES = 16;

/**
 * The box that starts at `offsetBytes`, or null when not even its header lies whole before `limitBytes`.
 * A size of 0 counts as "not there": it is what FFmpeg puts first and replaces later, and what a power loss leaves of
 * bytes not yet on disk.
 * @throws Mp4Error
 */
export async function boxAt(source: ReadAt, offsetBytes: number, limitBytes: number): Promise<BoxAt | null> {
  const wanted = Math.min(LONGEST_HEADER_BYTES, limitBytes - offsetBytes);
  if (wanted < 8) return null;
  const bytes = new Uint8Array(wanted);
  const got = bytes.subarray(0, await source.read(bytes, offsetBytes));
  if (got.subarray(0, 4).every((byte) => byte === 0)) return null;
  const header = readBoxHeader(got);
  return header && { ...header, offsetBytes, endBytes: offsetBytes + header.sizeBytes };
}

/** The boxes side by side from the start, as far as they are whole within `sizeBytes`. @throws Mp4Error */
export async function* wholeBoxes(source: ReadAt, sizeBytes: number): AsyncGenerator<BoxAt> {
  let box = await boxAt(source, 0, sizeBytes);
  while (box !== null && box.endBytes <= sizeBytes) {
    yield box;
    box = await boxAt(source, box.endBytes, sizeBytes);
  }
}

/** What is in the box, without its header. @throws Mp4Error */
export async function readContent(source: ReadAt, box: BoxAt): Promise<Uint8Array> {
  const sizeBytes = box.sizeBytes - box.headerBytes;
  if (sizeBytes > MAX_BOX_BYTES) throw new Mp4Error('bad-box', `a ${box.type} box of ${sizeBytes} bytes`);
  return await readExactly(source, box.offsetBytes + box.headerBytes, sizeBytes);
}

/** @throws Mp4Error `short-read` */
export async function readExactly(source: ReadAt, offsetBytes: number, sizeBytes: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(sizeBytes);
  const got = await source.read(bytes, offsetBytes);
  if (got === sizeBytes) return bytes;
  throw new Mp4Error('short-read', `${got} instead of ${sizeBytes} bytes at ${offsetBytes}`);
}
