/**
 * The names of everything that can be set. In the file each is written in lower case.
 * `CAMERA<n>_RTSP_URL` stands beside them: there are as many of it as there are cameras.
 */
export const PLAIN_SETTINGS = [
  'S3_ENDPOINT',
  'S3_PUBLIC_ENDPOINT',
  'S3_BUCKET',
  'S3_REGION',
  'S3_CA_FILE',
  'METRICS_PORT',
  'METRICS_HOST',
  'TEMP_DIR',
  'MEMORY_LIMIT_BYTES',
  'MAX_CAMERAS',
  'MAX_CONCURRENT_UPLOADS',
  'UPLOAD_MAX_BYTES_PER_SECOND',
  'SEGMENT_SECONDS',
  'STALL_TIMEOUT_SECONDS',
  'SOCKET_TIMEOUT_SECONDS',
  'KEEP_LOCAL_MINUTES',
  'VERIFY_PER_DAY',
  'MIN_FREE_BYTES',
  'RETENTION_DAYS',
  'RETENTION_BYTES',
  'S3_CAPACITY_BYTES',
  'CAMERA_SECRETS_DIR',
  'SITE_TIMEZONE',
  'READINESS_POLICY',
  'LOG_LEVEL',
  'TEMPORAL_ADDRESS',
  'TEMPORAL_NAMESPACE',
  'TEMPORAL_UI_URL',
  'FFMPEG_PATH',
] as const;
/** May stand in the file, in lower case; the environment beats it. */
export type PlainSetting = (typeof PLAIN_SETTINGS)[number];

/** Only from the environment, or from a file that `<NAME>_FILE` points to. */
export const SECRET_SETTINGS = ['S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY', 'TEMPORAL_API_KEY'] as const;
/** One in the file is reported as a mistake, never read. */
export type SecretSetting = (typeof SECRET_SETTINGS)[number];

/** Temporal's own, read by its `envconfig`; also `TEMPORAL_GRPC_META_…`. */
export const TEMPORAL_VARIABLES = [
  'TEMPORAL_CONFIG_FILE',
  'TEMPORAL_PROFILE',
  'TEMPORAL_TLS',
  'TEMPORAL_TLS_CLIENT_CERT_PATH',
  'TEMPORAL_TLS_CLIENT_CERT_DATA',
  'TEMPORAL_TLS_CLIENT_KEY_PATH',
  'TEMPORAL_TLS_CLIENT_KEY_DATA',
  'TEMPORAL_TLS_SERVER_CA_CERT_PATH',
  'TEMPORAL_TLS_SERVER_CA_CERT_DATA',
  'TEMPORAL_TLS_SERVER_NAME',
  'TEMPORAL_TLS_DISABLE_HOST_VERIFICATION',
] as const;
/** Only the environment has it, and most of them nobody here reads. */
export type TemporalVariable = (typeof TEMPORAL_VARIABLES)[number];

/** For the image, for tests, and from `start` to the recorder it runs; not in the file. */
export const PROGRAM_VARIABLES = [
  'CAMERA_RECORDER_CONFIG',
  'CAMERA_RECORDER_EMBEDDED',
  'CAMERA_RECORDER_DATA_DIR',
  'CAMERA_RECORDER_DATA_LIMIT',
  'CAMERA_RECORDER_TIME_SCALE',
] as const;
/** Not for people, so not in the file; only the environment has it. */
export type ProgramVariable = (typeof PROGRAM_VARIABLES)[number];

const CAMERA_URL = /^CAMERA([1-9]\d{0,3})_RTSP_URL$/;

/** 3 for `CAMERA3_RTSP_URL`; undefined for every other name. */
export function cameraNumberOf(variable: string): number | undefined {
  const digits = CAMERA_URL.exec(variable)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The variable that holds the secret of this name, or undefined: `CAMERA3_RTSP_URL` for `camera-3`. */
export function variableOfSecret(name: string): string | undefined {
  const digits = /^camera-([1-9]\d{0,3})$/.exec(name)?.[1];
  return digits === undefined ? undefined : `CAMERA${digits}_RTSP_URL`;
}
