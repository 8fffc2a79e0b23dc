/** Two recorders that have one camera at the same moment send different bytes to the same key. The store's condition is no lock (ADR 10). */
import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { type ObjectKey, parseObjectKey, parseSegmentId } from '../../src/domain/ids.js';
import type { Receipt } from '../../src/domain/receipt.js';
import { createBufferPool } from '../../src/object-store/buffer-pool.js';
import { confirm } from '../../src/object-store/confirm.js';
import { MemoryStore } from '../../src/object-store/memory.js';
import type { ObjectStore } from '../../src/object-store/object-store.js';
import { createS3Store } from '../../src/object-store/s3.js';
import { uploadObject } from '../../src/object-store/upload-object.js';
import { bytesOf, expectedOf, sourceOf } from './byte-source.js';

const SEGMENT = parseSegmentId('camera-1_20251214T013002Z-7f3a_0007');
const RECORDERS = 3;
const ROUNDS = 5;
const signal = AbortSignal.timeout(25_000);
// Everything here listens to it at once.
setMaxListeners(0, signal);

/** Uploads and confirms as a worker does, again when the store lost it. */
function recorderOf(preferred: ObjectKey, seed: number) {
  const bytes = bytesOf(20_000 + seed, seed + 1);
  const [source, expected] = [sourceOf(bytes), expectedOf(bytes)];
  const rival = parseObjectKey(preferred.replace('.mp4', `_${seed}.mp4`));
  let receipt: Receipt | null = null;
  const upload = async (store: ObjectStore): Promise<Receipt> => {
    receipt = await uploadObject({
      ...{ store, source, expected, signal, checkpoint: null, onCheckpoint: async () => {} },
      keys: { preferred, rival },
      metadata: { 'recording-sha256': expected.sha256Hex },
      pool: createBufferPool(1),
    });
    return receipt;
  };
  const confirmed = async (store: ObjectStore): Promise<string> => {
    if (receipt === null) throw new Error('nothing is stored yet');
    return (await confirm({ ...{ store, source, expected, receipt, signal }, segment: SEGMENT, minAgeMs: -1 })).kind;
  };
  const isWhole = async (store: ObjectStore): Promise<boolean> => {
    if (receipt === null) return false;
    return bytes.equals(await store.read(receipt.key, { offsetBytes: 0, sizeBytes: bytes.length + 1 }, signal));
  };
  return { preferred, rival, upload, confirmed, isWhole };
}

/** Everyone completes when all are there. */
function meeting(store: ObjectStore, guests: number): ObjectStore {
  let come: () => void = () => undefined;
  const all = new Promise<void>((resolve) => {
    let count = 0;
    come = () => void (++count === guests && resolve());
  });
  return {
    ...methodsOf(store),
    complete: async (...args) => {
      come();
      await all;
      return await store.complete(...args);
    },
  };
}

function methodsOf(store: ObjectStore): ObjectStore {
  const { head, read, list, listUploads, putSmall, ensureBucket, createUpload, putPart, listParts, complete } = store;
  const { abort, delete: remove, close } = store;
  const methods = { head, read, list, listUploads, putSmall, ensureBucket, createUpload, putPart, listParts, complete };
  const all = { ...methods, abort, delete: remove, close };
  return Object.fromEntries(Object.entries(all).map(([name, method]) => [name, method.bind(store)])) as never;
}

describe('two recorders, one key', () => {
  it('on SeaweedFS every one is stored and confirmed in the end, whoever wins', async () => {
    const bucket = `race-${randomBytes(4).toString('hex')}`;
    const store = createS3Store({ ...inject('s3'), region: 'us-east-1', bucket });
    onTestFinished(() => store.close());
    await store.ensureBucket(signal);
    const rounds = Array.from({ length: ROUNDS }, async (_, round) => {
      const preferred = parseObjectKey(`camera-1/20251214/01-3${round}-00_camera-1.mp4`);
      const recorders = Array.from({ length: RECORDERS }, (_, seed) => recorderOf(preferred, seed));
      const together = meeting(store, RECORDERS);
      await Promise.all(recorders.map(async ({ upload }) => await upload(together)));
      for (const { confirmed, upload } of recorders) if ((await confirmed(store)) === 'lost') await upload(store);
      for (const { confirmed, isWhole } of recorders) {
        expect(await confirmed(store)).toBe('confirmed');
        expect(await isWhole(store)).toBe(true);
      }
    });
    await Promise.all(rounds);
  });

  it('one that is overwritten before it has looked uses its other key at once', async () => {
    const store = new MemoryStore();
    const key = parseObjectKey('camera-1/20251214/01-30-00_camera-1.mp4');
    const [first, second] = [recorderOf(key, 1), recorderOf(key, 2)];
    const overtaken: ObjectStore = {
      ...methodsOf(store),
      complete: async (...args) => {
        const done = await store.complete(...args);
        if (args[0].key === key) await overwrite(store, key, second);
        return done;
      },
    };
    expect(await first.upload(overtaken)).toMatchObject({ key: first.rival });
    for (const { confirmed } of [first, second]) expect(await confirmed(store)).toBe('confirmed');
  });

  it('one that is overwritten after its receipt finds out before its recording may be deleted', async () => {
    const store = new MemoryStore();
    const key = parseObjectKey('camera-1/20251214/01-30-00_camera-1.mp4');
    const [first, second] = [recorderOf(key, 1), recorderOf(key, 2)];
    expect(await first.upload(store)).toMatchObject({ key });
    await overwrite(store, key, second);
    expect(await first.confirmed(store)).toBe('lost');
    expect(await first.upload(store)).toMatchObject({ key: first.rival });
    for (const { confirmed } of [first, second]) expect(await confirmed(store)).toBe('confirmed');
  });
});

/** As a store does it that asked "is it there?" of both before it made either. */
async function overwrite(store: MemoryStore, key: ObjectKey, by: ReturnType<typeof recorderOf>): Promise<void> {
  await store.delete([key], signal);
  expect(await by.upload(store)).toMatchObject({ key });
}
