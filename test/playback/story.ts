import type { GapClaim } from '../../src/domain/coverage.js';
import type { GapObject } from '../../src/domain/gap-object.js';
import { type CameraId, parseRecorderId, type SegmentId, segmentIdOf, sessionIdOf } from '../../src/domain/ids.js';
import { gapObjectKeyOf, objectKeysOf } from '../../src/domain/object-key.js';
import type { SealedSegment } from '../../src/domain/segment.js';
import { gapMetadataOf, metadataOf } from '../../src/object-store/coverage-metadata.js';
import type { ObjectStore } from '../../src/object-store/object-store.js';
import { sealedSegment } from '../support/memory-spool.js';

export const RECORDER = parseRecorderId('recorder-a');

/** `2025-12-14T10:00:00Z`, or only the time on that day. */
export function at(time: string): number {
  return Date.parse(time.includes('T') ? time : `2025-12-14T${time.length === 5 ? `${time}:00` : time}Z`);
}

export function claim(cause: GapClaim['cause'], from: string, to: string): GapClaim {
  return { cause, fromMs: at(from), toMs: at(to), by: RECORDER };
}

/** A segment of a session of its own. */
export function segment(
  camera: CameraId,
  from: string,
  to: string,
  gapsBefore: readonly GapClaim[] = [],
): SealedSegment {
  const fromMs = at(from);
  const session = sessionIdOf(fromMs, 0);
  const base = sealedSegment(camera, RECORDER, 0, fromMs);
  return { ...base, id: segmentIdOf(camera, session, 0), session, toMs: at(to), gapsBefore };
}

/** `minutes` long ones that touch, from midnight on: a camera-day when nothing happens. */
export function wholeDay(camera: CameraId, midnightMs: number, minutes = 15): readonly SealedSegment[] {
  const session = sessionIdOf(midnightMs - 60_000, 0.5);
  return Array.from({ length: (24 * 60) / minutes }, (_, position) => {
    const index = position + 1;
    const fromMs = midnightMs + position * minutes * 60_000;
    const base = sealedSegment(camera, RECORDER, index, midnightMs);
    const id: SegmentId = segmentIdOf(camera, session, index);
    return { ...base, id, session, index, fromMs, toMs: fromMs + minutes * 60_000, nominalStartMs: fromMs };
  });
}

/** As the uploader does: key and metadata of the segment; only the bytes are few. */
export async function store(bucket: Pick<ObjectStore, 'putSmall'>, segments: readonly SealedSegment[]): Promise<void> {
  await Promise.all(
    segments.map(async (one) => {
      const signal = AbortSignal.timeout(20_000);
      await bucket.putSmall(objectKeysOf(one).preferred, new Uint8Array(10), metadataOf(one), signal);
    }),
  );
}

export async function storeGap(bucket: Pick<ObjectStore, 'putSmall'>, gap: GapObject): Promise<void> {
  const body = Buffer.from(JSON.stringify(gap));
  await bucket.putSmall(gapObjectKeyOf(gap.camera, gap.fromMs), body, gapMetadataOf(gap), AbortSignal.timeout(20_000));
}

export function gapObject(camera: CameraId, from: string, to: string, claims: readonly GapClaim[]): GapObject {
  return { schema: 1, camera, recorder: RECORDER, fromMs: at(from), toMs: at(to), claims };
}
