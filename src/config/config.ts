import type { CameraSpec } from '../domain/camera.js';
import type { CameraId } from '../domain/ids.js';
import type { RetentionPolicies, RetentionPolicy } from '../domain/retention.js';

/** Everything a person can set, checked, as plain data. Made by `loadConfig`; the only secrets in it are `store`'s keys and `temporal.variables`. */
export interface Config {
  /** From `CAMERA<n>_RTSP_URL` and `[[cameras]]`, in that order; empty when none was given. */
  readonly cameras: readonly CameraConfig[];
  /** `SEGMENT_SECONDS` as given; null: `DEFAULT_SPEC`'s 900 counts. A camera's own table may say otherwise. */
  readonly givenSegmentSec: number | null;
  /** Null: an embedded SeaweedFS is wanted. */
  readonly store: StoreSettings | null;
  /** Null: an embedded Temporal is wanted. */
  readonly temporal: TemporalSettings | null;
  /** `TEMPORAL_UI_URL`: where people look at workflows; null when not known. No slash at the end. */
  readonly temporalUiUrl: string | null;
  readonly spool: SpoolSettings;
  /** `CAMERA_SECRETS_DIR`: a file for each secret, named like it; null: only the environment has secrets. */
  readonly secretsDir: string | null;
  /** `FFMPEG_PATH`; null: the first good one on `PATH`, else the one that set-up fetched. */
  readonly ffmpegPath: string | null;
  /** `METRICS_PORT`, default 9090; 0 takes any free one. */
  readonly metricsPort: number;
  /** Whether a person chose it; `start` takes another one when it is taken and nobody did. */
  readonly isMetricsPortGiven: boolean;
  /** `METRICS_HOST`, the address to listen on. Default 0.0.0.0 in Kubernetes, else 127.0.0.1: the page has no password. */
  readonly metricsHost: string;
  /** `MEMORY_LIMIT_BYTES`, for everything the keeper starts, and itself; null: what the control group allows counts. */
  readonly memoryLimitBytes: number | null;
  /** `MAX_CAMERAS`: how many this recorder takes; default: 50, or as many as are configured when those are more. */
  readonly maxCameras: number;
  /** `MAX_CONCURRENT_UPLOADS`, default 4. */
  readonly maxConcurrentUploads: number;
  /** `UPLOAD_MAX_BYTES_PER_SECOND`, of all uploads together; null: as fast as the line is. */
  readonly uploadBytesPerSecond: number | null;
  /** A day divided by `VERIFY_PER_DAY` (default 24), times `policyTimeScale`: between two stored objects that are read back whole; null: none is. */
  readonly verifyEveryMs: number | null;
  /** `KEEP_LOCAL_MINUTES`, default 15, times `policyTimeScale`: how long a stored segment stays in the spool before it is confirmed and deleted. */
  readonly keepLocalMs: number;
  /** `RETENTION_DAYS` and `RETENTION_BYTES`, each for every camera, and what cameras have of their own. Default: everything is kept. */
  readonly retention: RetentionPolicies;
  /** `S3_CAPACITY_BYTES`: how much the store holds; null when nobody said. */
  readonly capacityBytes: number | null;
  /** `SITE_TIMEZONE`, an IANA name; default: the host's. For people only; storage speaks UTC. */
  readonly timezone: string;
  /** `READINESS_POLICY`, default `all`: which cameras must record for `/ready` to say yes. */
  readonly readinessPolicy: ReadinessPolicy;
  /** `LOG_LEVEL`, default `info`. */
  readonly logLevel: LogLevel;
  /** Whether what was not given may be started by ourselves. Never in the container image. */
  readonly isEmbeddedAllowed: boolean;
  /** `CAMERA_RECORDER_TIME_SCALE`, 1 outside of tests, which shrink every policy time with it. */
  readonly policyTimeScale: number;
  /** `CAMERA_RECORDER_DATA_DIR`: what `start` keeps everything in; null for a recorder on its own. */
  readonly dataDir: string | null;
  /** `CAMERA_RECORDER_DATA_LIMIT`, 10 GB outside of tests: recording stops when `dataDir` holds so much. */
  readonly dataLimitBytes: number;
}

/** One configured camera, every default filled in. Holds no secret: `spec` only names it. */
export interface CameraConfig {
  readonly id: CameraId;
  /** For people; default: the id. */
  readonly name: string;
  readonly site: string | null;
  readonly tags: readonly string[];
  readonly spec: CameraSpec;
  /** Null: the usual one. */
  readonly retention: RetentionPolicy | null;
}

/** A store the user runs. Holds secrets: never log it whole (INV-7). */
export interface StoreSettings {
  /** `S3_ENDPOINT` */
  readonly endpoint: string;
  /** `S3_PUBLIC_ENDPOINT`: where people reach the store, for links; absent: at `endpoint`. */
  readonly publicEndpoint?: string;
  /** `S3_REGION`, default `us-east-1`: SeaweedFS does not look at it, signatures need one. */
  readonly region: string;
  /** `S3_BUCKET`, default `camera-recordings`. */
  readonly bucket: string;
  /** What is in `S3_CA_FILE`, PEM; absent: only the usual authorities are trusted. */
  readonly ca?: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** A Temporal the user runs. `variables` may hold secrets: never log it whole (INV-7). */
export interface TemporalSettings {
  /** `TEMPORAL_ADDRESS`; null when a profile of `TEMPORAL_CONFIG_FILE` says it. */
  readonly address: string | null;
  /** `TEMPORAL_NAMESPACE`, default `default`. */
  readonly namespace: string;
  /** Every `TEMPORAL_…` variable with `_FILE` ones read, for `@temporalio/envconfig`. Holds the API key. */
  readonly variables: Readonly<Record<string, string>>;
}

/** Where segments wait, and how much of that disk is left to others. */
export interface SpoolSettings {
  /** `TEMP_DIR`, default `/tmp/camera-recordings`; absolute. */
  readonly dir: string;
  /** Whether a person chose it. */
  readonly isGiven: boolean;
  /** `MIN_FREE_BYTES`; null: the larger of 1 GiB and two segments of every camera. */
  readonly minFreeBytes: number | null;
}

/** `all`: every camera that is to be recorded must be; `any`: one of them; `process`: nothing but that this process runs. */
export const READINESS_POLICIES = ['all', 'any', 'process'] as const;
/** Default `all`; only `/ready` looks at it. */
export type ReadinessPolicy = (typeof READINESS_POLICIES)[number];

/** Pino's, the most talkative first. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
/** Default `info`. */
export type LogLevel = (typeof LOG_LEVELS)[number];
