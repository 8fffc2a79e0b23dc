/**
 * A hold: footage that nothing of ours may delete, `.holds/<camera>/<id>.json` in the bucket. It is never removed: a release is noted in it.
 */
import { z } from 'zod';
import {
  type Brand,
  type CameraId,
  compactUtc,
  InvalidIdError,
  type ObjectKey,
  parseCameraId,
  parseObjectKey,
} from './ids.js';
import type { TimeRange } from './time-range.js';

/** `camera-1_20251125T110433Z-7f3a`: of which camera, when it was placed. */
export type HoldId = Brand<string, 'HoldId'>;

export interface Hold extends TimeRange {
  readonly schema: 1;
  readonly id: HoldId;
  readonly camera: CameraId;
  /** In the operator's words. */
  readonly reason: string;
  readonly placedAtMs: number;
  /** Null as long as it holds. */
  readonly releasedAtMs: number | null;
}

const HOLD_ID = /^([a-z0-9-]{1,63})_\d{8}T\d{6}Z-[0-9a-f]{4}$/;

/** @throws InvalidIdError */
export function parseHoldId(text: string): HoldId {
  if (!HOLD_ID.test(text)) throw new InvalidIdError('hold', text, 'like camera-1_20251125T110433Z-7f3a');
  return text as HoldId;
}

/** `random`: 0 ≤ random < 1. */
export function holdIdOf(camera: CameraId, placedAtMs: number, random: number): HoldId {
  const suffix = Math.floor(random * 0x10000)
    .toString(16)
    .padStart(4, '0');
  return parseHoldId(`${camera}_${compactUtc(placedAtMs)}-${suffix}`);
}

/** Whose footage a hold is about. */
export function cameraOfHold(id: HoldId): CameraId {
  return parseCameraId(HOLD_ID.exec(id)?.[1] ?? '');
}

/** Where it is kept. */
export function holdKeyOf(id: HoldId): ObjectKey {
  return parseObjectKey(`${holdPrefixOf(cameraOfHold(id))}${id}.json`);
}

/** Under which all holds of a camera are. */
export function holdPrefixOf(camera: CameraId): string {
  return `.holds/${camera}/`;
}

/** Of its object's body. */
export const holdSchema: z.ZodType<Hold, unknown> = z.object({
  schema: z.literal(1),
  id: z.string().transform(parseHoldId),
  camera: z.string().transform(parseCameraId),
  fromMs: z.number(),
  toMs: z.number(),
  reason: z.string(),
  placedAtMs: z.number(),
  releasedAtMs: z.number().nullable(),
});
