import { type CameraId, type ObjectKey, parseObjectKey } from './ids.js';
import type { SealedSegment } from './segment.js';

/**
 * Where a segment goes: `<camera>/<YYYYMMDD>/<HH-MM-SS>_<camera>.mp4`, UTC, a pure function of the segment.
 * `rival` is used only when `preferred` is taken by other bytes; it contains the session and is never contended.
 */
export function objectKeysOf(segment: Pick<SealedSegment, 'camera' | 'session' | 'index' | 'nominalStartMs'>): {
  readonly preferred: ObjectKey;
  readonly rival: ObjectKey;
} {
  const stem = stemOf(segment.camera, segment.nominalStartMs);
  return {
    preferred: parseObjectKey(`${stem}.mp4`),
    rival: parseObjectKey(`${stem}_${segment.session}-${segment.index}.mp4`),
  };
}

/** The key of the small object that declares a clock slot without any footage. */
export function gapObjectKeyOf(camera: CameraId, slotStartMs: number): ObjectKey {
  return parseObjectKey(`${stemOf(camera, slotStartMs)}.gap.json`);
}

/** The prefix under which all of a camera's objects of one UTC day are. */
export function dayPrefixOf(camera: CameraId, atMs: number): string {
  return `${camera}/${dayOf(atMs)}/`;
}

function stemOf(camera: CameraId, atMs: number): string {
  const time = new Date(atMs).toISOString().slice(11, 19).replaceAll(':', '-');
  return `${camera}/${dayOf(atMs)}/${time}_${camera}`;
}

function dayOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10).replaceAll('-', '');
}
