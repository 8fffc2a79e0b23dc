import { describe, expect, it } from 'vitest';
import type { FailureCode } from '../../src/domain/failures.js';
import { type ObjectKey, parseObjectKey } from '../../src/domain/ids.js';
import type { UploadCheckpoint } from '../../src/domain/receipt.js';
import { type BufferPool, createBufferPool } from '../../src/object-store/buffer-pool.js';
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
const EXPECTED = expectedOf(BYTES);
const signal = AbortSignal.timeout(60_000);

describe('uploadObject', () => {
  it('sends an object in parts and gives a receipt for what the store shows', async () => {
    const { store, counts, upload } = scene();
    const checkpoints: (UploadCheckpoint | null)[] = [];
    const receipt = await upload({ onCheckpoint: async (checkpoint) => void checkpoints.push(checkpoint) });
    expect(receipt).toMatchObject({ key: KEYS.preferred, sizeBytes: BYTES.length, proof: 'full-crc32' });
    expect(await store.head(KEYS.preferred, signal)).toMatchObject({ crc32Hex: EXPECTED.crc32Hex });
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

  it('does not believe the store of a key where damage was found, and leaves what is there alone', async () => {
    const { counts, upload } = scene();
    await upload({});
    counts.head = 0;
    expect(await upload({ avoid: [KEYS.preferred] })).toMatchObject({ key: KEYS.rival });
    expect(counts).toMatchObject({ head: 2, createUpload: 2 });
    await expect(upload({ avoid: Object.values(KEYS) })).rejects.toMatchObject({ code: 'store-key-taken' });
  });

  it('fails loudly when other bytes are at both keys', async () => {
    const { store, upload } = scene();
    for (const key of Object.values(KEYS)) await store.putSmall(key, Buffer.from('other'), {}, signal);
    await expect(upload({})).rejects.toMatchObject({ code: 'store-key-taken' });
  });

  it('takes an object of another recording for other bytes, though size and checksum agree', async () => {
    const { store, upload } = scene();
    await store.putSmall(KEYS.preferred, BYTES, { 'recording-sha256': 'f'.repeat(64) }, signal);
    expect(await upload({})).toMatchObject({ key: KEYS.rival });
  });

  it('fails loudly when what it has just made is not what it sent', async () => {
    const { store, upload, before } = scene();
    before('head', 2, async () => await store.putSmall(KEYS.preferred, bytesOf(BYTES.length, 7), {}, signal));
    await expect(upload({})).rejects.toMatchObject({ code: 'store-proof-failed' });
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

  it('never believes what the store lists: parts of another size or other bytes, and gaps, are sent again', async () => {
    const { store, counts, upload } = scene();
    const checkpoint = await begun(store);
    await put(store, checkpoint, 1, BYTES.subarray(0, PART_SIZE_BYTES));
    await put(store, checkpoint, 2, BYTES.subarray(PART_SIZE_BYTES, 2 * PART_SIZE_BYTES - 1));
    await put(store, checkpoint, 3, bytesOf(PART_SIZE_BYTES, 9));
    counts.putPart = 0;
    expect(await upload({ checkpoint })).toMatchObject({ proof: 'full-crc32' });
    expect(counts).toMatchObject({ putPart: 3, createUpload: 1 });
  });

  it('finds the right one among parts that were sent more than once', async () => {
    const { store, counts, upload } = scene();
    const checkpoint = await begun(store);
    for (const bytes of [
      bytesOf(PART_SIZE_BYTES, 8),
      BYTES.subarray(0, PART_SIZE_BYTES),
      bytesOf(PART_SIZE_BYTES, 9),
    ]) {
      await put(store, checkpoint, 1, bytes);
    }
    counts.putPart = 0;
    await upload({ checkpoint });
    expect(counts).toMatchObject({ putPart: 3 });
  });

  it('knows a part by its CRC-32 where the store lists that, and its ETag says nothing', async () => {
    const { store, counts, upload } = scene();
    const checkpoint = await begun(store);
    for (const [index, bytes] of [BYTES.subarray(0, PART_SIZE_BYTES), bytesOf(PART_SIZE_BYTES, 8)].entries()) {
      await put(store, checkpoint, index + 1, bytes);
    }
    const listParts = store.listParts.bind(store);
    store.listParts = async (...args) =>
      (await listParts(...args))?.map((part, index) => ({
        ...part,
        crc32Hex: index === 0 ? expectedOf(BYTES.subarray(0, PART_SIZE_BYTES)).crc32Hex : '00000000',
      }));
    counts.putPart = 0;
    expect(await upload({ checkpoint })).toMatchObject({ proof: 'full-crc32' });
    expect(counts).toMatchObject({ putPart: 3, createUpload: 1 });
  });

  it('goes on with the part size it began with, whatever the setting is now', async () => {
    const { store, counts, upload } = scene();
    const checkpoint = await begun(store);
    await put(store, checkpoint, 1, BYTES.subarray(0, PART_SIZE_BYTES));
    counts.putPart = 0;
    await upload({ checkpoint, partSizeBytes: 8 * MIB });
    expect(counts).toMatchObject({ putPart: 3 });
  });

  it('begins anew when the store forgot the upload', async () => {
    const { store, counts, upload } = scene();
    const checkpoint = await begun(store);
    await store.abort(checkpoint, signal);
    const checkpoints: (UploadCheckpoint | null)[] = [];
    await upload({ checkpoint, onCheckpoint: async (last) => void checkpoints.push(last) });
    expect(counts).toMatchObject({ createUpload: 2, putPart: 4 });
    expect(checkpoints).toMatchObject([null, { key: KEYS.preferred }, null]);
  });

  it('begins anew when the upload vanishes while its parts are sent', async () => {
    const { store, counts, upload, before } = scene();
    before('putPart', 3, async () => await store.abort({ ...(await firstUpload(store)), partSizeBytes: 1 }, signal));
    expect(await upload({})).toMatchObject({ key: KEYS.preferred });
    expect(counts).toMatchObject({ createUpload: 2, complete: 1 });
  });

  it('takes a lost answer to Complete for what it was, and leaves nothing behind', async () => {
    const { store, counts, upload, failOnce } = scene();
    failOnce('complete', 'after');
    expect(await upload({})).toMatchObject({ key: KEYS.preferred });
    expect(counts).toMatchObject({ complete: 1, putPart: 4 });
    expect(await uploadsOf(store)).toEqual([]);
  });

  it('completes again when Complete never arrived, and sends no part again', async () => {
    const { counts, upload, failOnce } = scene();
    failOnce('complete', 'before');
    await upload({});
    expect(counts).toMatchObject({ complete: 2, putPart: 4, createUpload: 1 });
  });

  it('has no use for its own upload when another one was faster, and drops it', async () => {
    const { store, upload, before } = scene();
    before('complete', 1, async () => void (await upload({})));
    expect(await upload({})).toMatchObject({ key: KEYS.preferred });
    expect(await uploadsOf(store)).toEqual([]);
  });

  it.each(['two uploads', 'the same upload'])('may run twice at once (%s)', async (which) => {
    const { store, upload } = scene();
    const checkpoint = which === 'the same upload' ? await begun(store) : null;
    const [first, second] = await Promise.all([upload({ checkpoint }), upload({ checkpoint })]);
    expect(first.key).toBe(second.key);
    expect(await store.head(KEYS.preferred, signal)).toMatchObject({ crc32Hex: EXPECTED.crc32Hex });
    expect(await uploadsOf(store)).toEqual([]);
  });

  it('drops an upload for the rival key once the preferred one is free again', async () => {
    const { store, upload } = scene();
    const checkpoint = await begun(store, KEYS.rival);
    expect(await upload({ checkpoint })).toMatchObject({ key: KEYS.preferred });
    expect(await uploadsOf(store)).toEqual([]);
  });

  it('settles the parts in flight before it fails, and begins no other', async () => {
    const { counts, upload, failOnce } = scene();
    failOnce('putPart', 'before', 1);
    const kinds: string[] = [];
    const failing = upload({ partsInFlight: 2, onProgress: (_bytes, kind) => void kinds.push(kind) });
    await expect(failing).rejects.toMatchObject({ code: 'store-unreachable' });
    expect(counts.putPart).toBe(2);
    expect(kinds).toEqual(['sent']);
  });

  it('reads and sends a part again that arrived changed, but not for ever', async () => {
    const { counts, upload, failOnce } = scene();
    let reads = 0;
    const inner = sourceOf(BYTES);
    const read = (into: Uint8Array, offsetBytes: number) => {
      reads++;
      return inner.read(into, offsetBytes);
    };
    failOnce('putPart', 'before', 1, 'store-rejected-bytes');
    await upload({ source: { ...inner, read }, partsInFlight: 1 });
    expect({ reads, sent: counts.putPart }).toEqual({ reads: 5, sent: 5 });
    const again = scene();
    for (const nth of [1, 2, 3]) again.failOnce('putPart', 'before', nth, 'store-rejected-bytes');
    await expect(again.upload({ partsInFlight: 1 })).rejects.toMatchObject({ code: 'store-rejected-bytes' });
  });

  it('makes no object of a recording that changed in the spool', async () => {
    const { store, upload } = scene();
    const changed = Uint8Array.from(BYTES);
    changed[7] = (changed[7] ?? 0) ^ 1;
    await expect(upload({ source: sourceOf(changed) })).rejects.toMatchObject({ code: 'spool-failing' });
    await expect(upload({ source: sourceOf(BYTES.subarray(1)) })).rejects.toMatchObject({ code: 'spool-failing' });
    expect(await store.head(KEYS.preferred, signal)).toBeUndefined();
  });

  it.each([
    { how: 'by the ETag of its parts', partSizeBytes: PART_SIZE_BYTES, proof: 'part-etags' },
    { how: 'by reading it back', partSizeBytes: 8 * MIB, proof: 'read-back' },
  ])('proves an object $how when the store shows no checksum', async ({ partSizeBytes, proof }) => {
    const { upload } = scene({ showsChecksum: false });
    expect(await upload({})).toMatchObject({ proof: 'part-etags' });
    expect(await upload({ partSizeBytes })).toMatchObject({ proof });
  });

  it('holds no more memory than the pool has, however many uploads run', async () => {
    const { upload } = scene();
    let out = 0;
    let most = 0;
    const inner = createBufferPool(3);
    const pool: BufferPool = {
      acquire: async (sizeBytes, ending) => {
        const { bytes, release } = await inner.acquire(sizeBytes, ending);
        most = Math.max(most, ++out);
        return {
          bytes,
          release: () => {
            out--;
            release();
          },
        };
      },
    };
    await Promise.all([upload({ pool }), upload({ pool })]);
    expect({ out, most }).toEqual({ out: 0, most: 3 });
  });
});

async function begun(store: MemoryStore, key = KEYS.preferred): Promise<UploadCheckpoint> {
  const { uploadId } = await store.createUpload(key, {}, signal);
  return { key, uploadId, partSizeBytes: PART_SIZE_BYTES };
}

async function put(store: MemoryStore, checkpoint: UploadCheckpoint, number: number, bytes: Uint8Array): Promise<void> {
  const crc32Hex = expectedOf(bytes).crc32Hex;
  await store.putPart(checkpoint, { number, offsetBytes: 0, sizeBytes: bytes.length, crc32Hex }, bytes, signal);
}

async function uploadsOf(store: MemoryStore) {
  const uploads: { key: ObjectKey; uploadId: string }[] = [];
  for await (const { key, uploadId } of store.listUploads('', signal)) uploads.push({ key, uploadId });
  return uploads;
}

async function firstUpload(store: MemoryStore) {
  const [first] = await uploadsOf(store);
  if (first === undefined) throw new Error('no upload');
  return first;
}

/** A store in memory that counts what it is asked, and fails or does something else first where it is told to. */
function scene(options: MemoryStoreOptions = {}) {
  const counts: Partial<Record<MemoryRequest['operation'], number>> = {};
  const hooks: { operation: string; when: string; nth: number; act: () => Promise<void> }[] = [];
  const onRequest = async ({ operation, when }: MemoryRequest): Promise<void> => {
    if (when === 'before') counts[operation] = (counts[operation] ?? 0) + 1;
    const nth = counts[operation];
    const at = hooks.findIndex((hook) => hook.operation === operation && hook.when === when && hook.nth === nth);
    if (at !== -1) await hooks.splice(at, 1)[0]?.act();
  };
  const store = new MemoryStore({ ...options, onRequest });
  const upload = (changes: Partial<UploadObjectRequest>) =>
    uploadObject({
      store,
      keys: KEYS,
      source: sourceOf(BYTES),
      expected: EXPECTED,
      metadata: { 'recording-sha256': EXPECTED.sha256Hex },
      checkpoint: null,
      onCheckpoint: async () => {},
      pool: createBufferPool(4),
      partSizeBytes: PART_SIZE_BYTES,
      signal,
      ...changes,
    });
  const failOnce = (
    operation: MemoryRequest['operation'],
    when: MemoryRequest['when'],
    nth = 1,
    code: FailureCode = 'store-unreachable',
  ): void => {
    const act = () => Promise.reject(new StoreError(code, redact(`${operation} ${nth}`)));
    hooks.push({ operation, when, nth, act });
  };
  const before = (operation: MemoryRequest['operation'], nth: number, act: () => Promise<void>): void =>
    void hooks.push({ operation, when: 'before', nth, act });
  return { store, counts, upload, failOnce, before };
}
