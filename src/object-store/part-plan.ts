/** S3 refuses smaller parts, but for the last one (`EntityTooSmall` at Complete). */
export const MIN_PART_SIZE_BYTES = 5 * 1024 * 1024;
/** S3 refuses more parts in one upload. */
export const MAX_PARTS = 10_000;
/** Bigger parts were no faster against a real store; a crash costs parts in flight × this. */
export const DEFAULT_PART_SIZE_BYTES = 8 * 1024 * 1024;

const MEBIBYTE = 1024 * 1024;

/** Where a part lies in the object; `number` starts at 1. */
export interface PlannedPart {
  readonly number: number;
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

/** The wanted part size, made larger (in whole MiB) where S3's limits ask for it. */
export function partSizeFor(objectSizeBytes: number, wantedBytes = DEFAULT_PART_SIZE_BYTES): number {
  const atLeastBytes = Math.ceil(objectSizeBytes / MAX_PARTS);
  if (wantedBytes >= atLeastBytes && wantedBytes >= MIN_PART_SIZE_BYTES) return wantedBytes;
  return Math.max(MIN_PART_SIZE_BYTES, Math.ceil(atLeastBytes / MEBIBYTE) * MEBIBYTE);
}

/** Cuts an object into parts of one size, the last one smaller. @throws RangeError for an empty object. */
export function planParts(objectSizeBytes: number, partSizeBytes: number): readonly PlannedPart[] {
  if (!(objectSizeBytes > 0 && partSizeBytes > 0)) {
    throw new RangeError(`cannot cut ${objectSizeBytes} bytes into parts of ${partSizeBytes}`);
  }
  return Array.from({ length: Math.ceil(objectSizeBytes / partSizeBytes) }, (_, index) => {
    const offsetBytes = index * partSizeBytes;
    return { number: index + 1, offsetBytes, sizeBytes: Math.min(partSizeBytes, objectSizeBytes - offsetBytes) };
  });
}
