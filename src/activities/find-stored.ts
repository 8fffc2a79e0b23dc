import { type ObjectKey, partsOf, type SegmentId, sessionStartMs } from '../domain/ids.js';
import { dayPrefixOf, objectKeysOf } from '../domain/object-key.js';
import type { Receipt } from '../domain/receipt.js';
import type { SealedSegment } from '../domain/segment.js';
import { segmentFromMetadata } from '../object-store/coverage-metadata.js';
import type { ObjectStore, StoredObject } from '../object-store/object-store.js';
import type { FindStored } from './upload.js';

type Reading = Pick<ObjectStore, 'head' | 'list'>;

/**
 * Finds a segment in the store by what its object says of itself. Only the store's own checksum of the whole counts as proof; where it
 * shows none, the segment counts as missing and a person looks.
 */
export function findStoredIn(store: Reading): FindStored {
  return async ({ id, segment, fromMs, sizeBytes }, signal) => {
    if (segment !== null) return await findAt(store, Object.values(objectKeysOf(segment)), segment, signal);
    const { camera, session } = partsOf(id);
    const prefix = dayPrefixOf(camera, fromMs ?? sessionStartMs(session));
    for await (const listed of store.list(prefix, signal)) {
      if (sizeBytes !== null && listed.sizeBytes !== sizeBytes) continue;
      const receipt = await ifOfSegment(store, listed.key, id, signal);
      if (receipt !== undefined) return receipt;
    }
    return undefined;
  };
}

async function findAt(
  store: Reading,
  keys: readonly ObjectKey[],
  segment: SealedSegment,
  signal: AbortSignal,
): Promise<Receipt | undefined> {
  for (const key of keys) {
    const stored = await store.head(key, signal);
    if (stored !== undefined && isEqual(stored, segment)) return receiptOf(key, stored);
  }
  return undefined;
}

async function ifOfSegment(
  store: Reading,
  key: ObjectKey,
  id: SegmentId,
  signal: AbortSignal,
): Promise<Receipt | undefined> {
  const stored = await store.head(key, signal);
  if (stored === undefined) return undefined;
  const said = segmentFromMetadata(stored.metadata);
  return said !== undefined && said.id === id && isEqual(stored, said) ? receiptOf(key, stored) : undefined;
}

function isEqual(stored: StoredObject, segment: SealedSegment): boolean {
  return stored.sizeBytes === segment.sizeBytes && stored.crc32Hex === segment.crc32Hex;
}

function receiptOf(key: ObjectKey, { sizeBytes, storeTimeMs }: StoredObject): Receipt {
  return { key, sizeBytes, proof: 'full-crc32', atMs: storeTimeMs };
}
