import { lstat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { namesIn } from './folder-names.js';
import { openRootOf } from './layout.js';
import { REASON_SUFFIX } from './quarantine.js';
import type { SpooledSegment, SpoolLayout, SpoolUsage } from './spool.js';
import { errnoOf } from './spool-error.js';

interface Pile {
  readonly bytes: number;
  readonly count: number;
}

const NOTHING: Pile = { bytes: 0, count: 0 };

/** One walk over the spool. Every file's bytes count; of the sessions only recordings count as segments, not their logs. */
export async function usageOf(layout: SpoolLayout, segments: AsyncIterable<SpooledSegment>): Promise<SpoolUsage> {
  const byKind = { sealed: NOTHING, uploading: NOTHING, stored: NOTHING };
  let oldestUnsentMs: number | null = null;
  for await (const { kind, segment } of segments) {
    byKind[kind] = { bytes: byKind[kind].bytes + segment.sizeBytes, count: byKind[kind].count + 1 };
    if (kind !== 'stored') oldestUnsentMs = Math.min(oldestUnsentMs ?? segment.toMs, segment.toMs);
  }
  const [disk, open, quarantined] = await Promise.all([
    statfs(layout.root),
    pileIn(openRootOf(layout), (name) => name.endsWith('.mp4')),
    pileIn(layout.quarantineDir, (name) => !name.endsWith(REASON_SUFFIX)),
  ]);
  return {
    freeBytes: disk.bavail * disk.bsize,
    totalBytes: disk.blocks * disk.bsize,
    byState: { ...byKind, open, quarantined },
    oldestUnsentMs,
  };
}

async function pileIn(path: string, isCounted: (name: string) => boolean): Promise<Pile> {
  let pile = NOTHING;
  for (const name of await namesIn(path)) {
    const found = await pileAt(path, name, isCounted);
    pile = { bytes: pile.bytes + found.bytes, count: pile.count + found.count };
  }
  return pile;
}

async function pileAt(folder: string, name: string, isCounted: (name: string) => boolean): Promise<Pile> {
  const path = join(folder, name);
  try {
    const entry = await lstat(path);
    if (entry.isDirectory()) return await pileIn(path, isCounted);
    return { bytes: entry.size, count: isCounted(name) ? 1 : 0 };
  } catch (error) {
    // Sealed or deleted while we looked.
    if (errnoOf(error) === 'ENOENT') return NOTHING;
    throw error;
  }
}
