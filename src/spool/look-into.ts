import type { GapClaim } from '../domain/coverage.js';
import type { CameraId } from '../domain/ids.js';
import type { SealedSegment } from '../domain/segment.js';
import { createAssignmentStore } from './assignments.js';
import { namesIn } from './folder-names.js';
import { scanNames, standingOf } from './folder-scan.js';
import { createSpoolLayout } from './layout.js';
import { SegmentReader } from './segment-files.js';
import type { Assignment } from './spool.js';

/** What a spool knows of one camera. */
export interface SpoolGlance {
  /** Sealed, in the order of their times; whether they are stored as well is not said. */
  readonly segments: readonly SealedSegment[];
  /** Those that ride on the segments, and those that no segment carries yet. */
  readonly claims: readonly GapClaim[];
}

/**
 * Only reads: takes no lock, makes no folder, repairs and quarantines nothing, so it may be done while a recorder runs. What is not
 * there or cannot be understood is left out.
 */
export async function lookIntoSpool(root: string, camera: CameraId, nowMs: number): Promise<SpoolGlance> {
  const layout = createSpoolLayout(root);
  const quarantine = async (): Promise<void> => undefined;
  const reader = new SegmentReader({ layout, quarantine });
  const { segments: files } = scanNames(camera, await namesIn(layout.sealedDir(camera)));
  const segments: SealedSegment[] = [];
  for (const [id, found] of files) {
    const entry = standingOf(found) === 'sealed' ? await reader.read(id) : undefined;
    if (entry !== undefined) segments.push(entry.segment);
  }
  const assignments = createAssignmentStore({ layout, quarantine, write: onlyLook });
  const assignment = await assignments.find(camera);
  return {
    segments: segments.sort((one, other) => one.fromMs - other.fromMs),
    claims: [...segments.flatMap(({ gapsBefore }) => gapsBefore), ...openClaims(assignment, nowMs)],
  };
}

/** What stopped a camera here, holds until now; why one that is wanted does not record may have changed since it was journaled. */
function openClaims(assignment: Assignment | undefined, nowMs: number): readonly GapClaim[] {
  const claims = assignment?.openClaims ?? [];
  const last = claims.at(-1);
  const isHeld =
    assignment?.desired === 'stop' && assignment.stopCause !== 'moved' && last?.cause === assignment.stopCause;
  return isHeld && last !== undefined
    ? [...claims.slice(0, -1), { ...last, toMs: Math.max(last.toMs, nowMs) }]
    : claims;
}

async function onlyLook(): Promise<never> {
  throw new Error('a spool that is only looked into is not changed');
}
