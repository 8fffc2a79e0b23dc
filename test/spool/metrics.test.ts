import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { registerSpoolMetrics } from '../../src/spool/metrics.js';
import type { SpoolUsage } from '../../src/spool/spool.js';

const pile = (bytes: number, count: number) => ({ bytes, count });

test('every series is there with 0 before the first scan, and with its figures after it', async () => {
  const registry = new Registry();
  let usage: SpoolUsage | null = null;
  registerSpoolMetrics(registry, () => usage);
  const before = await registry.metrics();
  for (const state of ['open', 'sealed', 'uploading', 'stored', 'quarantined']) {
    expect(before).toContain(`recorder_spool_bytes{state="${state}"} 0\n`);
    expect(before).toContain(`recorder_spool_segments{state="${state}"} 0\n`);
  }
  expect(before).toContain('recorder_spool_free_bytes 0\n');
  expect(before).toContain('recorder_oldest_unsent_segment_timestamp_seconds 0\n');

  usage = {
    freeBytes: 7,
    totalBytes: 9,
    byState: {
      open: pile(1, 2),
      sealed: pile(3, 4),
      uploading: pile(0, 0),
      stored: pile(0, 0),
      quarantined: pile(5, 6),
    },
    oldestUnsentMs: 1_765_675_802_500,
  };
  const after = await registry.metrics();
  expect(after).toContain('recorder_spool_bytes{state="sealed"} 3\n');
  expect(after).toContain('recorder_spool_segments{state="quarantined"} 6\n');
  expect(after).toContain('recorder_spool_free_bytes 7\n');
  expect(after).toContain('recorder_oldest_unsent_segment_timestamp_seconds 1765675802.5\n');
});
