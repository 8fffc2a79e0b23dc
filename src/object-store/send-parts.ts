import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { crc32Combine, crc32Hex } from '../domain/crc32.js';
import type { ByteSource, UploadCheckpoint } from '../domain/receipt.js';
import type { BufferPool } from './buffer-pool.js';
import type { ByteRate } from './byte-rate.js';
import { type ObjectStore, type StoredPart, StoreError } from './object-store.js';
import { type PlannedPart, planParts } from './part-plan.js';

interface PartSending {
  readonly store: Pick<ObjectStore, 'putPart'>;
  readonly checkpoint: UploadCheckpoint;
  readonly source: ByteSource;
  readonly pool: BufferPool;
  readonly rate: ByteRate | null;
  readonly partsInFlight: number;
  /** What the store has of this upload already; numbers may repeat. */
  readonly listed: readonly StoredPart[];
  /** Told once a part is safe, kept or sent. */
  readonly onProgress: (progress: PartProgress) => void;
}

/** One part that is safe in the store now, in bytes of the segment. */
export interface PartProgress {
  readonly bytes: number;
  /** `kept`: an earlier attempt had sent it. */
  readonly kind: 'sent' | 'kept';
}

/** What `complete` of a store wants to have. */
export interface SentParts {
  /** All of them, in order. */
  readonly parts: readonly StoredPart[];
  /** Of the whole, as it was read just now. */
  readonly crc32Hex: string;
}

interface Done {
  readonly stored: StoredPart;
  readonly crc: number;
}

/** A part that arrives changed is read and sent again; more often than this it is not chance. */
const TRIES_AGAINST_CHANGED_BYTES = 3;

/**
 * Sends what the store lacks. When one part fails no new one is begun, those in flight run to their own end (their bytes would be sent twice
 * otherwise), and then it throws: nothing is in flight when this returns or throws.
 */
export async function sendParts(sending: PartSending, signal: AbortSignal): Promise<SentParts> {
  const plan = planParts(sending.source.sizeBytes, sending.checkpoint.partSizeBytes);
  const done = new Map<number, Done>();
  const queue = plan.values();
  let hasFailed = false;
  const sendSome = async (): Promise<void> => {
    try {
      while (!hasFailed) {
        const next = queue.next();
        if (next.done === true) return;
        done.set(next.value.number, await settle(sending, next.value, signal));
      }
    } catch (error) {
      hasFailed = true;
      throw error;
    }
  };
  const senders = await Promise.allSettled(Array.from({ length: sending.partsInFlight }, sendSome));
  for (const sender of senders) if (sender.status === 'rejected') throw sender.reason;
  return summed(plan, done);
}

async function settle(sending: PartSending, part: PlannedPart, signal: AbortSignal): Promise<Done> {
  const buffer = await sending.pool.acquire(part.sizeBytes, signal);
  try {
    await sending.source.read(buffer.bytes, part.offsetBytes);
    const kept = sameAs(
      buffer.bytes,
      sending.listed.filter(({ number }) => number === part.number),
    );
    const done =
      kept === undefined ? await send(sending, part, buffer.bytes, signal) : { stored: kept, crc: crc32(buffer.bytes) };
    sending.onProgress({ bytes: part.sizeBytes, kind: kept === undefined ? 'sent' : 'kept' });
    return done;
  } finally {
    buffer.release();
  }
}

/**
 * By the CRC-32 where the store lists it, else by the ETag, which is the MD5 of the bytes. A part that was sent twice is listed twice, in
 * no order.
 */
function sameAs(bytes: Uint8Array, candidates: readonly StoredPart[]): StoredPart | undefined {
  const sized = candidates.filter(({ sizeBytes }) => sizeBytes === bytes.length);
  if (sized.length === 0) return undefined;
  const crc = crc32Hex(crc32(bytes));
  const known = sized.find((candidate) => candidate.crc32Hex === crc);
  if (known !== undefined || sized.every((candidate) => candidate.crc32Hex !== undefined)) return known;
  const etag = createHash('md5').update(bytes).digest('hex');
  return sized.find((candidate) => candidate.crc32Hex === undefined && candidate.etag === etag);
}

async function send(sending: PartSending, part: PlannedPart, bytes: Uint8Array, signal: AbortSignal): Promise<Done> {
  for (let attempt = 1; ; attempt++) {
    const crc = crc32(bytes);
    await sending.rate?.take(bytes.length, signal);
    try {
      const stored = await sending.store.putPart(
        sending.checkpoint,
        { ...part, crc32Hex: crc32Hex(crc) },
        bytes,
        signal,
      );
      return { stored, crc };
    } catch (error) {
      const isChanged = error instanceof StoreError && error.code === 'store-rejected-bytes';
      if (!isChanged || attempt === TRIES_AGAINST_CHANGED_BYTES) throw error;
      await sending.source.read(bytes, part.offsetBytes);
    }
  }
}

function summed(plan: readonly PlannedPart[], done: ReadonlyMap<number, Done>): SentParts {
  const parts: StoredPart[] = [];
  let crc = 0;
  for (const part of plan) {
    const sent = done.get(part.number);
    if (sent === undefined) throw new Error(`part ${part.number} was never settled`);
    parts.push({ ...sent.stored, crc32Hex: crc32Hex(sent.crc) });
    crc = crc32Combine(crc, sent.crc, part.sizeBytes);
  }
  return { parts, crc32Hex: crc32Hex(crc) };
}
