import { pino } from 'pino';
import { expect, test } from 'vitest';
import { type Clock, systemClock } from '../../src/clock.js';
import { parseCameraId } from '../../src/domain/ids.js';
import type { SpooledSegment } from '../../src/spool/spool.js';
import { createLink } from '../../src/workers/link.js';
import { UploadLedger } from '../../src/workers/upload-ledger.js';
import { MemorySpool } from '../support/memory-spool.js';
import { segmentOf } from '../support/worker-harness.js';

const camera = parseCameraId('camera-1');

/** A ledger that has looked at a spool in which so many segments wait. */
async function ledgerOf(count: number, clock: Clock = systemClock) {
  const spool = new MemorySpool('ledger');
  const segments = Array.from({ length: count }, (_, index) => segmentOf(camera, spool, index));
  for (const segment of segments) spool.add(segment);
  const log = pino({ level: 'silent' });
  const ledger = new UploadLedger({ clock, log, store: createLink('store', systemClock, log) });
  const found: SpooledSegment[] = [];
  for await (const entry of spool.list()) found.push(entry);
  ledger.scanned(found, {
    ...(await spool.usage()),
    byState: {
      open: { bytes: 0, count: 0 },
      sealed: { bytes: count * 1_000, count },
      uploading: { bytes: 0, count: 0 },
      stored: { bytes: 0, count: 0 },
      quarantined: { bytes: 0, count: 0 },
    },
    oldestUnsentMs: segments[0]?.toMs ?? null,
  });
  return { ledger, segments };
}

test('what is stored waits no more, without another look at the spool', async () => {
  const { ledger, segments } = await ledgerOf(2);
  const [first, second] = segments;
  if (first === undefined || second === undefined) throw new Error('no segments');
  expect(ledger.uploads.get(camera)).toMatchObject({ waitingSegments: 2, oldestWaitingMs: first.toMs });
  ledger.stored(first);
  expect(ledger.uploads.get(camera)).toMatchObject({
    waitingSegments: 1,
    waitingBytes: second.sizeBytes,
    oldestWaitingMs: second.toMs,
    lastStored: { fromMs: first.fromMs, toMs: first.toMs },
  });
  expect(ledger.spool).toMatchObject({
    byState: { sealed: { bytes: 1_000, count: 1 }, stored: { bytes: 1_000, count: 1 } },
    oldestUnsentMs: second.toMs,
  });
});

test('a segment that is stored twice, or was sealed after the look, is subtracted only once', async () => {
  const { ledger, segments } = await ledgerOf(1);
  const [first] = segments;
  if (first === undefined) throw new Error('no segment');
  ledger.stored(first);
  ledger.stored(first);
  ledger.stored(segmentOf(camera, new MemorySpool('ledger'), 7));
  expect(ledger.uploads.get(camera)).toMatchObject({ waitingSegments: 0, waitingBytes: 0, oldestWaitingMs: null });
  expect(ledger.spool).toMatchObject({ byState: { sealed: { count: 0 }, stored: { count: 1 } }, oldestUnsentMs: null });
});

test('what was stored between two looks is set against what was sealed', async () => {
  let nowMs = 0;
  const clock = { ...systemClock, monotonicMs: () => nowMs };
  const { ledger, segments } = await ledgerOf(2, clock);
  const [first] = segments;
  if (first === undefined || ledger.spool === null) throw new Error('no segment');
  expect(ledger.outlook(0)).toBeNull();
  ledger.stored(first);
  nowMs = 1_800_000;
  ledger.scanned([], { ...ledger.spool, byState: { ...ledger.spool.byState, sealed: { bytes: 5_000, count: 5 } } });
  const sealedBytes = 5_000 - 2_000 + first.sizeBytes;
  expect(ledger.outlook(0)).toMatchObject({ overMs: nowMs, sealedBytes, storedBytes: first.sizeBytes });
});
