/** What a camera needs of the spool. */
export interface CameraAppetite {
  readonly segmentDurationSec: number;
  /** As measured; null before anything was recorded. */
  readonly bytesPerSec: number | null;
}

/** `room`: record. `low`: record, and say so. `full`: stop, before the disk does it for us. */
export type SpaceVerdict = 'room' | 'low' | 'full';

const GIBIBYTE = 1024 ** 3;

/** A 2560x1440 camera at 15 fps writes about 2 GB an hour. */
const ASSUMED_BYTES_PER_SEC = 560_000;

/** Below so many times the minimum it is time to look. */
const LOW_FACTOR = 2;

/** Space must come back by so much before recording starts again: else each freed segment would start and stop it once. */
const RESUME_FACTOR = 1.1;

/** Pure. What MIN_FREE_BYTES is when nobody sets it: the larger of 1 GiB and two segments of every camera (one open, one waiting). */
export function defaultMinFreeBytes(cameras: readonly CameraAppetite[]): number {
  const twoOfEach = cameras
    .map(({ segmentDurationSec, bytesPerSec }) => 2 * segmentDurationSec * (bytesPerSec ?? ASSUMED_BYTES_PER_SEC))
    .reduce((sum, bytes) => sum + bytes, 0);
  return Math.max(GIBIBYTE, Math.ceil(twoOfEach));
}

/** Pure. `before` is the verdict of the last look, `room` at first. */
export function judgeSpace(space: {
  readonly freeBytes: number;
  readonly minFreeBytes: number;
  readonly before: SpaceVerdict;
}): SpaceVerdict {
  const { freeBytes, minFreeBytes, before } = space;
  const fullBelow = before === 'full' ? minFreeBytes * RESUME_FACTOR : minFreeBytes;
  if (freeBytes < fullBelow) return 'full';
  return freeBytes < minFreeBytes * LOW_FACTOR ? 'low' : 'room';
}
