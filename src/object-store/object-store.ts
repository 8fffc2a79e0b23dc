import type { FailureCode } from '../domain/failures.js';
import type { ObjectKey, Redacted } from '../domain/ids.js';
import type { UploadCheckpoint } from '../domain/receipt.js';

/**
 * The user's bucket. One contract suite runs against every implementation.
 * `undefined` means "not there"; everything else throws `StoreError`. Every call ends soon after its signal aborts.
 */
export interface ObjectStore {
  head(key: ObjectKey, signal: AbortSignal): Promise<StoredObject | undefined>;
  read(
    key: ObjectKey,
    range: { readonly offsetBytes: number; readonly sizeBytes: number },
    signal: AbortSignal,
  ): Promise<Uint8Array>;
  list(
    prefix: string,
    signal: AbortSignal,
  ): AsyncIterable<{ readonly key: ObjectKey; readonly sizeBytes: number; readonly lastModifiedMs: number }>;
  listUploads(
    prefix: string,
    signal: AbortSignal,
  ): AsyncIterable<{ readonly key: ObjectKey; readonly uploadId: string; readonly initiatedAtMs: number | null }>;
  /** Gap objects, day records. */
  putSmall(
    key: ObjectKey,
    body: Uint8Array,
    metadata: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<void>;
  ensureBucket(signal: AbortSignal): Promise<'exists' | 'created'>;
  createUpload(
    key: ObjectKey,
    metadata: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<{ readonly uploadId: string }>;
  putPart(upload: UploadCheckpoint, part: UploadPart, body: Uint8Array, signal: AbortSignal): Promise<StoredPart>;
  /** `undefined`: completed, aborted or swept. Duplicate numbers are possible. */
  listParts(upload: UploadCheckpoint, signal: AbortSignal): Promise<readonly StoredPart[] | undefined>;
  /** `ask-head`: 412, 404 or a lost answer; the caller looks at the key before it believes anything. */
  complete(
    upload: UploadCheckpoint,
    parts: readonly StoredPart[],
    signal: AbortSignal,
  ): Promise<'created' | 'ask-head'>;
  abort(upload: UploadCheckpoint, signal: AbortSignal): Promise<void>;
  /** Resolves to the refused ones. */
  delete(
    keys: readonly ObjectKey[],
    signal: AbortSignal,
  ): Promise<readonly { readonly key: ObjectKey; readonly error: string }[]>;
  close(): void;
}

export interface UploadPart {
  readonly number: number;
  readonly offsetBytes: number;
  readonly sizeBytes: number;
  readonly crc32Hex: string;
}

export interface StoredPart {
  readonly number: number;
  readonly sizeBytes: number;
  readonly etag: string;
}

export interface StoredObject {
  /** By the store's clock: its `Date` header. */
  readonly storeTimeMs: number;
  /** By the store's clock: its `Last-Modified` header. */
  readonly lastModifiedMs: number;
  readonly sizeBytes: number;
  readonly etag: string;
  /** Of the whole object; null when the store has none (or only a composite one). */
  readonly crc32Hex: string | null;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Thrown for every answer of the store that is not the one asked for. `failures.ts` says whether trying again helps. */
export class StoreError extends Error {
  readonly code: FailureCode;
  constructor(code: FailureCode, message: Redacted, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreError';
    this.code = code;
  }
}
