import { fstatSync, readSync, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ReadAt } from '../mp4/read-at.js';
import type { RecordingIndex, RecordingWalker } from '../mp4/recording-index.js';
import { systemDisk } from '../spool/durable-file.js';
import { recordingName } from '../spool/layout.js';
import { errnoOf } from '../spool/spool-error.js';
import { FileGrowth } from './file-growth.js';
import { continuedAt, type EndedFile, type FileTimes } from './times.js';

/** `createRecordingWalker`; tests pass their own. */
export type CreateWalker = (source: ReadAt) => RecordingWalker;

/** One of FFmpeg's files while it grows, and once more when it is closed. */
export class GrowingFile {
  readonly index: number;
  readonly path: string;
  readonly #handle: FileHandle;
  readonly #walker: RecordingWalker;
  readonly #reader: TailReader;
  readonly #bornAtMs: number | null;
  readonly #firstSeenAtMs: number;
  readonly #continuesAtMs: number | null;
  readonly #notedStartMs: number;
  readonly #growth = new FileGrowth();
  #steppedMs = 0;
  /** The clock was set since the last look: the next modification time may be of either clock. */
  #isMtimeDoubtful = false;
  #sizeBytes = 0;
  #writtenBytes = 0;
  #unreadable: Error | null = null;
  #isNameDurable = false;

  private constructor(at: {
    readonly index: number;
    readonly path: string;
    readonly handle: FileHandle;
    readonly walker: RecordingWalker;
    readonly reader: TailReader;
    readonly bornAtMs: number | null;
    readonly firstSeenAtMs: number;
    readonly continuesAtMs: number | null;
    readonly notedStartMs: number | null;
  }) {
    this.index = at.index;
    this.path = at.path;
    this.#handle = at.handle;
    this.#walker = at.walker;
    this.#reader = at.reader;
    this.#bornAtMs = at.bornAtMs;
    this.#firstSeenAtMs = at.firstSeenAtMs;
    this.#continuesAtMs = at.continuesAtMs;
    this.#notedStartMs = at.notedStartMs ?? Number.POSITIVE_INFINITY;
  }

  /**
   * @param how the predecessor is the file before it where that was followed: it is read to its end then; the noted start is what was seen
   * of the file by those who followed it before
   * @returns undefined when it is not there (yet)
   */
  static async open(
    dir: string,
    index: number,
    how: {
      readonly createWalker: CreateWalker;
      readonly nowMs: number;
      readonly predecessor: GrowingFile | undefined;
      readonly notedStartMs: number | null;
    },
  ): Promise<GrowingFile | undefined> {
    const path = join(dir, recordingName(index));
    // Asked far more often than it is there: a thread and an error each time would cost more than all the rest of a look.
    if (statSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
    await how.predecessor?.look();
    const handle = await openIfThere(path);
    if (handle === undefined) return undefined;
    const { birthtimeMs, mtimeMs } = await handle.stat();
    const bornAtMs = birthtimeMs > 0 ? birthtimeMs : null;
    const reader = new TailReader(handle);
    return new GrowingFile({
      index,
      path,
      handle,
      reader,
      walker: how.createWalker(reader),
      bornAtMs,
      firstSeenAtMs: how.nowMs,
      notedStartMs: how.notedStartMs,
      continuesAtMs: continuedAt(how.predecessor?.ended ?? null, { bornAtMs, modifiedAtMs: mtimeMs }),
    });
  }

  /** What was whole on disk at the last look. */
  get recording(): RecordingIndex {
    return this.#walker.index;
  }

  /** Without the zeros that a power loss left at its end. */
  get sizeBytes(): number {
    return this.#writtenBytes;
  }

  /** Why the walker gave the file up; null while it follows it. */
  get unreadable(): Error | null {
    return this.#unreadable;
  }

  get times(): FileTimes {
    return {
      index: this.index,
      bornAtMs: this.#bornAtMs,
      firstSeenAtMs: this.#firstSeenAtMs,
      earliestStartMs: this.#earliestStartMs,
      continuesAtMs: this.#continuesAtMs,
      lastGrewAtMs: this.#growth.lastGrewAtMs,
      steppedMs: this.#steppedMs,
    };
  }

  get #earliestStartMs(): number | null {
    const seenMs = this.#growth.earliestStartMs;
    return seenMs === null ? null : Math.min(seenMs, this.#notedStartMs);
  }

  /** What its successor is told; null where the index is of a part of the file only, or the file of a part of the recording. */
  get ended(): EndedFile | null {
    if (this.#unreadable !== null || !this.recording.isFinished) return null;
    const { videoEndMs } = this.recording;
    return { times: this.times, latelyStartMs: this.#growth.latelyStartMs, videoEndMs };
  }

  /** Takes in what is new. @returns whether it grew; @throws the file system's own error */
  async look(): Promise<boolean> {
    // Of an open file this reads no disk, takes 3 µs, and is done twice a second for every camera: not worth a thread.
    const { size, mtimeMs } = fstatSync(this.#handle.fd);
    if (size === this.#sizeBytes) return false;
    const isFirst = this.#sizeBytes === 0;
    this.#reader.isFresh = !isFirst && size - this.#sizeBytes <= FRESH_BYTES;
    this.#writtenBytes = isFirst ? await writtenBytesOf(this.#handle, size) : size;
    this.#sizeBytes = size;
    if (this.#unreadable === null) await this.#advance(this.#writtenBytes, mtimeMs);
    return true;
  }

  async #advance(size: number, mtimeMs: number): Promise<void> {
    try {
      await this.#walker.advance(size);
    } catch (error) {
      // A disk that cannot be read is not the file's fault: the caller counts it as no look at all.
      if (!(error instanceof Error) || errnoOf(error)?.startsWith('E') === true) {
        this.#sizeBytes = 0;
        throw error;
      }
      this.#unreadable = error;
    }
    this.#noteStart(mtimeMs);
  }

  /** The bytes written so far, and that there is a file, survive a power loss when it resolves. */
  async sync(): Promise<void> {
    await this.#handle.datasync();
    if (this.#isNameDurable) return;
    // FFmpeg made the file, and syncs nothing: without this some file systems lose all of it.
    await systemDisk.syncFolder(dirname(this.path));
    this.#isNameDurable = true;
  }

  /** The wall clock was set while the file was open: what was noted before is moved along. */
  stepped(byMs: number): void {
    this.#steppedMs += byMs;
    this.#isMtimeDoubtful = true;
  }

  /** Idempotent. */
  async close(): Promise<void> {
    await this.#handle.close();
  }

  #noteStart(mtimeMs: number): void {
    const isDoubtful = this.#isMtimeDoubtful;
    this.#isMtimeDoubtful = false;
    const { mediaEndMs, completeBytes } = this.recording;
    if (completeBytes === 0 || isDoubtful) return;
    // Kept in the time before any step, as the birth time is.
    this.#growth.note({ modifiedAtMs: mtimeMs - this.#steppedMs, mediaEndMs });
  }
}

const BLOCK_BYTES = 65_536;
/** Disks write no less at once. Fewer zeros are the recording's own. */
const SECTOR_BYTES = 512;

/** A power loss may leave zeros where bytes did not come to the disk: a fragment that ends in them is not whole. */
async function writtenBytesOf(handle: FileHandle, sizeBytes: number): Promise<number> {
  const block = Buffer.alloc(BLOCK_BYTES);
  let endBytes = sizeBytes;
  let last = -1;
  while (endBytes > 0 && last < 0) {
    const fromBytes = Math.max(0, endBytes - BLOCK_BYTES);
    const tail = block.subarray(0, endBytes - fromBytes);
    await readFully(handle, tail, fromBytes);
    last = tail.findLastIndex((byte) => byte !== 0);
    endBytes = fromBytes;
  }
  const writtenBytes = endBytes + last + 1;
  return sizeBytes - writtenBytes < SECTOR_BYTES ? sizeBytes : writtenBytes;
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** The walker reads a dozen bytes here and there around a fragment's head: one read ahead serves them all. */
const READ_AHEAD_BYTES = 4_096;
/** Of two seconds of the busiest camera. */
const FRESH_BYTES = 4 * 1024 ** 2;

/** What was read once is not read again: FFmpeg only appends. */
class TailReader implements ReadAt {
  /**
   * What is read was written since the last look, and so is in memory: a disk that does not answer cannot have taken it from there.
   * Reading it takes 3 µs, twenty times less than a thread does, and it is done twice a second for every camera.
   */
  isFresh = false;
  readonly #handle: FileHandle;
  readonly #ahead = Buffer.alloc(READ_AHEAD_BYTES);
  #aheadAt = 0;
  #aheadBytes = 0;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async read(into: Uint8Array, offsetBytes: number): Promise<number> {
    if (into.length > READ_AHEAD_BYTES) return await this.#fill(into, offsetBytes);
    const isAhead = offsetBytes >= this.#aheadAt && offsetBytes + into.length <= this.#aheadAt + this.#aheadBytes;
    if (!isAhead) {
      this.#aheadBytes = 0;
      this.#aheadAt = offsetBytes;
      this.#aheadBytes = await this.#fill(this.#ahead, offsetBytes);
    }
    const from = offsetBytes - this.#aheadAt;
    return this.#ahead.copy(into, 0, from, Math.min(from + into.length, this.#aheadBytes));
  }

  async #fill(into: Uint8Array, offsetBytes: number): Promise<number> {
    return this.isFresh
      ? readSync(this.#handle.fd, into, 0, into.length, offsetBytes)
      : await readFully(this.#handle, into, offsetBytes);
  }
}

async function readFully(handle: FileHandle, into: Uint8Array, offsetBytes: number): Promise<number> {
  let filledBytes = 0;
  while (filledBytes < into.length) {
    const { bytesRead } = await handle.read(into, filledBytes, into.length - filledBytes, offsetBytes + filledBytes);
    if (bytesRead === 0) break;
    filledBytes += bytesRead;
  }
  return filledBytes;
}
