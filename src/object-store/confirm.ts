import type { SegmentId } from '../domain/ids.js';
import type { ByteSource, Confirmation, Receipt, UploadCheckpoint } from '../domain/receipt.js';
import type { ObjectStore } from './object-store.js';
import { DEFAULT_PART_SIZE_BYTES, partSizeFor, planParts } from './part-plan.js';
import { isAboutBytes, unreadable } from './read-back.js';
import { compareStored, type ExpectedObject, isRangeEqual } from './stored-equality.js';

/** A store may acknowledge from its page cache; within this time its kernel has written that back. */
export const DEFAULT_MIN_AGE_MS = 10 * 60_000;

/** Of every part: parts are stored apart, and one may be lost alone. */
const SAMPLE_BYTES = 4 * 1024;
const READS_AT_ONCE = 4;

/** What is asked again, and what it is compared with; `expected` and `source` come from the spool, never from the store. */
export interface ConfirmRequest {
  readonly store: Pick<ObjectStore, 'head' | 'read'>;
  readonly segment: SegmentId;
  readonly receipt: Receipt;
  readonly expected: ExpectedObject;
  /** Not closed here. */
  readonly source: ByteSource;
  /** Default 8 MiB, as in `uploadObject`. */
  readonly partSizeBytes?: UploadCheckpoint['partSizeBytes'];
  /** Default ten minutes. */
  readonly minAgeMs?: number;
  /** 0 ≤ random < 1: where in its part a sample is taken. */
  readonly random?: () => number;
  readonly signal: AbortSignal;
}

type ConfirmOutcome =
  | { readonly kind: 'confirmed'; readonly confirmation: Confirmation }
  /** By the store's clock. */
  | { readonly kind: 'too-early'; readonly waitMs: number }
  /** It is not there any more, or other bytes are: send it again. */
  | { readonly kind: 'lost'; readonly why: string }
  /** It shows the right checksum and gives other bytes: whoever sends it again must use another key. */
  | { readonly kind: 'damaged'; readonly why: string };

/**
 * Asks the store again, long enough after the receipt: same size, same checksum, and a random sample of each part can be read and is the
 * same. The only maker of a `Confirmation` (INV-2).
 * @throws StoreError when the store cannot be asked; `store-unreadable` when it has the object but does not give its bytes.
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
  const why = await firstDamage(request, partSizeBytes);
  if (why !== undefined) return { kind: 'damaged', why };
  const atMs = stored.storeTimeMs;
  return { kind: 'confirmed', confirmation: { segment: request.segment, key, atMs } as Confirmation };
}

interface Sample {
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

async function firstDamage(request: ConfirmRequest, partSizeBytes: number): Promise<string | undefined> {
  const { source, random = Math.random } = request;
  const samples = planParts(source.sizeBytes, partSizeBytes).map((part): Sample => {
    const sizeBytes = Math.min(SAMPLE_BYTES, part.sizeBytes);
    return { offsetBytes: part.offsetBytes + Math.floor(random() * (part.sizeBytes - sizeBytes + 1)), sizeBytes };
  });
  for (let first = 0; first < samples.length; first += READS_AT_ONCE) {
    const now = samples.slice(first, first + READS_AT_ONCE);
    const areEqual = await Promise.all(now.map(async (sample) => await isSampleEqual(request, sample)));
    const bad = now.find((_, index) => areEqual[index] === false);
    if (bad !== undefined) return `its checksum is right, but ${bad.sizeBytes} bytes at ${bad.offsetBytes} are others`;
  }
  return undefined;
}

/** Bytes that differ are read once more: what is between us and the store may have changed them. */
async function isSampleEqual({ store, receipt, source, signal }: ConfirmRequest, sample: Sample): Promise<boolean> {
  const range = { store, key: receipt.key, source, ...sample };
  try {
    return (await isRangeEqual(range, signal)) || (await isRangeEqual(range, signal));
  } catch (error) {
    if (!isAboutBytes(error)) throw error;
    // Where even this is not answered the store is away.
    await store.head(receipt.key, signal);
    throw unreadable(error);
  }
}
