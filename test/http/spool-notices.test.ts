import { expect, it } from 'vitest';
import { statusView } from '../../src/http/status-view.js';
import { statusInput } from './status-inputs.js';

it('a spool that fills is told in its sentence and as a notice', () => {
  const { worker } = statusInput();
  const pile = { bytes: 0, count: 0 };
  const byState = { open: pile, sealed: { bytes: 3e9, count: 6 }, uploading: pile, stored: pile, quarantined: pile };
  const spool = { freeBytes: 10e9, totalBytes: 100e9, byState, oldestUnsentMs: null };
  const spoolOutlook = { overMs: 3_600_000, sealedBytes: 4e9, storedBytes: 1e9, ratio: 0.25, fullInMs: 10_800_000 };
  const view = statusView(statusInput({ worker: { ...worker, spool, spoolOutlook } }));
  expect(view.spool).toBe(
    'Spool: 10.0 GB free of 100 GB; 6 segments (3.0 GB) wait for the store. In the last 60 min 1.0 GB of 4.0 GB recorded went to the store (25 %). It is full in about 3 h 0 min.',
  );
  expect(view.notices).toEqual([expect.stringContaining('The spool is full in about 3 h 0 min.')]);
});
