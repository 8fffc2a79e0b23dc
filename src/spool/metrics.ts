import { Gauge, type Registry } from 'prom-client';
import type { SpoolUsage } from './spool.js';

const STATES = [
  'open',
  'sealed',
  'uploading',
  'stored',
  'quarantined',
] as const satisfies (keyof SpoolUsage['byState'])[];

/** The spool's series, read from `usage` at each scrape: the last scan's, or null before the first (all 0 then). Does no I/O. */
export function registerSpoolMetrics(registry: Registry, usage: () => SpoolUsage | null): void {
  const registers = [registry];
  byState(registers, 'recorder_spool_bytes', 'Bytes in the spool by state.', (state) => usage()?.byState[state].bytes);
  byState(
    registers,
    'recorder_spool_segments',
    'Segments in the spool by state; open are the recordings not yet sealed.',
    (state) => usage()?.byState[state].count,
  );
  single(registers, 'recorder_spool_free_bytes', 'Bytes free on the disk of the spool.', () => usage()?.freeBytes);
  single(
    registers,
    'recorder_oldest_unsent_segment_timestamp_seconds',
    'End of the oldest segment the store has not acknowledged, Unix time; 0 when all is stored.',
    () => (usage()?.oldestUnsentMs ?? 0) / 1_000,
  );
}

function byState(
  registers: Registry[],
  name: string,
  help: string,
  read: (state: (typeof STATES)[number]) => number | undefined,
): void {
  const gauge = new Gauge({
    name,
    help,
    registers,
    labelNames: ['state'],
    collect: () => {
      for (const state of STATES) gauge.set({ state }, read(state) ?? 0);
    },
  });
}

function single(registers: Registry[], name: string, help: string, read: () => number | undefined): void {
  const gauge = new Gauge({
    name,
    help,
    registers,
    collect: () => {
      gauge.set(read() ?? 0);
    },
  });
}
