import type { SegmentId } from '../domain/ids.js';
import type { ByteSource, Confirmation, Receipt, UploadCheckpoint } from '../domain/receipt.js';
import { redact } from '../redact.js';
import { type ObjectStore, StoreError } from './object-store.js';
import { DEFAULT_PART_SIZE_BYTES, partSizeFor } from './part-plan.js';
import { compareStored, type ExpectedObject, isRangeEqual } from './stored-equality.js';

/** A store may acknowledge from its page cache; within this time its kernel has written that back. */
export const DEFAULT_MIN_AGE_MS = 10 * 60_000;

const SAMPLE_BYTES = 64 * 1024;

/** What is asked again, and what it is compared with; `expected` and `source` come from the spool, never from the store. */
export interface ConfirmRequest {
  readonly store: Pick<ObjectStore, 'head' | 'read'>;
  readonly segment: SegmentId;
  readonly receipt: Receipt;
  readonly expected: ExpectedObject;
  /** Not closed here. */
  readonly source: ByteSource;
  /** Default 8 MiB, as in `uploadObject`; matters only for stores that show no checksum. */
  readonly partSizeBytes?: UploadCheckpoint['partSizeBytes'];
  /** Default ten minutes. */
  readonly minAgeMs?: number;
  /** 0 ≤ random < 1: where the sample is taken. */
  readonly random?: () => number;
  readonly signal: AbortSignal;
}

type ConfirmOutcome =
  | { readonly kind: 'confirmed'; readonly confirmation: Confirmation }
  /** By the store's clock. */
  | { readonly kind: 'too-early'; readonly waitMs: number }
  /** It is not there any more, or other bytes are: send it again. */
  | { readonly kind: 'lost'; readonly why: string };

/**
 * Asks the store again, long enough after the receipt: same size, same checksum, and a random sample of it can be read and is the same.
 * The only maker of a `Confirmation` (INV-2).
 * @throws StoreError when the store cannot be asked; `store-proof-failed` when it shows the right checksum but gives other bytes: sending
 * again would not help, a person must look.
 */
export async function confirm(request: ConfirmRequest): Promise<ConfirmOutcome> {
  const { store, receipt, expected, source, signal } = request;
  const { key } = receipt;
  const stored = await store.head(key, signal);
  if (stored === undefined) return { kind: 'lost', why: 'it is not there' };
  const sinceMs = Math.max(receipt.atMs, stored.lastModifiedMs);
  const waitMs = sinceMs + (request.minAgeMs ?? DEFAULT_MIN_AGE_MS) - stored.storeTimeMs;
  if (waitMs > 0) return { kind: 'too-early', waitMs };
  const partSizeBytes = partSizeFor(source.sizeBytes, request.partSizeBytes ?? DEFAULT_PART_SIZE_BYTES);
  const equality = await compareStored({ store, key, stored, expected, source, partSizeBytes }, signal);
  if (equality.kind === 'other') return { kind: 'lost', why: equality.why };
  await checkSample(request);
  const atMs = stored.storeTimeMs;
  return { kind: 'confirmed', confirmation: { segment: request.segment, key, atMs } as Confirmation };
}

async function checkSample({ store, receipt, source, signal, random = Math.random }: ConfirmRequest): Promise<void> {
  const { key } = receipt;
  const sizeBytes = Math.min(SAMPLE_BYTES, source.sizeBytes);
  const offsetBytes = Math.floor(random() * (source.sizeBytes - sizeBytes + 1));
  if (await isRangeEqual({ store, key, source, offsetBytes, sizeBytes }, signal)) return;
  const what = `the checksum of ${key} is right, but ${sizeBytes} bytes at ${offsetBytes} are others`;
  throw new StoreError('store-proof-failed', redact(what));
}
