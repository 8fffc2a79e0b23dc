/**
 * Brings a sealed segment into the bucket, whatever happened to earlier attempts.
 * 1. A receipt is given only for an object that the store, asked afresh, shows to be equal. Nothing is believed on the strength of Complete.
 * 2. The checkpoint is durable before the first byte is sent; after a crash only parts that were in flight are sent again.
 * 3. Other bytes at a key, or damaged ones, are never overwritten: the rival key is used, and if that is taken too it fails loudly.
 * 4. It may run twice at once (INV-6): both end with a receipt for the same object.
 * 5. A failed or aborted upload stays in the store, to be gone on with; one that is of no more use is aborted there.
 */
import type { ObjectKey } from '../domain/ids.js';
import type { ByteSource, Receipt, UploadCheckpoint } from '../domain/receipt.js';
import { redact } from '../redact.js';
import type { BufferPool } from './buffer-pool.js';
import type { ByteRate } from './byte-rate.js';
import { type ObjectStore, type StoredObject, StoreError } from './object-store.js';
import { partSizeFor } from './part-plan.js';
import { type PartProgress, type SentParts, sendParts } from './send-parts.js';
import { compareStored, type ExpectedObject } from './stored-equality.js';

/** One segment to bring into the store. `checkpoint` and `onCheckpoint` are the only state: the caller keeps it. */
export interface UploadObjectRequest {
  readonly store: ObjectStore;
  readonly keys: { readonly preferred: ObjectKey; readonly rival: ObjectKey };
  /** Never looked at and never used: what is at these keys was found to be other bytes than the store says. */
  readonly avoid?: readonly ObjectKey[];
  /** Not closed here. */
  readonly source: ByteSource;
  readonly expected: ExpectedObject;
  readonly metadata: Readonly<Record<string, string>>;
  /** Of an earlier attempt. */
  readonly checkpoint: UploadCheckpoint | null;
  /** Must make it durable before it resolves; null: there is nothing left to go on with. */
  readonly onCheckpoint: (checkpoint: UploadCheckpoint | null) => Promise<void>;
  /** Shared by all uploads of the process. */
  readonly pool: BufferPool;
  /** Shared likewise; default: as fast as the line is. */
  readonly rate?: ByteRate | null;
  readonly signal: AbortSignal;
  /** Told when a part is safe in the store: its bytes, and whether they were sent now or by an earlier attempt. */
  readonly onProgress?: (bytes: number, kind: PartProgress['kind']) => void;
  /** Default 4. */
  readonly partsInFlight?: number;
  /** Default 8 MiB; an upload that is gone on with keeps its own. */
  readonly partSizeBytes?: number;
}

/**
 * Resolves with the receipt once the object is in the store and proven equal to `source`; without sending anything if it already is.
 * @throws StoreError; `store-key-taken` when both keys hold other bytes, `spool-failing` when the source is not what was sealed.
 * @throws the signal's reason. A later call with the last checkpoint goes on from there.
 */
export async function uploadObject(request: UploadObjectRequest): Promise<Receipt> {
  const { expected, source, keys } = request;
  if (source.sizeBytes !== expected.sizeBytes) {
    throw changedInSpool(keys.preferred, `it has ${source.sizeBytes} bytes, not ${expected.sizeBytes}`);
  }
  const upload = new Upload(request);
  for (const key of [keys.preferred, keys.rival]) {
    if (request.avoid?.includes(key) === true) continue;
    const receipt = await upload.storeAt(key);
    if (receipt !== undefined) return receipt;
  }
  throw new StoreError('store-key-taken', redact(`${keys.preferred} and ${keys.rival} hold other bytes`));
}

/** One to send, one to look; the rest for answers that got lost and uploads that vanished. */
const MAX_ROUNDS = 5;
const DEFAULT_PARTS_IN_FLIGHT = 4;

type Seen =
  | { readonly kind: 'absent' }
  | { readonly kind: 'taken'; readonly why: string; readonly isAnother: boolean }
  | { readonly kind: 'equal'; readonly receipt: Receipt };

class Upload {
  readonly #request: UploadObjectRequest;
  #checkpoint: UploadCheckpoint | null;
  /** Begun by this very call, so the store has no parts of it. */
  #isFresh = false;

  constructor(request: UploadObjectRequest) {
    this.#request = request;
    this.#checkpoint = request.checkpoint;
  }

  /** `undefined`: other bytes are there. */
  async storeAt(key: ObjectKey): Promise<Receipt | undefined> {
    let last: 'created' | 'ask-head' | 'gone' = 'gone';
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const seen = await this.#look(key);
      if (seen.kind === 'equal') {
        await (last === 'created' ? this.#forget() : this.#abandon());
        return seen.receipt;
      }
      if (seen.kind === 'taken') {
        // Another recorder that completed in the same moment won: the store's condition is no lock.
        const isOursSpoilt = last === 'created' && !seen.isAnother;
        if (isOursSpoilt) throw new StoreError('store-proof-failed', redact(`store ${key}: ${seen.why}`));
        if (this.#checkpoint?.key === key) await this.#abandon();
        return undefined;
      }
      last = await this.#sendAndComplete(await this.#uploadFor(key));
    }
    throw new StoreError('store-upload-gone', redact(`store ${key}: still not there after ${MAX_ROUNDS} tries`));
  }

  async #look(key: ObjectKey): Promise<Seen> {
    const { store, source, expected, signal } = this.#request;
    const stored = await store.head(key, signal);
    if (stored === undefined) return { kind: 'absent' };
    const partSizeBytes = this.#checkpoint?.partSizeBytes ?? this.#partSizeBytes();
    const equality = await compareStored({ store, key, stored, source, expected, partSizeBytes }, signal);
    if (equality.kind === 'other') return { kind: 'taken', why: equality.why, isAnother: equality.isAnother };
    return { kind: 'equal', receipt: receiptOf(key, stored, equality.proof) };
  }

  async #uploadFor(key: ObjectKey): Promise<UploadCheckpoint> {
    if (this.#checkpoint?.key === key) return this.#checkpoint;
    if (this.#checkpoint !== null) await this.#abandon();
    const { store, metadata, signal, onCheckpoint } = this.#request;
    const { uploadId } = await store.createUpload(key, metadata, signal);
    const checkpoint = { key, uploadId, partSizeBytes: this.#partSizeBytes() };
    await onCheckpoint(checkpoint);
    this.#checkpoint = checkpoint;
    this.#isFresh = true;
    return checkpoint;
  }

  async #sendAndComplete(checkpoint: UploadCheckpoint): Promise<'created' | 'ask-head' | 'gone'> {
    const { store, expected, signal } = this.#request;
    const sent = await this.#send(checkpoint);
    if (sent === undefined) {
      await this.#forget();
      return 'gone';
    }
    if (sent.crc32Hex !== expected.crc32Hex) {
      throw changedInSpool(checkpoint.key, `its CRC-32 is ${sent.crc32Hex}, not ${expected.crc32Hex}`);
    }
    try {
      return await store.complete(checkpoint, sent.parts, sent.crc32Hex, signal);
    } catch (error) {
      if (!isStale(error)) throw error;
      await this.#abandon();
      return 'gone';
    }
  }

  /** `undefined`: the store no longer knows the upload. */
  async #send(checkpoint: UploadCheckpoint): Promise<SentParts | undefined> {
    const { store, source, pool, rate = null, signal, onProgress } = this.#request;
    const { partsInFlight = DEFAULT_PARTS_IN_FLIGHT } = this.#request;
    const listed = this.#isFresh ? [] : await store.listParts(checkpoint, signal);
    this.#isFresh = false;
    if (listed === undefined) return undefined;
    const progressed = ({ bytes, kind }: PartProgress): void => onProgress?.(bytes, kind);
    try {
      return await sendParts(
        { store, checkpoint, source, pool, rate, partsInFlight, listed, onProgress: progressed },
        signal,
      );
    } catch (error) {
      if (error instanceof StoreError && error.code === 'store-upload-gone') return undefined;
      throw error;
    }
  }

  /** Lets the store drop what it holds of an upload that is of no more use. */
  async #abandon(): Promise<void> {
    if (this.#checkpoint === null) return;
    await this.#request.store.abort(this.#checkpoint, this.#request.signal);
    await this.#forget();
  }

  async #forget(): Promise<void> {
    if (this.#checkpoint === null) return;
    this.#checkpoint = null;
    await this.#request.onCheckpoint(null);
  }

  #partSizeBytes(): number {
    return partSizeFor(this.#request.source.sizeBytes, this.#request.partSizeBytes);
  }
}

/** The store holds parts that it does not take together; only a new upload helps. */
function isStale(error: unknown): boolean {
  return error instanceof StoreError && (error.code === 'store-upload-gone' || error.code === 'store-rejected-bytes');
}

function receiptOf(key: ObjectKey, stored: StoredObject, proof: Receipt['proof']): Receipt {
  return { key, sizeBytes: stored.sizeBytes, proof, atMs: stored.storeTimeMs };
}

function changedInSpool(key: ObjectKey, how: string): StoreError {
  return new StoreError('spool-failing', redact(`the recording for ${key} is not what was sealed: ${how}`));
}
