import type { CameraSpec } from '../domain/camera.js';

/** How long things take and how much is kept free. Tests pass quicker ones. */
export interface RecorderPolicies {
  /** Of every wait between sessions; 1 in production. */
  readonly timeScale: number;
  /** Between two looks at the growing file. */
  readonly lookEveryMs: number;
  /** Between two fdatasyncs of it: what a power loss may cost, with the fragment that is being written. */
  readonly syncEveryMs: number;
  /** A write probe that takes longer is the disk's fault, and nobody is killed for the silence. */
  readonly probeLimitMs: number;
  /** Between two looks at the free space. */
  readonly spaceEveryMs: number;
  /** Recording stops under it; null: as `minFreeBytesOf` the cameras that are recorded. */
  readonly minFreeBytes: number | null;
  /** Cameras this recorder takes. */
  readonly maxCameras: number;
  /** Between two tries to seal a file on a disk that refuses. */
  readonly sealRetryMs: number;
  /** A stop waits no longer for FFmpeg's end and its last seal (the keeper gives the worker 60 s); what is not sealed then is sealed at the next start. */
  readonly sealDeadlineMs: number;
}

/** Of production. Looking twice a second, a stall is noticed half a second late at most. */
export const DEFAULT_RECORDER_POLICIES: RecorderPolicies = {
  timeScale: 1,
  lookEveryMs: 500,
  syncEveryMs: 5_000,
  probeLimitMs: 2_000,
  spaceEveryMs: 5_000,
  minFreeBytes: null,
  maxCameras: 50,
  sealRetryMs: 5_000,
  sealDeadlineMs: 45_000,
};

/** Recording begins again only with this much more than `minFreeBytes`, or it would stop again five seconds later. */
export const RESUME_FACTOR = 1.05;

/** An hour of a Tapo camera in 2K is 2 GB. */
const BYTES_PER_CAMERA_SECOND = 2e9 / 3_600;
const LEAST_FREE_BYTES = 1024 ** 3;

/** The larger of 1 GiB and two segments of every camera. Pure. */
export function minFreeBytesOf(cameras: readonly Pick<CameraSpec, 'segmentDurationSec'>[]): number {
  const seconds = cameras.reduce((sum, { segmentDurationSec }) => sum + segmentDurationSec, 0);
  return Math.max(LEAST_FREE_BYTES, Math.round(2 * seconds * BYTES_PER_CAMERA_SECOND));
}
