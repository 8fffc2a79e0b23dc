import { describe, expect, it } from 'vitest';
import { parseObjectKey, parseSegmentId } from '../../src/domain/ids.js';
import type { Receipt } from '../../src/domain/receipt.js';
import { createBufferPool } from '../../src/object-store/buffer-pool.js';
import { type ConfirmRequest, confirm } from '../../src/object-store/confirm.js';
import { MemoryStore, type MemoryStoreOptions } from '../../src/object-store/memory.js';
import { type ObjectStore, StoreError } from '../../src/object-store/object-store.js';
import { uploadObject } from '../../src/object-store/upload-object.js';
import { redact } from '../../src/redact.js';
import { bytesOf, expectedOf, sourceOf } from './byte-source.js';

const KEY = parseObjectKey('camera-1/20251214/01-30-00_camera-1.mp4');
const SEGMENT = parseSegmentId('camera-1_20251214T013002Z-7f3a_0007');
const PART_SIZE_BYTES = 5 * 1024 * 1024;
const BYTES = bytesOf(2 * PART_SIZE_BYTES + 300_000);
const MINUTE_MS = 60_000;
const signal = AbortSignal.timeout(20_000);

describe('confirm', () => {
  it('confirms an object that is still equal ten minutes after its receipt', async () => {
    const { ask, wait, receipt } = await stored();
    wait(10 * MINUTE_MS);
    expect(await ask({})).toEqual({
      kind: 'confirmed',
      confirmation: { segment: SEGMENT, key: KEY, atMs: receipt.atMs + 10 * MINUTE_MS },
    });
  });

  it('says how long to wait before that', async () => {
    const { ask, wait } = await stored();
    wait(4 * MINUTE_MS);
    expect(await ask({})).toEqual({ kind: 'too-early', waitMs: 6 * MINUTE_MS });
    expect(await ask({ minAgeMs: 4 * MINUTE_MS })).toMatchObject({ kind: 'confirmed' });
  });

  it('counts the ten minutes from the last change of the object, not only from the receipt', async () => {
    const { store, ask, wait } = await stored();
    wait(9 * MINUTE_MS);
    await store.putSmall(KEY, BYTES, {}, signal);
    wait(2 * MINUTE_MS);
    expect(await ask({})).toEqual({ kind: 'too-early', waitMs: 8 * MINUTE_MS });
  });

  it.each([
    { what: 'is gone', change: (store: ObjectStore) => store.delete([KEY], signal) },
    { what: 'is empty', change: (store: ObjectStore) => store.putSmall(KEY, Buffer.alloc(0), {}, signal) },
    {
      what: 'has other bytes of the same size',
      change: (store: ObjectStore) => store.putSmall(KEY, bytesOf(BYTES.length, 2), {}, signal),
    },
  ])('finds lost what $what', async ({ change }) => {
    const { store, ask, wait } = await stored();
    await change(store);
    wait(10 * MINUTE_MS);
    expect(await ask({})).toMatchObject({ kind: 'lost' });
  });

  it.each([0, 0.5, 0.999_999])(
    'calls damaged what shows the right checksum but gives other bytes (at %d)',
    async (at) => {
      const { store, ask, wait } = await stored();
      wait(10 * MINUTE_MS);
      const rotten = reading(store, (bytes) => bytes.map((byte) => byte ^ 1));
      expect(await ask({ store: rotten, random: () => at })).toMatchObject({ kind: 'damaged' });
    },
  );

  it('reads a little of every part, so that none is missing unnoticed', async () => {
    const { store, ask, wait } = await stored();
    wait(10 * MINUTE_MS);
    const parts = new Set<number>();
    const counted = reading(store, (bytes, offsetBytes) => {
      parts.add(Math.floor(offsetBytes / PART_SIZE_BYTES));
      expect(bytes.length).toBeLessThanOrEqual(4_096);
      return bytes;
    });
    expect(await ask({ store: counted })).toMatchObject({ kind: 'confirmed' });
    expect(parts).toEqual(new Set([0, 1, 2]));
    for (const part of parts) {
      const lost = reading(store, (bytes, at) => (Math.floor(at / PART_SIZE_BYTES) === part ? bytes.fill(0) : bytes));
      expect(await ask({ store: lost })).toMatchObject({ kind: 'damaged' });
    }
  });

  it('asks once more before it calls an object damaged: the network may have changed the bytes', async () => {
    const { store, ask, wait } = await stored();
    wait(10 * MINUTE_MS);
    let reads = 0;
    const blip = reading(store, (bytes) => (++reads === 1 ? bytes.subarray(1) : bytes));
    expect(await ask({ store: blip })).toMatchObject({ kind: 'confirmed' });
    expect(reads).toBe(4);
  });

  it.each(['store-failing', 'store-unexpected', 'store-unreachable'] as const)(
    'says that the bytes cannot be read when the object is shown and reading it is answered %s',
    async (code) => {
      const { store, ask, wait } = await stored();
      wait(10 * MINUTE_MS);
      const unreadable = reading(store, () => {
        throw new StoreError(code, redact('read: 500 InternalError'));
      });
      await expect(ask({ store: unreadable })).rejects.toMatchObject({ code: 'store-unreadable' });
    },
  );

  it('reads everything back from a store that shows no checksum', async () => {
    const { store, ask, wait } = await stored({ showsChecksum: false });
    wait(20 * MINUTE_MS);
    expect(await ask({})).toMatchObject({ kind: 'confirmed' });
    await store.putSmall(KEY, BYTES, {}, signal);
    wait(20 * MINUTE_MS);
    expect(await ask({})).toMatchObject({ kind: 'confirmed' });
    const changed = Uint8Array.from(BYTES);
    changed[BYTES.length - 1] = (changed[BYTES.length - 1] ?? 0) ^ 1;
    await store.putSmall(KEY, changed, {}, signal);
    wait(20 * MINUTE_MS);
    expect(await ask({ random: () => 0 })).toMatchObject({ kind: 'lost' });
  });

  it('throws, and decides nothing, when the store cannot be asked', async () => {
    const { ask, wait } = await stored();
    wait(10 * MINUTE_MS);
    const silent: Pick<ObjectStore, 'head' | 'read'> = {
      head: () => Promise.reject(new StoreError('store-unreachable', redact('head: refused'))),
      read: () => Promise.reject(new Error('never asked')),
    };
    await expect(ask({ store: silent })).rejects.toMatchObject({ code: 'store-unreachable' });
  });
});

async function stored(options: MemoryStoreOptions = {}) {
  let nowMs = Date.UTC(2025, 11, 14, 1, 45);
  const store = new MemoryStore({ ...options, nowMs: () => nowMs });
  const source = sourceOf(BYTES);
  const expected = expectedOf(BYTES);
  const receipt: Receipt = await uploadObject({
    store,
    keys: { preferred: KEY, rival: parseObjectKey('rival.mp4') },
    source,
    expected,
    metadata: {},
    checkpoint: null,
    onCheckpoint: async () => {},
    pool: createBufferPool(1),
    partSizeBytes: PART_SIZE_BYTES,
    signal,
  });
  const ask = (changes: Partial<ConfirmRequest>) =>
    confirm({
      ...{ store, segment: SEGMENT, receipt, expected, source, partSizeBytes: PART_SIZE_BYTES, signal },
      ...changes,
    });
  const wait = (durationMs: number): void => void (nowMs += durationMs);
  return { store, receipt, ask, wait };
}

/** The store, but for what reading gives. */
function reading(
  store: ObjectStore,
  change: (bytes: Uint8Array, offsetBytes: number) => Uint8Array,
): Pick<ObjectStore, 'head' | 'read'> {
  return {
    head: (key, ending) => store.head(key, ending),
    read: async (key, range, ending) => change(await store.read(key, range, ending), range.offsetBytes),
  };
}
