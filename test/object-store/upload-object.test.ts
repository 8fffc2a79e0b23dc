import { describe, expect, it } from 'vitest';
import { parseObjectKey } from '../../src/domain/ids.js';
import type { UploadCheckpoint } from '../../src/domain/receipt.js';
import { createBufferPool } from '../../src/object-store/buffer-pool.js';
import { type MemoryRequest, MemoryStore, type MemoryStoreOptions } from '../../src/object-store/memory.js';
import { StoreError } from '../../src/object-store/object-store.js';
import { type UploadObjectRequest, uploadObject } from '../../src/object-store/upload-object.js';
import { redact } from '../../src/redact.js';
import { bytesOf, expectedOf, sourceOf } from './byte-source.js';

const KEYS = {
  preferred: parseObjectKey('camera-1/20251214/01-30-00_camera-1.mp4'),
  rival: parseObjectKey('camera-1/20251214/01-30-00_camera-1_20251214T013000Z-7f3a-0.mp4'),
};
const MIB = 1024 * 1024;
const PART_SIZE_BYTES = 5 * MIB;
const BYTES = bytesOf(3 * PART_SIZE_BYTES + 12_345);
const signal = AbortSignal.timeout(60_000);

describe('uploadObject', () => {
  it('sends an object in parts and gives a receipt for what the store shows', async () => {
    const { store, counts, upload } = scene();
    const checkpoints: (UploadCheckpoint | null)[] = [];
    const receipt = await upload({ onCheckpoint: async (checkpoint) => void checkpoints.push(checkpoint) });
    expect(receipt).toMatchObject({ key: KEYS.preferred, sizeBytes: BYTES.length, proof: 'full-crc32' });
    expect(await store.head(KEYS.preferred, signal)).toMatchObject({ crc32Hex: expectedOf(BYTES).crc32Hex });
    expect(counts).toMatchObject({ createUpload: 1, putPart: 4, complete: 1 });
    expect(checkpoints).toMatchObject([{ key: KEYS.preferred, partSizeBytes: PART_SIZE_BYTES }, null]);
  });

  it('sends nothing when the object is there already', async () => {
    const { counts, upload } = scene();
    const first = await upload({});
    expect(await upload({})).toEqual({ ...first, atMs: expect.any(Number) });
    expect(counts).toMatchObject({ createUpload: 1, putPart: 4, complete: 1 });
  });

  it('sends no byte before the checkpoint is durable', async () => {
    const { counts, upload } = scene();
    const failing = upload({ onCheckpoint: () => Promise.reject(new Error('disk full')) });
    await expect(failing).rejects.toThrow('disk full');
    expect(counts).toMatchObject({ createUpload: 1 });
    expect(counts.putPart).toBeUndefined();
  });

  it('uses the rival key when other bytes are at the preferred one, and leaves those alone', async () => {
    const { store, upload } = scene();
    await store.putSmall(KEYS.preferred, Buffer.from('other'), {}, signal);
    expect(await upload({})).toMatchObject({ key: KEYS.rival });
    expect(await store.head(KEYS.preferred, signal)).toMatchObject({ sizeBytes: 5 });
  });

  it('fails loudly when other bytes are at both keys', async () => {
    const { store, upload } = scene();
    for (const key of Object.values(KEYS)) await store.putSmall(key, Buffer.from('other'), {}, signal);
    await expect(upload({})).rejects.toMatchObject({ code: 'store-key-taken' });
  });

  it('takes an object of another recording for other bytes, though size and checksum agree', async () => {
    const { store, upload } = scene();
    const mislabelled = upload({ metadata: { 'recording-sha256': 'f'.repeat(64) } });
    await expect(mislabelled).rejects.toMatchObject({ code: 'store-proof-failed' });
    expect(await store.head(KEYS.preferred, signal)).toBeDefined();
    expect(await upload({})).toMatchObject({ key: KEYS.rival });
  });

  it('goes on where a failed upload stopped: parts the store has are not sent again', async () => {
    const { counts, upload, failOnce } = scene();
    let checkpoint: UploadCheckpoint | null = null;
    failOnce('putPart', 'before', 3);
    const first = upload({ partsInFlight: 1, onCheckpoint: async (last) => void (checkpoint = last) });
    await expect(first).rejects.toMatchObject({ code: 'store-unreachable' });
    expect(checkpoint).not.toBeNull();
    counts.putPart = 0;
    const kinds: string[] = [];
    await upload({ checkpoint, onProgress: (_bytes, kind) => void kinds.push(kind) });
    expect(counts).toMatchObject({ createUpload: 1, putPart: 2 });
    expect(kinds.sort()).toEqual(['kept', 'kept', 'sent', 'sent']);
  });
});

function scene(options: MemoryStoreOptions = {}) {
  const counts: Partial<Record<MemoryRequest['operation'], number>> = {};
  const faults: { operation: string; when: string; nth: number }[] = [];
  const onRequest = ({ operation, when, target }: MemoryRequest): void => {
    if (when === 'before') counts[operation] = (counts[operation] ?? 0) + 1;
    const at = faults.findIndex((f) => f.operation === operation && f.when === when && f.nth === counts[operation]);
    if (at === -1) return;
    faults.splice(at, 1);
    throw new StoreError('store-unreachable', redact(`${operation} ${target}: connection reset`));
  };
  const store = new MemoryStore({ ...options, onRequest });
  const upload = (changes: Partial<UploadObjectRequest>) =>
    uploadObject({
      store,
      keys: KEYS,
      source: sourceOf(BYTES),
      expected: expectedOf(BYTES),
      metadata: { 'recording-sha256': expectedOf(BYTES).sha256Hex },
      checkpoint: null,
      onCheckpoint: async () => {},
      pool: createBufferPool(4),
      partSizeBytes: PART_SIZE_BYTES,
      signal,
      ...changes,
    });
  const failOnce = (operation: MemoryRequest['operation'], when: MemoryRequest['when'], nth = 1): void =>
    void faults.push({ operation, when, nth });
  return { store, counts, upload, failOnce };
}
