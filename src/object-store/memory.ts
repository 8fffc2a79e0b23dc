import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { crc32Hex } from '../domain/crc32.js';
import type { ObjectKey } from '../domain/ids.js';
import type { UploadCheckpoint } from '../domain/receipt.js';
import { redact } from '../redact.js';
import {
  type ObjectStore,
  type SmallObject,
  type StoredObject,
  type StoredPart,
  StoreError,
  tooLarge,
  type UploadPart,
} from './object-store.js';
import { MIN_PART_SIZE_BYTES } from './part-plan.js';

/** How a test bends the store: its clock, its answers, what it shows. */
export interface MemoryStoreOptions {
  /** The store's clock, UTC ms. */
  readonly nowMs?: () => number;
  /**
   * Called before and after each request has its effect; what it throws (or waits for) is what the caller sees.
   * Thrown `after`, it is a lost answer.
   */
  readonly onRequest?: (request: MemoryRequest) => void | Promise<void>;
  /** Of its own; default: none. */
  readonly expiryRules?: readonly string[];
  /** False: a store that shows no checksum of the whole. */
  readonly showsChecksum?: boolean;
}

/** One request at the moment a fault may hit it: before it took effect, or after. */
export interface MemoryRequest {
  readonly when: 'before' | 'after';
  readonly operation: Exclude<keyof ObjectStore, 'close' | 'link'>;
  /** The key or prefix; the bucket's name is ''. */
  readonly target: string;
}

type Metadata = Readonly<Record<string, string>>;

interface Held {
  readonly bytes: Uint8Array;
  readonly etag: string;
  readonly crc32Hex: string;
  readonly metadata: Metadata;
  readonly lastModifiedMs: number;
}

interface Begun {
  readonly key: ObjectKey;
  readonly metadata: Metadata;
  readonly initiatedAtMs: number;
  readonly parts: (StoredPart & { readonly bytes: Uint8Array })[];
}

/** A bucket in memory that behaves as a real store does, its surprises included: a part sent twice is listed twice. */
export class MemoryStore implements ObjectStore {
  readonly #options: Required<MemoryStoreOptions>;
  readonly #objects = new Map<ObjectKey, Held>();
  readonly #uploads = new Map<string, Begun>();
  #hasBucket = false;
  #lastUpload = 0;

  constructor(options: MemoryStoreOptions = {}) {
    this.#options = {
      nowMs: Date.now,
      onRequest: () => {},
      showsChecksum: true,
      expiryRules: [],
      ...options,
    };
  }

  async head(key: ObjectKey, signal: AbortSignal): Promise<StoredObject | undefined> {
    return await this.#request('head', key, signal, () => {
      const held = this.#objects.get(key);
      if (held === undefined) return undefined;
      const { bytes, etag, crc32Hex: hex, metadata, lastModifiedMs } = held;
      const shown = this.#options.showsChecksum ? hex : null;
      const storeTimeMs = this.#nowMs();
      return { storeTimeMs, lastModifiedMs, sizeBytes: bytes.length, etag, crc32Hex: shown, metadata };
    });
  }

  async read(
    key: ObjectKey,
    range: { readonly offsetBytes: number; readonly sizeBytes: number },
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    return await this.#request('read', key, signal, () => {
      const held = this.#objects.get(key);
      if (held === undefined) throw new StoreError('store-unexpected', redact(`read ${key}: 404 NoSuchKey`));
      return held.bytes.slice(range.offsetBytes, range.offsetBytes + range.sizeBytes);
    });
  }

  async *list(prefix: string, signal: AbortSignal): ReturnType<ObjectStore['list']> {
    const found = await this.#request('list', prefix, signal, () =>
      [...this.#objects].filter(([key]) => key.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : 1)),
    );
    for (const [key, held] of found) {
      yield { key, sizeBytes: held.bytes.length, lastModifiedMs: held.lastModifiedMs };
    }
  }

  async *listUploads(prefix: string, signal: AbortSignal): ReturnType<ObjectStore['listUploads']> {
    const found = await this.#request('listUploads', prefix, signal, () =>
      [...this.#uploads].filter(([, { key }]) => key.startsWith(prefix)),
    );
    for (const [uploadId, { key, initiatedAtMs }] of found) yield { key, uploadId, initiatedAtMs };
  }

  async putSmall(key: ObjectKey, body: Uint8Array, metadata: Metadata, signal: AbortSignal): Promise<void> {
    await this.#request('putSmall', key, signal, () =>
      this.#hold(key, new Uint8Array(body), md5(body).toString('hex'), metadata),
    );
  }

  async folders(prefix: string, signal: AbortSignal): Promise<readonly string[]> {
    return await this.#request('folders', prefix, signal, () => {
      const below = [...this.#objects.keys()].filter((key) => key.startsWith(prefix));
      const steps = below.map((key) => key.slice(prefix.length)).filter((rest) => rest.includes('/'));
      return [...new Set(steps.map((rest) => `${prefix}${rest.slice(0, rest.indexOf('/') + 1)}`))].sort();
    });
  }

  async readSmall(key: ObjectKey, mostBytes: number, signal: AbortSignal): Promise<SmallObject | undefined> {
    return await this.#request('readSmall', key, signal, () => {
      const held = this.#objects.get(key);
      if (held !== undefined && held.bytes.length > mostBytes) throw tooLarge(key, held.bytes.length);
      return held === undefined ? undefined : { body: held.bytes.slice(), etag: held.etag };
    });
  }

  async replaceSmall(
    key: ObjectKey,
    body: Uint8Array,
    etag: string | null,
    signal: AbortSignal,
  ): Promise<'stored' | 'changed'> {
    return await this.#request('replaceSmall', key, signal, () => {
      if ((this.#objects.get(key)?.etag ?? null) !== etag) return 'changed';
      this.#hold(key, new Uint8Array(body), md5(body).toString('hex'), {});
      return 'stored';
    });
  }

  async link(key: ObjectKey, validSec: number): Promise<string> {
    return `memory://bucket/${key}?valid=${validSec}`;
  }

  async timeMs(signal: AbortSignal): Promise<number> {
    return await this.#request('timeMs', '', signal, () => this.#nowMs());
  }

  async expiryRules(signal: AbortSignal): Promise<readonly string[]> {
    return await this.#request('expiryRules', '', signal, () => this.#options.expiryRules);
  }

  async ensureBucket(signal: AbortSignal): Promise<'exists' | 'created'> {
    return await this.#request('ensureBucket', '', signal, () => {
      const hadBucket = this.#hasBucket;
      this.#hasBucket = true;
      return hadBucket ? 'exists' : 'created';
    });
  }

  async createUpload(key: ObjectKey, metadata: Metadata, signal: AbortSignal): Promise<{ readonly uploadId: string }> {
    return await this.#request('createUpload', key, signal, () => {
      const uploadId = `upload-${++this.#lastUpload}`;
      this.#uploads.set(uploadId, { key, metadata, initiatedAtMs: this.#nowMs(), parts: [] });
      return { uploadId };
    });
  }

  async putPart(
    upload: UploadCheckpoint,
    part: UploadPart,
    body: Uint8Array,
    signal: AbortSignal,
  ): Promise<StoredPart> {
    return await this.#request('putPart', upload.key, signal, () => {
      const begun = this.#begun(upload);
      const doing = `upload part ${part.number} of ${upload.key}`;
      if (begun === undefined) throw new StoreError('store-upload-gone', redact(`${doing}: 404 NoSuchUpload`));
      if (crc32Hex(crc32(body)) !== part.crc32Hex) {
        throw new StoreError('store-rejected-bytes', redact(`${doing}: 400 BadDigest`));
      }
      const stored = { number: part.number, sizeBytes: body.length, etag: md5(body).toString('hex') };
      begun.parts.push({ ...stored, bytes: new Uint8Array(body) });
      return stored;
    });
  }

  async listParts(upload: UploadCheckpoint, signal: AbortSignal): Promise<readonly StoredPart[] | undefined> {
    return await this.#request('listParts', upload.key, signal, () =>
      this.#begun(upload)
        ?.parts.map(({ number, sizeBytes, etag }) => ({ number, sizeBytes, etag }))
        .sort((a, b) => a.number - b.number),
    );
  }

  async complete(
    upload: UploadCheckpoint,
    parts: readonly StoredPart[],
    wholeCrc32Hex: string,
    signal: AbortSignal,
  ): Promise<'created' | 'ask-head'> {
    try {
      return await this.#request('complete', upload.key, signal, () => this.#complete(upload, parts, wholeCrc32Hex));
    } catch (error) {
      if (error instanceof StoreError && error.code === 'store-unreachable') return 'ask-head';
      throw error;
    }
  }

  async abort(upload: UploadCheckpoint, signal: AbortSignal): Promise<void> {
    await this.#request('abort', upload.key, signal, () => {
      if (this.#begun(upload) !== undefined) this.#uploads.delete(upload.uploadId);
    });
  }

  async delete(keys: readonly ObjectKey[], signal: AbortSignal): ReturnType<ObjectStore['delete']> {
    return await this.#request('delete', keys[0] ?? '', signal, () => {
      for (const key of keys) this.#objects.delete(key);
      return [];
    });
  }

  close(): void {
    this.#uploads.clear();
    this.#objects.clear();
  }

  #complete(upload: UploadCheckpoint, parts: readonly StoredPart[], wholeCrc32Hex: string): 'created' | 'ask-head' {
    const begun = this.#begun(upload);
    if (this.#objects.has(upload.key) || begun === undefined) return 'ask-head';
    const chosen = parts.map((part, index) => this.#chosen(upload, begun, part, index === parts.length - 1));
    const bytes = Buffer.concat(chosen.map((part) => part.bytes));
    if (crc32Hex(crc32(bytes)) !== wholeCrc32Hex) {
      throw new StoreError('store-rejected-bytes', redact(`complete ${upload.key}: 400 BadDigest`));
    }
    const ofParts = md5(Buffer.concat(chosen.map((part) => Buffer.from(part.etag, 'hex'))));
    this.#hold(upload.key, bytes, `${ofParts.toString('hex')}-${parts.length}`, begun.metadata);
    this.#uploads.delete(upload.uploadId);
    return 'created';
  }

  #chosen(upload: UploadCheckpoint, begun: Begun, wanted: StoredPart, isLast: boolean) {
    const found = begun.parts.find((part) => part.number === wanted.number && part.etag === wanted.etag);
    const isTooSmall = !isLast && (found?.sizeBytes ?? 0) < MIN_PART_SIZE_BYTES;
    if (found !== undefined && !isTooSmall) return found;
    const why = found === undefined ? 'InvalidPart' : 'EntityTooSmall';
    throw new StoreError('store-upload-gone', redact(`complete ${upload.key}: 400 ${why}`));
  }

  #hold(key: ObjectKey, bytes: Uint8Array, etag: string, metadata: Metadata): void {
    const held = { bytes, etag, crc32Hex: crc32Hex(crc32(bytes)), metadata: { ...metadata } };
    this.#objects.set(key, { ...held, lastModifiedMs: this.#nowMs() });
  }

  #begun(upload: UploadCheckpoint): Begun | undefined {
    const begun = this.#uploads.get(upload.uploadId);
    return begun?.key === upload.key ? begun : undefined;
  }

  /** HTTP dates have whole seconds. */
  #nowMs(): number {
    return Math.floor(this.#options.nowMs() / 1_000) * 1_000;
  }

  async #request<Result>(
    operation: MemoryRequest['operation'],
    target: string,
    signal: AbortSignal,
    effect: () => Result,
  ): Promise<Result> {
    signal.throwIfAborted();
    await this.#options.onRequest({ when: 'before', operation, target });
    signal.throwIfAborted();
    const result = effect();
    await this.#options.onRequest({ when: 'after', operation, target });
    return result;
  }
}

function md5(bytes: Uint8Array): Buffer {
  return createHash('md5').update(bytes).digest();
}
