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
const BYTES = bytesOf(300_000);
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
      change: (store: ObjectStore) => store.putSmall(KEY, bytesOf(300_000, 2), {}, signal),
    },
  ])('finds lost what $what', async ({ change }) => {
    const { store, ask, wait } = await stored();
    await change(store);
    wait(10 * MINUTE_MS);
    expect(await ask({})).toMatchObject({ kind: 'lost' });
  });

  it.each([0, 0.5, 0.999_999])(
    'does not confirm what shows the right checksum but gives other bytes (at %d)',
    async (at) => {
      const { store, ask, wait } = await stored();
      wait(10 * MINUTE_MS);
      const rotten: Pick<ObjectStore, 'head' | 'read'> = {
        head: (key, ending) => store.head(key, ending),
        read: async (key, range, ending) => (await store.read(key, range, ending)).map((byte) => byte ^ 1),
      };
      await expect(ask({ store: rotten, random: () => at })).rejects.toMatchObject({ code: 'store-proof-failed' });
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
    signal,
  });
  const ask = (changes: Partial<ConfirmRequest>) =>
    confirm({ store, segment: SEGMENT, receipt, expected, source, signal, ...changes });
  const wait = (durationMs: number): void => void (nowMs += durationMs);
  return { store, receipt, ask, wait };
}
