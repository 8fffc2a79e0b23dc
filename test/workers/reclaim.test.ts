import { crc32 } from 'node:zlib';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { crc32Hex } from '../../src/domain/crc32.js';
import { parseCameraId, type SegmentId } from '../../src/domain/ids.js';
import { type ObjectStore, StoreError } from '../../src/object-store/object-store.js';
import { redact } from '../../src/redact.js';
import type { Spool } from '../../src/spool/spool.js';
import { ItemRetries } from '../../src/workers/item-retries.js';
import { createLink } from '../../src/workers/link.js';
import { reclaimStored } from '../../src/workers/reclaim.js';
import { UploadLedger } from '../../src/workers/upload-ledger.js';
import { MemorySpool, SEGMENT_BYTES } from '../support/memory-spool.js';
import { segmentOf, TEST_POLICIES } from '../support/worker-harness.js';

const EVERY_MS = 1_000;
const KEEP_LOCAL_MS = 900_000;

/** Segments stored at 0 ms by every clock, and passes over them. */
async function stored(count: number, store: Pick<ObjectStore, 'head' | 'read'>, keepLocalMs = 0) {
  const spool = new MemorySpool('reclaims');
  const camera = parseCameraId('camera-1');
  const segments = Array.from({ length: count }, (_, index) => segmentOf(camera, spool, index));
  for (const segment of segments) {
    spool.add(segment);
    const receipt = { key: segment.id as never, sizeBytes: segment.sizeBytes, proof: 'full-crc32', atMs: 0 } as const;
    await spool.recordReceipt(segment.id, receipt);
  }
  const asked: string[] = [];
  let nowMs = 0;
  let failures = 0;
  const clock = { ...systemClock, monotonicMs: () => nowMs, wallMs: () => nowMs };
  const log = pino({ level: 'silent' });
  const link = createLink('store', clock, log);
  const head: ObjectStore['head'] = async (key, signal) => {
    asked.push(key);
    return await store.head(key, signal);
  };
  const ledger = new UploadLedger({ clock, log, store: link });
  const deps = {
    spool: spool as Spool,
    store: { ...store, head },
    link,
    ledger,
    policies: TEST_POLICIES,
    retries: new ItemRetries<SegmentId>({
      name: 'reclaim',
      everyMs: EVERY_MS,
      clock,
      log,
      failed: () => {
        failures += 1;
      },
    }),
    keepLocalMs,
    clock,
    log,
    onLost: () => undefined,
  };
  /** Resolves to which segments the store was asked about. */
  const pass = async (afterMs: number): Promise<readonly number[]> => {
    nowMs += afterMs;
    asked.length = 0;
    await reclaimStored(deps, AbortSignal.timeout(5_000));
    return asked.map((key) => segments.findIndex(({ id }) => id === key));
  };
  const damaged = (): readonly string[] => ledger.damagedObjects.map((found) => found.camera);
  return { pass, asked, failures: () => failures, reclaimed: spool.reclaimed, damaged };
}

/** Three of which the store is asked at once; what it says to the second one is up to the test. */
async function three(failure: Error) {
  return await stored(3, {
    head: async (key) => {
      if (key.endsWith('_0001')) throw failure;
      // Too early: confirmed later, and no failure.
      return { sizeBytes: 1, lastModifiedMs: 0, storeTimeMs: 0, metadata: {} } as never;
    },
    read: async () => new Uint8Array(),
  });
}

/** Its clock is far ahead, and it has every object of a `MemorySpool`: it would confirm each one whenever asked. */
const CONFIRMING: Pick<ObjectStore, 'head' | 'read'> = {
  head: async () => ({
    sizeBytes: SEGMENT_BYTES.length,
    crc32Hex: crc32Hex(crc32(SEGMENT_BYTES)),
    storeTimeMs: Date.now(),
    lastModifiedMs: 0,
    etag: '',
    metadata: {},
  }),
  read: async (_, { sizeBytes }) => SEGMENT_BYTES.subarray(0, sizeBytes),
};

test('a segment that cannot be confirmed is asked about ever more seldom, and slows no other', async () => {
  const { pass, failures } = await three(new StoreError('store-proof-failed', redact('other bytes')));
  expect(await pass(0)).toEqual([0, 1, 2]);
  expect(await pass(EVERY_MS)).toEqual([0, 1, 2]);
  expect(await pass(EVERY_MS)).toEqual([0, 2]);
  expect(await pass(EVERY_MS)).toEqual([0, 1, 2]);
  expect(await pass(3 * EVERY_MS)).toEqual([0, 2]);
  expect(failures()).toBe(3);
});

test('a store that does not answer fails the pass, and no segment is blamed', async () => {
  const { pass, asked, failures } = await three(new StoreError('store-unreachable', redact('away')));
  await expect(pass(0)).rejects.toMatchObject({ code: 'store-unreachable' });
  expect(asked).toHaveLength(2);
  expect(failures()).toBe(0);
});

test('what the store would confirm, but may not be deleted yet, is not even asked about', async () => {
  const { pass, reclaimed } = await stored(1, CONFIRMING, KEEP_LOCAL_MS);
  expect([await pass(KEEP_LOCAL_MS - 1), reclaimed]).toEqual([[], []]);
  expect(await pass(1)).toEqual([0]);
  expect(reclaimed).toHaveLength(1);
});

test('an object whose bytes the store never gives, while it gives others, is sent again under another key', async () => {
  const { pass, damaged, reclaimed, failures } = await stored(2, {
    ...CONFIRMING,
    read: async (key, range, signal) => {
      if (key.endsWith('_0000')) throw new StoreError('store-failing', redact('500 InternalError'));
      return await CONFIRMING.read(key, range, signal);
    },
  });
  // The second one is confirmed in the first pass, after the first one had failed.
  for (const afterMs of [0, 1, 2, 4].map((periods) => periods * EVERY_MS)) await pass(afterMs);
  expect([damaged(), reclaimed.length]).toEqual([[], 1]);
  await pass(8 * EVERY_MS);
  expect([damaged(), failures()]).toEqual([['camera-1'], 5]);
});

test('a store that gives the bytes of no object is waited for', async () => {
  const unreadable = async (): Promise<never> => {
    throw new StoreError('store-failing', redact('500 InternalError'));
  };
  const { pass, damaged } = await stored(2, { ...CONFIRMING, read: unreadable });
  for (let passes = 0; passes < 8; passes += 1) await pass(8 * EVERY_MS);
  expect(damaged()).toEqual([]);
});
