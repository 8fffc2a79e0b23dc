import { type CameraId, type ObjectKey, parseObjectKey } from './ids.js';
import type { SealedSegment } from './segment.js';
import { utcDayOf } from './utc-day.js';

const OBJECT_KEY =
  /^([a-z0-9-]+)\/(\d{8})\/(\d\d-\d\d-\d\d)_([a-z0-9-]+)(_[0-9TZ]+-[0-9a-f]{4}-\d+)?\.(mp4|gap\.json)$/;

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

/** What a key of ours says. */
export interface ObjectName {
  readonly kind: 'segment' | 'gap';
  /** As in the key, UTC: never after the footage itself begins, and at most a segment and a keyframe interval before it ends. */
  readonly nominalStartMs: number;
}

/** The name in a key of the camera's, a rival's included; undefined for everything else. Pure. */
export function objectNameIn(camera: CameraId, key: string): ObjectName | undefined {
  const [, folder, day = '', time = '', name, , ending] = OBJECT_KEY.exec(key) ?? [];
  if (folder !== camera || name !== camera) return undefined;
  const nominalStartMs = Date.parse(`${day.replace(/(....)(..)(..)/, '$1-$2-$3')}T${time.replaceAll('-', ':')}Z`);
  if (Number.isNaN(nominalStartMs)) return undefined;
  return { kind: ending === 'mp4' ? 'segment' : 'gap', nominalStartMs };
}

/** The prefix under which all of a camera's objects of one UTC day are. */
export function dayPrefixOf(camera: CameraId, atMs: number): string {
  return `${camera}/${utcDayOf(atMs)}/`;
}

function stemOf(camera: CameraId, atMs: number): string {
  const time = new Date(atMs).toISOString().slice(11, 19).replaceAll(':', '-');
  return `${camera}/${utcDayOf(atMs)}/${time}_${camera}`;
}
