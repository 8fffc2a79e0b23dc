/**
 * Deleting a confirmed segment (INV-2). The first step renames its receipt to `.reclaim.json`: that says, in one atomic step and
 * without needing space, that the segment was confirmed and all of it may go. Then everything else is removed, and it last. A crash
 * at any point leaves a `.reclaim.json`, so half a segment is never taken for a sealed one, nor for a recording to be sealed again.
 */
import { dirname } from 'node:path';
import type { Confirmation } from '../domain/receipt.js';
import { receiptSchema } from '../domain/receipt.js';
import { redact } from '../redact.js';
import { type Disk, readIfThere, sizeOf } from './durable-file.js';
import { type SegmentPaths, segmentPathsOf } from './layout.js';
import { parseJson } from './parse-json.js';
import type { SpoolLayout } from './spool.js';
import { SpoolError } from './spool-error.js';

/**
 * Idempotent: no-op when the segment is gone.
 * @throws SpoolError `invalid-input` when the segment has no receipt (any more), or one for another key: the proof is out of date.
 */
export async function reclaimSegment(disk: Disk, layout: SpoolLayout, proof: Confirmation): Promise<void> {
  const paths = segmentPathsOf(layout, proof.segment);
  if ((await sizeOf(paths.reclaim)) === undefined) {
    if ((await sizeOf(paths.sidecar)) === undefined) return;
    await checkReceipt(paths, proof);
    await disk.rename(paths.receipt, paths.reclaim);
    await disk.syncFolder(dirname(paths.reclaim));
  }
  await finishReclaim(disk, paths);
}

/** Goes on with what a crash left. */
export async function finishReclaim(disk: Disk, paths: SegmentPaths): Promise<void> {
  for (const path of [paths.sidecar, paths.recording, paths.header, paths.checkpoint, paths.receipt, paths.damaged]) {
    await disk.remove(path);
  }
  await disk.syncFolder(dirname(paths.reclaim));
  await disk.remove(paths.reclaim);
  await disk.syncFolder(dirname(paths.reclaim));
}

async function checkReceipt(paths: SegmentPaths, proof: Confirmation): Promise<void> {
  const text = await readIfThere(paths.receipt);
  const parsed = text === undefined ? undefined : parseJson(text, receiptSchema);
  if (parsed?.kind === 'parsed' && parsed.value.key === proof.key) return;
  throw new SpoolError('invalid-input', redact(`reclaim ${proof.segment}: it has no receipt for ${proof.key}`));
}
