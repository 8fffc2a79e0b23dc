import type { Clock } from '../clock.js';
import type { CameraId, ObjectKey } from '../domain/ids.js';
import { objectNameIn } from '../domain/object-key.js';
import type { Logger } from '../log.js';
import type { ObjectStore } from '../object-store/object-store.js';
import type { Spool } from '../spool/spool.js';

interface SweepDeps {
  readonly spool: Pick<Spool, 'list'>;
  readonly store: Pick<ObjectStore, 'listUploads' | 'head' | 'abort'>;
  /** Whose prefixes are looked at. */
  readonly cameras: readonly CameraId[];
  /** No younger upload is touched: it may be about to be noted in a checkpoint, here or by another recorder. */
  readonly abandonedAfterMs: number;
  /** The same of one at whose key nothing is stored: another recorder's checkpoint may name it, for as long as a store may be away. */
  readonly forsakenAfterMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onSwept: (camera: CameraId) => void;
}

interface Abandoned {
  readonly camera: CameraId;
  readonly key: ObjectKey;
  readonly uploadId: string;
  readonly ageMs: number;
}

/**
 * Ends multipart uploads that nobody will go on with: a crash came between their beginning and the checkpoint, or the answer was lost.
 * Stores keep, and charge, their parts for ever. What is stored at the key since shows that the segment has no use for it; without that,
 * another recorder may still go on with it. Should one want it after so long, it begins anew: the bytes are in its spool.
 * At most 1,000 a camera and pass, as `listUploads` gives them.
 */
export async function sweepUploads(deps: SweepDeps, signal: AbortSignal): Promise<void> {
  const found: Abandoned[] = [];
  for (const camera of deps.cameras) found.push(...(await abandonedOf(deps, camera, signal)));
  if (found.length === 0) return;
  // Read last: an upload listed above that a checkpoint names by now is wanted.
  const wanted = await wantedIds(deps.spool);
  for (const { camera, key, uploadId, ageMs } of found) {
    if (wanted.has(uploadId)) continue;
    if (ageMs < deps.forsakenAfterMs && (await deps.store.head(key, signal)) === undefined) continue;
    // The part size is of no interest to an abort.
    await deps.store.abort({ key, uploadId, partSizeBytes: 0 }, signal);
    deps.onSwept(camera);
    deps.log.info({ camera, key, ageMs }, 'ended an upload that nobody went on with');
  }
}

async function abandonedOf(deps: SweepDeps, camera: CameraId, signal: AbortSignal): Promise<readonly Abandoned[]> {
  const found: Abandoned[] = [];
  for await (const { key, uploadId, initiatedAtMs } of deps.store.listUploads(`${camera}/`, signal)) {
    // The bucket is the user's: what is not named like a segment is somebody else's, and what has no age is left alone.
    if (objectNameIn(camera, key)?.kind !== 'segment' || initiatedAtMs === null) continue;
    const ageMs = deps.clock.wallMs() - initiatedAtMs;
    if (ageMs >= deps.abandonedAfterMs) found.push({ camera, key, uploadId, ageMs });
  }
  return found;
}

async function wantedIds(spool: SweepDeps['spool']): Promise<ReadonlySet<string>> {
  const wanted = new Set<string>();
  for await (const entry of spool.list()) if (entry.kind === 'uploading') wanted.add(entry.checkpoint.uploadId);
  return wanted;
}
