import { join, resolve } from 'node:path';
import type { Config } from '../config/config.js';
import type { DemoOptions, DemoParts } from '../embedded/demo.js';

/** What `start` is going to run, and where. */
export interface StartPlan {
  readonly config: Config;
  readonly want: DemoOptions['want'];
  /** Null when nothing is embedded. */
  readonly dataDir: string | null;
  readonly secretsDir: string | null;
  readonly spoolDir: string;
  readonly metricsPort: number;
  readonly segmentDurationSec: number;
  readonly ffmpegPath: string;
}

/** What was not given. Pure. */
export function wantOf(config: Config): StartPlan['want'] {
  return {
    temporal: config.temporal === null,
    store: config.store === null,
    cameras: config.cameras.length === 0,
  };
}

/** `.data` of this folder; null when nothing is embedded. */
export function dataDirOf(config: Config): string | null {
  return Object.values(wantOf(config)).includes(true) ? resolve('.data') : null;
}

/** Where `start` spools: beside what is embedded, unless TEMP_DIR says otherwise. */
export function spoolDirOf(config: Config): string {
  const dataDir = dataDirOf(config);
  return dataDir === null || config.spool.isGiven ? config.spool.dir : join(dataDir, 'spool');
}

/** The variables that make `worker` record from and into the parts that were started. Holds secrets. Pure. */
export function recorderEnv(plan: StartPlan, parts: DemoParts): Readonly<Record<string, string>> {
  const { temporal, store, cameraUrls } = parts;
  return {
    TEMP_DIR: plan.spoolDir,
    METRICS_PORT: String(plan.metricsPort),
    SEGMENT_SECONDS: String(plan.segmentDurationSec),
    FFMPEG_PATH: plan.ffmpegPath,
    ...(plan.secretsDir === null ? {} : { CAMERA_SECRETS_DIR: plan.secretsDir }),
    ...(plan.dataDir === null
      ? {}
      : { CAMERA_RECORDER_DATA_DIR: plan.dataDir, CAMERA_RECORDER_DATA_LIMIT: String(plan.config.dataLimitBytes) }),
    ...(temporal === null
      ? {}
      : {
          TEMPORAL_ADDRESS: temporal.address,
          TEMPORAL_NAMESPACE: temporal.namespace,
          TEMPORAL_UI_URL: temporal.uiUrl,
        }),
    ...(store === null
      ? {}
      : {
          S3_ENDPOINT: store.endpoint,
          S3_BUCKET: store.bucket,
          S3_ACCESS_KEY_ID: store.accessKeyId,
          S3_SECRET_ACCESS_KEY: store.secretAccessKey,
        }),
    ...Object.fromEntries((cameraUrls ?? []).map((url, index) => [`CAMERA${index + 1}_RTSP_URL`, url])),
  };
}
