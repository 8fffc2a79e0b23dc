/** Bytes at an offset; a file, a part of a file, or bytes in memory. */
export interface ReadAt {
  /** Fills as much of `into` as there is; resolves to the number of bytes read (0 at the end). */
  read(into: Uint8Array, offsetBytes: number): Promise<number>;
}
