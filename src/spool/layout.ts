import { join } from 'node:path';
import { type CameraId, partsOf, type SegmentId, type SessionId } from '../domain/ids.js';
import type { SpoolLayout } from './spool.js';

/** FFmpeg's name pattern for the files of a session; `recordingName` is the same in our hands. */
export const RECORDING_PATTERN = '%06d.mp4';

const RECORDING_NAME = /^(\d{6,9})\.mp4$/;

/** Files of one sealed segment. Which of them exist is its state. */
export interface SegmentPaths {
  readonly header: string;
  readonly recording: string;
  /** The sidecar. Its existence is the seal (INV-1). */
  readonly sidecar: string;
  readonly checkpoint: string;
  readonly receipt: string;
  /** Keys at which the store was found to hold other bytes than it had acknowledged: a receipt for one of them counts for nothing. */
  readonly damaged: string;
  /** A receipt after its confirmation: everything else of the segment may go, and this goes last. */
  readonly reclaim: string;
}

/** The kinds of files in `sealed/<camera>`, by the end of their names. */
export const SEGMENT_SUFFIXES = {
  header: '.header',
  recording: '.recording.mp4',
  sidecar: '.json',
  checkpoint: '.upload.json',
  receipt: '.receipt.json',
  damaged: '.damaged.json',
  reclaim: '.reclaim.json',
} as const satisfies Readonly<Record<keyof SegmentPaths, string>>;

/** What is being written; never the truth, and removed when the spool is opened. */
export const TEMPORARY_SUFFIX = '.tmp';

/** Pure: touches no disk. */
export function createSpoolLayout(root: string): SpoolLayout {
  const openDir = (camera: CameraId): string => join(root, 'open', camera);
  return {
    root,
    openDir,
    sessionDir: (camera: CameraId, session: SessionId) => join(openDir(camera), session),
    sealedDir: (camera: CameraId) => join(root, 'sealed', camera),
    quarantineDir: join(root, 'quarantine'),
    lockPath: join(root, 'lock'),
  };
}

/** Has a folder for each camera, and in it one for each session. Pure, as all below: touches no disk. */
export function openRootOf(layout: SpoolLayout): string {
  return join(layout.root, 'open');
}

/** Has a folder for each camera, and in it all files of its segments. */
export function sealedRootOf(layout: SpoolLayout): string {
  return join(layout.root, 'sealed');
}

/** Has one file for each camera this recorder was ever given. */
export function assignmentsDirOf(layout: SpoolLayout): string {
  return join(layout.root, 'assignments');
}

/** Each name holds the whole id: a sidecar that is lost can be made again under it. */
export function segmentPathsOf(layout: SpoolLayout, id: SegmentId): SegmentPaths {
  const stem = join(layout.sealedDir(partsOf(id).camera), id);
  return {
    header: stem + SEGMENT_SUFFIXES.header,
    recording: stem + SEGMENT_SUFFIXES.recording,
    sidecar: stem + SEGMENT_SUFFIXES.sidecar,
    checkpoint: stem + SEGMENT_SUFFIXES.checkpoint,
    receipt: stem + SEGMENT_SUFFIXES.receipt,
    damaged: stem + SEGMENT_SUFFIXES.damaged,
    reclaim: stem + SEGMENT_SUFFIXES.reclaim,
  };
}

/** `000007.mp4`: what FFmpeg calls file `index` of a session. */
export function recordingName(index: number): string {
  return `${String(index).padStart(6, '0')}.mp4`;
}

/** The index in the session, or undefined when the name is not one FFmpeg gave. */
export function recordingIndexOf(fileName: string): number | undefined {
  const digits = RECORDING_NAME.exec(fileName)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Where a segment's recording grew before it was sealed. */
export function openRecordingPathOf(layout: SpoolLayout, id: SegmentId): string {
  const { camera, session, index } = partsOf(id);
  return join(layout.sessionDir(camera, session), recordingName(index));
}
