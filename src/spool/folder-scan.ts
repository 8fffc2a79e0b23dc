import { type CameraId, parseSegmentId, type SegmentId } from '../domain/ids.js';
import { idIn } from './folder-names.js';
import { SEGMENT_SUFFIXES, type SegmentPaths, TEMPORARY_SUFFIX } from './layout.js';

/** The kinds of files of one segment, by what they are for. */
export type SegmentFile = keyof SegmentPaths;

/** What the names in one `sealed/<camera>` folder say. */
export interface FolderScan {
  readonly segments: ReadonlyMap<SegmentId, ReadonlySet<SegmentFile>>;
  /** Names of what was being written. */
  readonly temporaries: readonly string[];
  /** Names nobody of us gave. Reported, never touched. */
  readonly foreign: readonly string[];
}

/**
 * Where a segment stands, from which of its files exist. `reclaiming`: confirmed, and half deleted. `sealed`: has its sidecar.
 * `unsealed`: a recording without one. `debris`: neither recording nor sidecar.
 */
export type SegmentStanding = 'reclaiming' | 'sealed' | 'unsealed' | 'debris';

// Longest ending first: `.upload.json` also ends in `.json`.
const FILES = [
  'recording',
  'receipt',
  'damaged',
  'reclaim',
  'checkpoint',
  'header',
  'sidecar',
] as const satisfies SegmentFile[];

/** Pure. `names` are those in the folder of `camera`. Every name ends up in exactly one place. */
export function scanNames(camera: CameraId, names: readonly string[]): FolderScan {
  const segments = new Map<SegmentId, Set<SegmentFile>>();
  const temporaries: string[] = [];
  const foreign: string[] = [];
  for (const name of names) {
    const found = segmentFileOf(camera, name);
    if (found !== undefined) segments.set(found.id, (segments.get(found.id) ?? new Set()).add(found.file));
    else if (isTemporary(camera, name)) temporaries.push(name);
    else foreign.push(name);
  }
  return { segments, temporaries, foreign };
}

/** Pure. */
export function standingOf(files: ReadonlySet<SegmentFile>): SegmentStanding {
  if (files.has('reclaim')) return 'reclaiming';
  if (files.has('sidecar')) return 'sealed';
  return files.has('recording') ? 'unsealed' : 'debris';
}

function segmentFileOf(
  camera: CameraId,
  name: string,
): { readonly id: SegmentId; readonly file: SegmentFile } | undefined {
  for (const file of FILES) {
    const suffix = SEGMENT_SUFFIXES[file];
    if (!name.startsWith(`${camera}_`) || !name.endsWith(suffix)) continue;
    const [id] = idIn(name.slice(0, -suffix.length), parseSegmentId);
    if (id !== undefined) return { id, file };
  }
  return undefined;
}

/** Only ours: a `.tmp` of somebody else is foreign. */
function isTemporary(camera: CameraId, name: string): boolean {
  if (!name.endsWith(TEMPORARY_SUFFIX)) return false;
  return segmentFileOf(camera, name.slice(0, -TEMPORARY_SUFFIX.length)) !== undefined;
}
