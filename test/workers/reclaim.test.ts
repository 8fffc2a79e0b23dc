import { pino } from 'pino';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { parseCameraId } from '../../src/domain/ids.js';
import { StoreError } from '../../src/object-store/object-store.js';
import { redact } from '../../src/redact.js';
import type { Spool } from '../../src/spool/spool.js';
import { ItemRetries } from '../../src/workers/item-retries.js';
import { createLink } from '../../src/workers/link.js';
import { reclaimStored } from '../../src/workers/reclaim.js';
import { UploadLedger } from '../../src/workers/upload-ledger.js';
import { MemorySpool } from '../support/memory-spool.js';
import { segmentOf, TEST_POLICIES } from '../support/worker-harness.js';

const EVERY_MS = 1_000;

/** Three stored segments that are due; what the store says to the second one is up to the test. */
async function three(failure: Error) {
  const spool = new MemorySpool('reclaims');
  const camera = parseCameraId('camera-1');
  const segments = [0, 1, 2].map((index) => segmentOf(camera, spool, index));
  for (const segment of segments) {
    spool.add(segment);
    const receipt = { key: segment.id as never, sizeBytes: segment.sizeBytes, proof: 'full-crc32', atMs: 0 } as const;
    await spool.recordReceipt(segment.id, receipt);
  }
  const asked: string[] = [];
  const now = { monotonicMs: 0 };
  let failures = 0;
  const clock = { ...systemClock, monotonicMs: () => now.monotonicMs };
  const log = pino({ level: 'silent' });
  const link = createLink('store', clock, log);
  const deps = {
    spool: spool as Spool,
    store: {
      head: async (key: string) => {
        asked.push(key);
        if (key === segments[1]?.id) throw failure;
        // Too early: confirmed later, and no failure.
        return { sizeBytes: 1, lastModifiedMs: 0, storeTimeMs: 0, metadata: {} } as never;
      },
      read: async () => new Uint8Array(),
    },
    link,
    ledger: new UploadLedger({ clock, log, store: link }),
    policies: TEST_POLICIES,
    retries: new ItemRetries<(typeof segments)[number]['id']>({
      name: 'reclaim',
      everyMs: EVERY_MS,
      clock,
      log,
      failed: () => {
        failures += 1;
      },
    }),
    keepLocalMs: 0,
    clock,
    log,
    onLost: () => undefined,
  };
  const pass = async (afterMs: number): Promise<readonly number[]> => {
    now.monotonicMs += afterMs;
    asked.length = 0;
    await reclaimStored(deps, AbortSignal.timeout(5_000));
    return asked.map((key) => segments.findIndex(({ id }) => id === key));
  };
  return { pass, asked, failures: () => failures };
}

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
