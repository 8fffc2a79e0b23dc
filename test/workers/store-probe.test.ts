import { pino } from 'pino';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { failureTexts } from '../../src/domain/failures.js';
import { parseCameraId, parseRecorderId } from '../../src/domain/ids.js';
import { createLink } from '../../src/workers/link.js';
import { createStoreProbe } from '../../src/workers/store-probe.js';
import { UploadLedger } from '../../src/workers/upload-ledger.js';
import { sealedSegment } from '../support/memory-spool.js';

const segment = sealedSegment(parseCameraId('camera-1'), parseRecorderId('probes'), 0, Date.UTC(2025, 11, 14));

test.each([
  { code: 'store-forbidden', message: 'begin camera-1/a.mp4: 403 AccessDenied', isShown: true },
  { code: 'store-body-limit', message: 'upload part 1: 413', isShown: true },
  { code: 'store-busy', message: 'begin: 503', isShown: false },
] as const)('a store that answers and refuses uploads ($code) is shown until it takes one: $isShown', async (row) => {
  const log = pino({ level: 'silent' });
  const link = createLink('store', systemClock, log);
  const ledger = new UploadLedger({ clock: systemClock, log, store: link });
  const probe = createStoreProbe({ ensureBucket: async () => 'exists' }, link, log, () => ledger.isRefused);
  const signal = AbortSignal.timeout(5_000);
  await probe(signal);
  expect(link.status().isReachable).toBe(true);
  ledger.failed(segment.id, row.code, row.message);
  await probe(signal);
  expect(link.status()).toMatchObject(
    row.isShown ? { isReachable: false, detail: failureTexts[row.code].what } : { isReachable: true, detail: null },
  );
  ledger.stored(segment);
  await probe(signal);
  expect(link.status().isReachable).toBe(true);
});
