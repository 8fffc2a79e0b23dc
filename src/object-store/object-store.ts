import type { FailureCode } from '../domain/failures.js';
import type { ObjectKey, Redacted } from '../domain/ids.js';
import type { UploadCheckpoint } from '../domain/receipt.js';
import { redact } from '../redact.js';

/**
 * The user's bucket. One contract suite runs against every implementation.
 * `undefined` means "not there"; everything else throws `StoreError`. Every call ends soon after its signal aborts,
 * with the signal's reason.
 */
export interface ObjectStore {
  head(key: ObjectKey, signal: AbortSignal): Promise<StoredObject | undefined>;
  /** What there is of the range: shorter at the end of the object, empty beyond it. Throws when there is no object. */
  read(
    key: ObjectKey,
    range: { readonly offsetBytes: number; readonly sizeBytes: number },
    signal: AbortSignal,
  ): Promise<Uint8Array>;
  /** In the order of the keys; keys that no `parseObjectKey` would let through are left out: they are not ours. */
  list(
    prefix: string,
    signal: AbortSignal,
  ): AsyncIterable<{ readonly key: ObjectKey; readonly sizeBytes: number; readonly lastModifiedMs: number }>;
  /** At most the first 1,000 (stores page them wrongly): abort some, and ask again. */
  listUploads(
    prefix: string,
    signal: AbortSignal,
  ): AsyncIterable<{ readonly key: ObjectKey; readonly uploadId: string; readonly initiatedAtMs: number | null }>;
  /** The prefixes one step below `prefix`, which ends in "/" or is empty; they do too. One that was emptied may be among them. */
  folders(prefix: string, signal: AbortSignal): Promise<readonly string[]>;
  /** A small object, whole. @throws StoreError `store-unexpected` when it is larger than `mostBytes` */
  readSmall(key: ObjectKey, mostBytes: number, signal: AbortSignal): Promise<SmallObject | undefined>;
  /**
   * As `putSmall` without metadata, if what is at the key still has this tag (null: if nothing is there). Two at the same instant may
   * both win on some stores: who depends on it reads again.
   */
  replaceSmall(
    key: ObjectKey,
    body: Uint8Array,
    etag: string | null,
    signal: AbortSignal,
  ): Promise<'stored' | 'changed'>;
  /** An address at which whoever has it may read the object, and nothing else, for so long (at most 7 days). The store is not asked. */
  link(key: ObjectKey, validSec: number): Promise<string>;
  /** What time it is by the store's clock, to the second. UTC ms. */
  timeMs(signal: AbortSignal): Promise<number>;
  /** The bucket's own rules that delete objects, in words; empty when it has none. */
  expiryRules(signal: AbortSignal): Promise<readonly string[]>;
  /** Gap objects. Overwrites. */
  putSmall(
    key: ObjectKey,
    body: Uint8Array,
    metadata: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<void>;
  /** @throws StoreError `store-bucket-missing` when it is not there and may not be created. */
  ensureBucket(signal: AbortSignal): Promise<'exists' | 'created'>;
  createUpload(
    key: ObjectKey,
    metadata: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<{ readonly uploadId: string }>;
  putPart(upload: UploadCheckpoint, part: UploadPart, body: Uint8Array, signal: AbortSignal): Promise<StoredPart>;
  /** `undefined`: completed, aborted or swept. Duplicate numbers are possible. */
  listParts(upload: UploadCheckpoint, signal: AbortSignal): Promise<readonly StoredPart[] | undefined>;
  /**
   * Makes the object out of `parts`, if its CRC-32 is `crc32Hex` and nothing is at the key.
   * `ask-head`: 412, 404 or a lost answer; the caller looks at the key before it believes anything.
   */
  complete(
    upload: UploadCheckpoint,
    parts: readonly StoredPart[],
    crc32Hex: string,
    signal: AbortSignal,
  ): Promise<'created' | 'ask-head'>;
  /** Its parts are forgotten. Never harms an object; does nothing to an upload that is gone. Settle its parts first. */
  abort(upload: UploadCheckpoint, signal: AbortSignal): Promise<void>;
  /** Resolves to the refused ones. */
  delete(
    keys: readonly ObjectKey[],
    signal: AbortSignal,
  ): Promise<readonly { readonly key: ObjectKey; readonly error: string }[]>;
  close(): void;
}

/** `etag` is bare, without quotes. */
export interface SmallObject {
  readonly body: Uint8Array;
  readonly etag: string;
}

/** One part as it is sent. Numbers start at 1; the CRC-32 is of the part's bytes alone, in lower-case hex. */
export interface UploadPart {
  readonly number: number;
  readonly offsetBytes: number;
  readonly sizeBytes: number;
  readonly crc32Hex: string;
}

/** One part as the store lists it. `etag` is bare, without quotes: the MD5 of the part's bytes in hex, unless the store encrypts them. */
export interface StoredPart {
  readonly number: number;
  readonly sizeBytes: number;
  readonly etag: string;
  /** Of its bytes: from whoever has just read them, and from stores that list it. Some want it again when the parts are put together. */
  readonly crc32Hex?: string;
}

/** What one HEAD tells of an object. `etag` is bare, without quotes. */
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

/** What is at the key cannot be what was meant: it is never read whole. */
export function tooLarge(key: ObjectKey, sizeBytes: number): StoreError {
  return new StoreError('store-unexpected', redact(`read ${key}: ${sizeBytes} bytes are more than such an object has`));
}
