import { z } from 'zod';
import { type Brand, type ObjectKey, parseObjectKey, type SegmentId } from './ids.js';

/** Bytes that can be read at any offset, as often as wanted. `read` fills `into` whole or throws. */
export interface ByteSource {
  readonly sizeBytes: number;
  read(into: Uint8Array, offsetBytes: number): Promise<void>;
  close(): Promise<void>;
}

/** Enough to go on with a multipart upload after a crash. On disk before the first byte is sent. */
export interface UploadCheckpoint {
  readonly key: ObjectKey;
  readonly uploadId: string;
  readonly partSizeBytes: number;
}

/** The store's verified answer after an upload. */
export interface Receipt {
  readonly key: ObjectKey;
  readonly sizeBytes: number;
  readonly proof: 'full-crc32' | 'part-etags' | 'read-back';
  /** By the store's clock. */
  readonly atMs: number;
}

/** The same question answered again, long enough after the receipt; made only by `object-store/confirm.ts` (INV-2). */
export type Confirmation = Brand<
  { readonly segment: SegmentId; readonly key: ObjectKey; readonly atMs: number },
  'Confirmation'
>;

/** Of the file `<segment>.upload.json`. */
export const uploadCheckpointSchema: z.ZodType<UploadCheckpoint, unknown> = z.object({
  key: z.string().transform(parseObjectKey),
  uploadId: z.string().min(1),
  partSizeBytes: z.number().int().positive(),
});

/** Of the file `<segment>.damaged.json`. */
export const damagedKeysSchema: z.ZodType<readonly ObjectKey[], unknown> = z.array(
  z.string().transform(parseObjectKey),
);

/** Of the file `<segment>.receipt.json`. */
export const receiptSchema: z.ZodType<Receipt, unknown> = z.object({
  key: z.string().transform(parseObjectKey),
  sizeBytes: z.number().int().nonnegative(),
  proof: z.enum(['full-crc32', 'part-etags', 'read-back']),
  atMs: z.number(),
});
