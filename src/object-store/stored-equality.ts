import { createHash } from 'node:crypto';
import type { ObjectKey } from '../domain/ids.js';
import type { ByteSource, Receipt } from '../domain/receipt.js';
import { RECORDING_SHA256_KEY } from './coverage-metadata.js';
import type { ObjectStore, StoredObject } from './object-store.js';
import { planParts } from './part-plan.js';

/** What a sealed segment says of itself. */
export interface ExpectedObject {
  readonly sizeBytes: number;
  /** Of the whole object. */
  readonly crc32Hex: string;
  /** Of the recorded bytes inside it; compared with the metadata of what is found. */
  readonly sha256Hex: string;
}

type Equality =
  | { readonly kind: 'equal'; readonly proof: Receipt['proof'] }
  /** `isAnother`: it says itself that it is not ours. */
  | { readonly kind: 'other'; readonly why: string; readonly isAnother: boolean };

interface Comparison {
  readonly store: Pick<ObjectStore, 'read'>;
  readonly key: ObjectKey;
  readonly stored: StoredObject;
  readonly expected: ExpectedObject;
  readonly source: ByteSource;
  /** Of the upload that may have made it. */
  readonly partSizeBytes: number;
}

const READ_BACK_BYTES = 4 * 1024 * 1024;

/**
 * Whether the object in the store is the one in the spool, by the cheapest proof there is: the store's CRC-32 of the whole; else the ETag made of
 * the parts' MD5s; else every byte read back.
 */
export async function compareStored(comparison: Comparison, signal: AbortSignal): Promise<Equality> {
  const { stored, expected } = comparison;
  const sha256Hex = stored.metadata[RECORDING_SHA256_KEY];
  if (sha256Hex !== undefined && sha256Hex !== expected.sha256Hex) {
    return { kind: 'other', why: 'it holds another recording', isAnother: true };
  }
  if (stored.sizeBytes !== expected.sizeBytes) return other(`it has ${stored.sizeBytes} bytes`);
  if (stored.crc32Hex !== null) {
    return stored.crc32Hex === expected.crc32Hex ? equal('full-crc32') : other(`its CRC-32 is ${stored.crc32Hex}`);
  }
  if (await hasOurEtag(comparison, signal)) return equal('part-etags');
  return await readBack(comparison, signal);
}

/** Only the part size of our own upload is tried: with another one the ETag says nothing. */
async function hasOurEtag({ stored, source, partSizeBytes }: Comparison, signal: AbortSignal): Promise<boolean> {
  const parts = planParts(source.sizeBytes, partSizeBytes);
  if (!stored.etag.endsWith(`-${parts.length}`)) return false;
  const ofParts = createHash('md5');
  const buffer = Buffer.allocUnsafe(partSizeBytes);
  for (const part of parts) {
    signal.throwIfAborted();
    const bytes = buffer.subarray(0, part.sizeBytes);
    await source.read(bytes, part.offsetBytes);
    ofParts.update(createHash('md5').update(bytes).digest());
  }
  return stored.etag === `${ofParts.digest('hex')}-${parts.length}`;
}

async function readBack({ store, key, source }: Comparison, signal: AbortSignal): Promise<Equality> {
  for (const { offsetBytes, sizeBytes } of planParts(source.sizeBytes, READ_BACK_BYTES)) {
    if (!(await isRangeEqual({ store, key, source, offsetBytes, sizeBytes }, signal))) {
      return other(`its bytes differ after byte ${offsetBytes}`);
    }
  }
  return equal('read-back');
}

/** Reads a range from both sides. */
export async function isRangeEqual(
  range: Pick<Comparison, 'store' | 'key' | 'source'> & { readonly offsetBytes: number; readonly sizeBytes: number },
  signal: AbortSignal,
): Promise<boolean> {
  const { store, key, source, offsetBytes, sizeBytes } = range;
  const local = Buffer.allocUnsafe(sizeBytes);
  const [remote] = await Promise.all([
    store.read(key, { offsetBytes, sizeBytes }, signal),
    source.read(local, offsetBytes),
  ]);
  return local.equals(remote);
}

function equal(proof: Receipt['proof']): Equality {
  return { kind: 'equal', proof };
}

function other(why: string): Equality {
  return { kind: 'other', why, isAnother: false };
}
