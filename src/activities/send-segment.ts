import type { CameraId } from '../domain/ids.js';
import { objectKeysOf } from '../domain/object-key.js';
import type { SealedSegment } from '../domain/segment.js';
import type { BufferPool } from '../object-store/buffer-pool.js';
import type { ByteRate } from '../object-store/byte-rate.js';
import { metadataOf } from '../object-store/coverage-metadata.js';
import type { ObjectStore } from '../object-store/object-store.js';
import type { PartProgress } from '../object-store/send-parts.js';
import type { ExpectedObject } from '../object-store/stored-equality.js';
import { uploadObject } from '../object-store/upload-object.js';
import type { SendSegment } from './upload.js';

/** A part of a segment is safe in the store; must not throw. */
export type PartListener = (camera: CameraId, bytes: number, kind: PartProgress['kind']) => void;

interface SendOptions {
  readonly onPart?: PartListener | undefined;
  /** What all uploads share; null or absent: as fast as the line is. */
  readonly rate?: ByteRate | null;
}

/** Sends with the multipart upload of `object-store`. */
export function sendTo(store: ObjectStore, pool: BufferPool, { onPart, rate = null }: SendOptions = {}): SendSegment {
  return async ({ segment, source, checkpoint, avoid, onCheckpoint, onProgress, signal }) => {
    let sentBytes = 0;
    return await uploadObject({
      store,
      keys: objectKeysOf(segment),
      source,
      expected: expectedOf(segment),
      metadata: metadataOf(segment),
      checkpoint,
      avoid,
      onCheckpoint,
      pool,
      rate,
      onProgress: (bytes, kind) => {
        onPart?.(segment.camera, bytes, kind);
        sentBytes += bytes;
        onProgress(sentBytes);
      },
      signal,
    });
  };
}

/** From the sidecar alone, so it holds when the files are gone, too. */
export function expectedOf({ sizeBytes, crc32Hex, recording }: SealedSegment): ExpectedObject {
  return { sizeBytes, crc32Hex, sha256Hex: recording.sha256Hex };
}
