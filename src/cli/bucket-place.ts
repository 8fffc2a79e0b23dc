import { join } from 'node:path';
import type { StoreSettings } from '../config/config.js';
import { loadConfig } from '../config/load-config.js';
import type { CameraId } from '../domain/ids.js';
import { DEMO_DIR, demoStore, isThere } from './demo-place.js';
import { takeSecrets } from './process-guards.js';

/** Where to read, and what is known about the camera's settings here. */
export interface BucketPlace {
  readonly store: StoreSettings;
  readonly spoolDir: string | null;
  readonly timezone: string;
  readonly segmentDurationSec: number;
}

/** What is configured; else what `start` brought in this folder. @throws ConfigError */
export async function bucketPlace(camera: CameraId | null, configPath: string | undefined): Promise<BucketPlace> {
  const given = { env: takeSecrets(process.env), configPath, cwd: process.cwd() };
  const config = loadConfig({ ...given, required: [] });
  const demo = config.store === null ? await demoStore() : null;
  const store = demo ?? loadConfig({ ...given, required: ['store'] }).store;
  if (store === null) throw new Error('a store is needed');
  const own = config.cameras.find(({ id }) => id === camera)?.spec.segmentDurationSec;
  const spoolDir = demo === null || config.spool.isGiven ? config.spool.dir : join(DEMO_DIR, 'spool');
  return {
    store,
    spoolDir: (await isThere(spoolDir)) ? spoolDir : null,
    timezone: config.timezone,
    // As `worker` and `start` have it.
    segmentDurationSec: own ?? config.givenSegmentSec ?? (demo === null ? 900 : 60),
  };
}
