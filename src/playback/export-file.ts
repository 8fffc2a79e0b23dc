import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { FieldWriter, mdatHeader } from '../mp4/box-writer.js';

const MDAT_HEADER_BYTES = 16;
const FREE_HEADER_BYTES = 8;
const MAX_32_BIT = 2 ** 32 - 1;

/**
 * An MP4 that is written in one go, with room for the movie box in front of the media: one that fits there needs no second pass to play
 * from its first byte. Lies beside its place as `….partial` until it is finished.
 */
export class ExportFile {
  readonly path: string;
  readonly #file: FileHandle;
  readonly #reservedBytes: number;
  readonly #mdatAtBytes: number;
  #atBytes: number;

  private constructor(path: string, file: FileHandle, room: { readonly fileType: Uint8Array; readonly bytes: number }) {
    this.path = path;
    this.#file = file;
    this.#reservedBytes = room.bytes;
    this.#mdatAtBytes = room.fileType.length + room.bytes;
    this.#atBytes = this.#mdatAtBytes + MDAT_HEADER_BYTES;
  }

  /** @param reservedBytes for the movie box. @throws the file system's own error */
  static async create(path: string, fileType: Uint8Array, reservedBytes: number): Promise<ExportFile> {
    const file = await open(`${path}.partial`, 'w');
    await file.write(fileType, 0, fileType.length, 0);
    return new ExportFile(path, file, { fileType, bytes: reservedBytes });
  }

  /** Where the next bytes go. */
  get atBytes(): number {
    return this.#atBytes;
  }

  async append(bytes: Uint8Array): Promise<void> {
    let writtenBytes = 0;
    while (writtenBytes < bytes.length) {
      const left = bytes.length - writtenBytes;
      const { bytesWritten } = await this.#file.write(bytes, writtenBytes, left, this.#atBytes);
      writtenBytes += bytesWritten;
      this.#atBytes += bytesWritten;
    }
  }

  /** Puts the movie box into its room, or behind everything when it is too long for it. Resolves to the file's size. */
  async finish(movieBox: (isLarge: boolean) => Uint8Array): Promise<number> {
    const moov = movieBox(this.#atBytes > MAX_32_BIT);
    const mdat = mdatHeader(this.#atBytes - this.#mdatAtBytes - MDAT_HEADER_BYTES, true);
    await this.#file.write(mdat, 0, mdat.length, this.#mdatAtBytes);
    const roomAtBytes = this.#mdatAtBytes - this.#reservedBytes;
    const fits = moov.length + FREE_HEADER_BYTES <= this.#reservedBytes;
    const freeAtBytes = fits ? roomAtBytes + moov.length : roomAtBytes;
    const free = new FieldWriter()
      .u32(this.#mdatAtBytes - freeAtBytes)
      .bytes(Buffer.from('free', 'latin1'))
      .done();
    await this.#file.write(free, 0, free.length, freeAtBytes);
    if (fits) await this.#file.write(moov, 0, moov.length, roomAtBytes);
    else await this.append(moov);
    await this.#file.sync();
    await this.#file.close();
    await rename(`${this.path}.partial`, this.path);
    return this.#atBytes;
  }

  /** Leaves nothing. */
  async abandon(): Promise<void> {
    await this.#file.close();
    await rm(`${this.path}.partial`, { force: true });
  }
}
