import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { crc32Hex } from '../domain/crc32.js';
import type { ObjectKey } from '../domain/ids.js';
import type { SealedSegment } from '../domain/segment.js';
import { redact } from '../redact.js';
import { segmentFromMetadata } from './coverage-metadata.js';
import { type ObjectStore, StoreError } from './object-store.js';
import { planParts } from './part-plan.js';

/** One object to read whole. */
export interface ReadBackRequest {
  readonly store: Pick<ObjectStore, 'head' | 'read'>;
  readonly key: ObjectKey;
  /** From the spool, while it is there; null: what the object says of itself. */
  readonly expected: SealedSegment | null;
  /** Waited for after every few MiB, so that reading takes no more than its share. */
  readonly pause: (bytes: number) => Promise<void>;
  readonly signal: AbortSignal;
}

/** `gone`: not there (any more). `unknown`: it says nothing of itself that could be compared, so it is not ours. */
export type ReadBack =
  | { readonly kind: 'gone' | 'unknown' }
  | { readonly kind: 'whole' }
  | { readonly kind: 'damaged'; readonly why: string; readonly segment: SealedSegment };

const CHUNK_BYTES = 4 * 1024 * 1024;
const TRIES = 3;
const ABOUT_BYTES: ReadonlySet<string> = new Set(['store-failing', 'store-unexpected', 'store-unreachable']);

/**
 * Reads an object whole and compares size, CRC-32 of the whole and SHA-256 of the recording: only this proves that it can be read.
 * What differs is read once more before it is called damaged.
 * @throws StoreError; `store-unreadable` when the object is there but its bytes are not given.
 */
export async function readBack(request: ReadBackRequest): Promise<ReadBack> {
  const stored = await request.store.head(request.key, request.signal);
  if (stored === undefined) return { kind: 'gone' };
  const segment = request.expected ?? segmentFromMetadata(stored.metadata);
  if (segment === undefined) return { kind: 'unknown' };
  if (stored.sizeBytes !== segment.sizeBytes) {
    return { kind: 'damaged', why: `it has ${stored.sizeBytes} bytes, not ${segment.sizeBytes}`, segment };
  }
  try {
    const why = (await differenceIn(request, segment)) && (await differenceIn(request, segment));
    return why === undefined ? { kind: 'whole' } : { kind: 'damaged', why, segment };
  } catch (error) {
    return await goneOrUnreadable(request, error);
  }
}

async function differenceIn(request: ReadBackRequest, segment: SealedSegment): Promise<string | undefined> {
  const { pause } = request;
  const sha256 = createHash('sha256');
  let crc = 0;
  for (const { offsetBytes, sizeBytes } of planParts(segment.sizeBytes, CHUNK_BYTES)) {
    const bytes = await readPatiently(request, { offsetBytes, sizeBytes });
    if (bytes.length < sizeBytes) return `it ends at byte ${offsetBytes + bytes.length} of ${segment.sizeBytes}`;
    crc = crc32(bytes, crc);
    sha256.update(recordedIn(bytes, offsetBytes, segment));
    await pause(sizeBytes);
  }
  if (crc32Hex(crc) !== segment.crc32Hex) return `its CRC-32 is ${crc32Hex(crc)}, not ${segment.crc32Hex}`;
  return sha256.digest('hex') === segment.recording.sha256Hex ? undefined : 'its recording has another SHA-256';
}

function recordedIn(bytes: Uint8Array, atBytes: number, { recording }: SealedSegment): Uint8Array {
  const endBytes = recording.offsetBytes + recording.sizeBytes;
  return bytes.subarray(Math.max(0, recording.offsetBytes - atBytes), Math.max(0, endBytes - atBytes));
}

/** A store that finds its bytes spoilt may break off in mid-body: only doing so each time tells that from a bad network. */
async function readPatiently(
  { store, key, pause, signal }: ReadBackRequest,
  range: { readonly offsetBytes: number; readonly sizeBytes: number },
): Promise<Uint8Array> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await store.read(key, range, signal);
    } catch (error) {
      if (attempt === TRIES || !(error instanceof StoreError) || error.code !== 'store-unreachable') throw error;
      await pause(range.sizeBytes);
    }
  }
}

/** Retention may have deleted it while it was read. */
async function goneOrUnreadable({ store, key, signal }: ReadBackRequest, error: unknown): Promise<ReadBack> {
  if (!isAboutBytes(error)) throw error;
  if ((await store.head(key, signal)) === undefined) return { kind: 'gone' };
  throw unreadable(error);
}

/** Of an object that the store shows, before and after: then an error is about its bytes, even one without an answer. */
export function isAboutBytes(error: unknown): error is StoreError {
  return error instanceof StoreError && ABOUT_BYTES.has(error.code);
}

/** What to say of it; what it was stays in the text. */
export function unreadable(error: StoreError): StoreError {
  return new StoreError('store-unreadable', redact(error.message), { cause: error });
}
