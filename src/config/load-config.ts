import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { DEFAULT_SPEC } from '../domain/camera.js';
import { isDeleting, type RetentionPolicies, type RetentionPolicy, YOUNGEST_EXPIRED_MS } from '../domain/retention.js';
import { readCameras, readCameraVariables } from './cameras.js';
import {
  type CameraConfig,
  type Config,
  LOG_LEVELS,
  READINESS_POLICIES,
  type SpoolSettings,
  type StoreSettings,
  type TemporalSettings,
} from './config.js';
import { ConfigError, type ConfigMistake } from './config-error.js';
import { readConfigFile } from './config-file.js';
import { meantVariable } from './did-you-mean.js';
import { PLAIN_SETTINGS, TEMPORAL_VARIABLES } from './setting-names.js';
import { errorCodeOf, SettingsReader, type Variables } from './settings-reader.js';
import {
  bucketName,
  byteRate,
  byteSize,
  fraction,
  hostAndPort,
  httpUrl,
  ipAddress,
  minutesAsMs,
  oneOf,
  port,
  retentionBytes,
  retentionDays,
  secondsAsMs,
  segmentSeconds,
  text,
  timezone,
  whole,
} from './value-types.js';

/** What must be given, because nothing stands in for it. */
export type Part = 'store' | 'temporal' | 'cameras';

/** Where settings come from, and what has to be among them. */
export interface LoadConfigOptions {
  /** Usually `process.env`; it is not changed. */
  readonly env: Variables;
  /** A TOML file; default: `CAMERA_RECORDER_CONFIG`, else `config.toml` in `cwd` if there is one. */
  readonly configPath?: string | undefined;
  /** Relative paths start here. */
  readonly cwd: string;
  /** What this process cannot do without. Default: nothing, which is what `start` wants: the rest is embedded. */
  readonly required?: readonly Part[];
}

/** A configuration with a default in place of everything that is wrong, and what that is. */
export interface ReadConfig {
  readonly config: Config;
  readonly mistakes: readonly ConfigMistake[];
}

/** As `readConfig`. @throws ConfigError with all mistakes at once */
export function loadConfig(options: LoadConfigOptions): Config {
  const { config, mistakes } = readConfig(options);
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  return config;
}

/** Defaults, then the file, then the environment. Reads files (`config.toml`, `…_FILE`), writes none, opens no socket. */
export function readConfig(options: LoadConfigOptions): ReadConfig {
  const { env, cwd } = options;
  const file = readConfigFile(options.configPath ?? (env['CAMERA_RECORDER_CONFIG'] || undefined), cwd);
  const reader = new SettingsReader({ env, file: file.settings, cwd });
  reader.mistakes.push(...file.mistakes);
  noteMisspelt(env, reader);
  const isEmbeddedAllowed =
    reader.value('CAMERA_RECORDER_EMBEDDED', oneOf(['allowed', 'never']), 'allowed') === 'allowed';
  const required = isEmbeddedAllowed ? (options.required ?? []) : (options.required ?? ALL_PARTS);
  const secretsDir = pathOf(reader.value('CAMERA_SECRETS_DIR', text, null), cwd);
  const givenSegmentSec = reader.value('SEGMENT_SECONDS', segmentSeconds, null);
  const usual = readRetention(reader);
  const cameras = readCameras({
    reader,
    numbers: readCameraVariables(env, reader),
    tables: file.cameras,
    defaults: readSpecDefaults(reader, givenSegmentSec),
    retention: usual,
    hasSecretsDir: secretsDir !== null,
  });
  const isCameraSomewhere = cameras.length > 0 || file.cameras.length > 0 || secretsDir !== null;
  if (required.includes('cameras') && !isCameraSomewhere) noteNoCamera(reader);
  const policyTimeScale = reader.value('CAMERA_RECORDER_TIME_SCALE', fraction, 1);
  const config: Config = {
    cameras,
    givenSegmentSec,
    store: readStore(reader, cwd, required.includes('store')),
    temporal: readTemporal(reader, env, required.includes('temporal')),
    temporalUiUrl: reader.value('TEMPORAL_UI_URL', httpUrl, null),
    spool: readSpool(reader, cwd),
    secretsDir,
    ffmpegPath: pathOf(reader.value('FFMPEG_PATH', text, null), cwd),
    metricsPort: reader.value('METRICS_PORT', port, 9_090),
    isMetricsPortGiven: reader.has('METRICS_PORT'),
    metricsHost: reader.value('METRICS_HOST', ipAddress, env['KUBERNETES_SERVICE_HOST'] ? '0.0.0.0' : '127.0.0.1'),
    memoryLimitBytes: reader.value('MEMORY_LIMIT_BYTES', byteSize, null),
    maxCameras: readMaxCameras(reader, cameras.length),
    maxConcurrentUploads: reader.value('MAX_CONCURRENT_UPLOADS', whole(1, 64), 4),
    uploadBytesPerSecond: reader.value('UPLOAD_MAX_BYTES_PER_SECOND', byteRate, null),
    verifyEveryMs: readVerifyEveryMs(reader, policyTimeScale),
    // Under 10 minutes the store may have acknowledged from its page cache alone (INV-2).
    keepLocalMs: Math.round(reader.value('KEEP_LOCAL_MINUTES', minutesAsMs(10, 100_000), 900_000) * policyTimeScale),
    retention: retentionOf(usual, cameras),
    capacityBytes: reader.value('S3_CAPACITY_BYTES', byteSize, null),
    timezone: reader.value('SITE_TIMEZONE', timezone, Intl.DateTimeFormat().resolvedOptions().timeZone),
    readinessPolicy: reader.value('READINESS_POLICY', oneOf(READINESS_POLICIES), 'all'),
    logLevel: reader.value('LOG_LEVEL', oneOf(LOG_LEVELS), 'info'),
    isEmbeddedAllowed,
    policyTimeScale,
    dataDir: pathOf(reader.value('CAMERA_RECORDER_DATA_DIR', text, null), cwd),
    // Two and a half hours of two 2K cameras.
    dataLimitBytes: reader.value('CAMERA_RECORDER_DATA_LIMIT', byteSize, 10_000_000_000),
  };
  noteKeepLocal(reader, config.keepLocalMs, config.retention);
  return { config, mistakes: reader.mistakes };
}

const DEFAULT_MAX_CAMERAS = 50;
const temporalSwitch = oneOf(['true', 'false', '1', '0']);

const ALL_PARTS: readonly Part[] = ['store', 'temporal', 'cameras'];

function readRetention(reader: SettingsReader): RetentionPolicy {
  const days = reader.value('RETENTION_DAYS', retentionDays, 'forever');
  const bytes = reader.value('RETENTION_BYTES', retentionBytes, 'unlimited');
  return { maxAgeMs: days === 'forever' ? null : days, maxBytes: bytes === 'unlimited' ? null : bytes };
}

function retentionOf(usual: RetentionPolicy, cameras: readonly CameraConfig[]): RetentionPolicies {
  const own = cameras.flatMap(({ id, retention }) => (retention === null ? [] : [[id, retention] as const]));
  return { usual, cameras: Object.fromEntries(own) };
}

/** What is still in the spool when it expires would be found lost in the store, and sent again. */
function noteKeepLocal(reader: SettingsReader, keepLocalMs: number, { usual, cameras }: RetentionPolicies): void {
  if (![usual, ...Object.values(cameras)].some(isDeleting) || keepLocalMs < YOUNGEST_EXPIRED_MS) return;
  reader.note('KEEP_LOCAL_MINUTES', 'is a day or more, and retention deletes what is a day old.', 'less than 1440');
}

function noteNoCamera(reader: SettingsReader): void {
  reader.note('CAMERA1_RTSP_URL', 'is missing: there is no camera.', 'CAMERA1_RTSP_URL, CAMERA2_RTSP_URL, …');
}

function noteMisspelt(env: Variables, reader: SettingsReader): void {
  for (const name of Object.keys(env)) {
    const meant = meantVariable(name, (other) => reader.has(other));
    if (meant !== undefined) reader.note(name, `is not a setting of ours. Did you mean ${meant}?`);
  }
  for (const name of PLAIN_SETTINGS) {
    if (env[`${name}_FILE`]) reader.note(`${name}_FILE`, 'only secrets are read from files.', name);
  }
}

function readSpecDefaults(reader: SettingsReader, givenSegmentSec: number | null): typeof DEFAULT_SPEC {
  return {
    ...DEFAULT_SPEC,
    segmentDurationSec: givenSegmentSec ?? DEFAULT_SPEC.segmentDurationSec,
    stallTimeoutMs: reader.value('STALL_TIMEOUT_SECONDS', secondsAsMs(1, 120), DEFAULT_SPEC.stallTimeoutMs),
    socketTimeoutMs: reader.value('SOCKET_TIMEOUT_SECONDS', secondsAsMs(0.5, 60), DEFAULT_SPEC.socketTimeoutMs),
  };
}

function readMaxCameras(reader: SettingsReader, configured: number): number {
  const given = reader.value('MAX_CAMERAS', whole(1, 10_000), null);
  if (given !== null && given < configured) {
    reader.note('MAX_CAMERAS', `${given} is less than the ${configured} cameras that are configured.`);
  }
  return given ?? Math.max(DEFAULT_MAX_CAMERAS, configured);
}

function readVerifyEveryMs(reader: SettingsReader, timeScale: number): number | null {
  const perDay = reader.value('VERIFY_PER_DAY', whole(0, 100_000), 24);
  return perDay === 0 ? null : Math.max(1, Math.round((86_400_000 / perDay) * timeScale));
}

function readStore(reader: SettingsReader, cwd: string, isRequired: boolean): StoreSettings | null {
  const endpoint = reader.value('S3_ENDPOINT', httpUrl, null);
  const publicEndpoint = reader.value('S3_PUBLIC_ENDPOINT', httpUrl, null);
  const region = reader.value('S3_REGION', text, 'us-east-1');
  const bucket = reader.value('S3_BUCKET', bucketName, 'camera-recordings');
  const ca = readCertificates(reader, pathOf(reader.value('S3_CA_FILE', text, null), cwd));
  const accessKeyId = reader.secret('S3_ACCESS_KEY_ID');
  const secretAccessKey = reader.secret('S3_SECRET_ACCESS_KEY');
  const isWanted =
    isRequired || reader.has('S3_ENDPOINT') || accessKeyId !== undefined || secretAccessKey !== undefined;
  if (!isWanted) return null;
  if (!reader.has('S3_ENDPOINT')) reader.note('S3_ENDPOINT', 'is missing.', httpUrl.allowed);
  noteMissingSecret(reader, 'S3_ACCESS_KEY_ID');
  noteMissingSecret(reader, 'S3_SECRET_ACCESS_KEY');
  if (endpoint === null || accessKeyId === undefined || secretAccessKey === undefined) return null;
  const optional = { ...(ca === undefined ? {} : { ca }), ...(publicEndpoint === null ? {} : { publicEndpoint }) };
  return { endpoint, region, bucket, accessKeyId, secretAccessKey, ...optional };
}

/** Node ignores what is no certificate among those it is to trust, and then trusts nobody new. */
function readCertificates(reader: SettingsReader, path: string | null): string | undefined {
  if (path === null) return undefined;
  const allowed = 'the path of a file with certificates in PEM';
  try {
    const pem = readFileSync(path, 'utf8');
    if (!isCertificate(pem)) reader.note('S3_CA_FILE', `${path} holds no certificate.`, allowed);
    return pem;
  } catch (error) {
    reader.note('S3_CA_FILE', `${path} cannot be read (${errorCodeOf(error)}).`, allowed);
    return undefined;
  }
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== '';
  } catch {
    return false;
  }
}

function noteMissingSecret(reader: SettingsReader, name: 'S3_ACCESS_KEY_ID' | 'S3_SECRET_ACCESS_KEY'): void {
  if (reader.has(name) || reader.has(`${name}_FILE`)) return;
  reader.note(name, 'is missing.', `the key, or ${name}_FILE with the path of a file that holds it`);
}

function readTemporal(reader: SettingsReader, env: Variables, isRequired: boolean): TemporalSettings | null {
  const address = reader.value('TEMPORAL_ADDRESS', hostAndPort, null);
  const namespace = reader.value('TEMPORAL_NAMESPACE', text, 'default');
  const apiKey = reader.secret('TEMPORAL_API_KEY');
  // Temporal's own reader takes every other word for "no", and an empty one too: a connection in the clear.
  reader.value('TEMPORAL_TLS', temporalSwitch, null);
  reader.value('TEMPORAL_TLS_DISABLE_HOST_VERIFICATION', temporalSwitch, null);
  const isGiven =
    reader.has('TEMPORAL_ADDRESS') || reader.has('TEMPORAL_CONFIG_FILE') || reader.has('TEMPORAL_PROFILE');
  if (!isGiven && (isRequired || apiKey !== undefined)) {
    reader.note('TEMPORAL_ADDRESS', 'is missing.', hostAndPort.allowed);
  }
  if (!isGiven) return null;
  const meta = Object.entries(env).filter(([name]) => name.startsWith('TEMPORAL_GRPC_META_'));
  const others = TEMPORAL_VARIABLES.filter((name) => reader.has(name)).map(
    (name) => [name, reader.text(name)] as const,
  );
  const variables = {
    ...Object.fromEntries([...meta, ...others].map(([name, value]) => [name, value ?? ''])),
    ...(address === null ? {} : { TEMPORAL_ADDRESS: address }),
    ...(reader.has('TEMPORAL_NAMESPACE') ? { TEMPORAL_NAMESPACE: namespace } : {}),
    ...(apiKey === undefined ? {} : { TEMPORAL_API_KEY: apiKey }),
  };
  return { address, namespace, variables };
}

function readSpool(reader: SettingsReader, cwd: string): SpoolSettings {
  return {
    dir: resolve(cwd, reader.value('TEMP_DIR', text, '/tmp/camera-recordings')),
    isGiven: reader.has('TEMP_DIR'),
    minFreeBytes: reader.value('MIN_FREE_BYTES', byteSize, null),
  };
}

function pathOf(path: string | null, cwd: string): string | null {
  return path === null ? null : resolve(cwd, path);
}
