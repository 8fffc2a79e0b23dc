import { join } from 'node:path';
import { type CameraId, parseCameraId, type SegmentId } from '../domain/ids.js';
import type { Logger } from '../log.js';
import { redact } from '../redact.js';
import { foldersIn, namesIn } from './folder-names.js';
import { type SegmentFile, scanNames, standingOf } from './folder-scan.js';
import { sealedRootOf, segmentPathsOf } from './layout.js';
import { finishReclaim } from './reclaim-segment.js';
import { repairSeal, type SealFiles } from './seal-segment.js';
import type { SegmentReader } from './segment-files.js';

interface RecoveryFiles extends SealFiles {
  readonly reader: SegmentReader;
  readonly log: Logger;
}

/**
 * Brings `sealed/` back to where every segment is sealed or gone, after a crash. Run once, before anything else uses the spool.
 * One segment that cannot be repaired is logged and left; it does not keep the others from it.
 */
export async function recoverSealed(files: RecoveryFiles): Promise<void> {
  for (const camera of await foldersIn(sealedRootOf(files.layout), parseCameraId)) await recoverCamera(files, camera);
}

async function recoverCamera(files: RecoveryFiles, camera: CameraId): Promise<void> {
  const folder = files.layout.sealedDir(camera);
  const scan = scanNames(camera, await namesIn(folder));
  for (const [id, found] of scan.segments) {
    try {
      await recoverSegment(files, id, found);
    } catch (error) {
      files.log.error({ segment: id, reason: redact(String(error)) }, 'segment left as the crash left it');
    }
  }
  for (const name of scan.temporaries) await files.disk.remove(join(folder, name));
  if (scan.foreign.length > 0) files.log.warn({ folder, names: scan.foreign.slice(0, 10) }, 'files that are not ours');
}

async function recoverSegment(files: RecoveryFiles, id: SegmentId, found: ReadonlySet<SegmentFile>): Promise<void> {
  const paths = segmentPathsOf(files.layout, id);
  switch (standingOf(found)) {
    case 'reclaiming':
      return finishReclaim(files.disk, paths);
    case 'sealed':
      return recoverSealedSegment(files, id, found);
    case 'unsealed':
      return recoverUnsealed(files, id);
    case 'debris':
      return clearDebris(files, id);
  }
}

async function recoverSealedSegment(
  files: RecoveryFiles,
  id: SegmentId,
  found: ReadonlySet<SegmentFile>,
): Promise<void> {
  const sidecar = await files.reader.sidecar(id, segmentPathsOf(files.layout, id));
  if (sidecar !== undefined) {
    // Stays in the list: its upload asks the store, which may have it.
    if (!found.has('recording')) files.log.error({ segment: id }, 'a sealed recording is missing');
    return;
  }
  if (found.has('recording')) await recoverUnsealed(files, id);
  else await clearDebris(files, id);
}

async function recoverUnsealed(files: RecoveryFiles, id: SegmentId): Promise<void> {
  const how = await repairSeal(files, id);
  files.log.info({ segment: id, how }, 'repaired a seal that was cut short');
  if (how === 'undone') await clearDebris(files, id);
}

/** A header can be made again; words of the store about a segment that is not here are kept for a person to see. */
async function clearDebris(files: RecoveryFiles, id: SegmentId): Promise<void> {
  const paths = segmentPathsOf(files.layout, id);
  await files.disk.remove(paths.header);
  for (const path of [paths.checkpoint, paths.receipt, paths.damaged]) {
    await files.quarantine(path, redact('its segment is not sealed'));
  }
}
