import { statfs } from 'node:fs/promises';
import type { Registry } from 'prom-client';
import { systemClock } from '../clock.js';
import type { Config } from '../config/config.js';
import { createSecretResolver, SecretError } from '../config/secrets.js';
import type { Variables } from '../config/settings-reader.js';
import type { CameraSource } from '../domain/camera.js';
import { DataBudget } from '../embedded/data-budget.js';
import { createKeeperClient, type KeeperClient } from '../keeper/keeper-client.js';
import type { Logger } from '../log.js';
import { createStoreMetrics, type StoreMetrics } from '../object-store/metrics.js';
import type { ObjectStore } from '../object-store/object-store.js';
import { createS3Store } from '../object-store/s3.js';
import { createRecorder } from '../recorder/create-recorder.js';
import type { Recorder } from '../recorder/recorder.js';
import { openSpool } from '../spool/open-spool.js';
import type { Spool } from '../spool/spool.js';
import { findProgram } from './find-program.js';

/** What a process that records has, beside one that only serves workflows. */
export interface RecordingParts {
  readonly keeper: KeeperClient;
  readonly spool: Spool;
  readonly store: ObjectStore;
  readonly storeMetrics: StoreMetrics;
  /** Not started yet. */
  readonly recorder: Recorder;
  /** Null without a limit on what is recorded. */
  readonly budget: DataBudget | null;
}

/** Opens the spool and puts the rest around it; asks neither cameras nor store anything. */
export async function openRecordingParts(options: {
  readonly config: Config;
  readonly secrets: Variables;
  readonly registry: Registry;
  readonly log: Logger;
}): Promise<RecordingParts> {
  const { config, secrets, registry, log } = options;
  if (config.store === null) throw new Error('a recorder needs a store');
  // The first pulse comes from here: opening a spool full of segments may take a while.
  const keeper = createKeeperClient(process);
  const spool = await openSpool(config.spool.dir, { log });
  const storeMetrics = createStoreMetrics(registry);
  for (const { id } of config.cameras) storeMetrics.addCamera(id);
  const store = createS3Store(config.store, storeMetrics.observeRequest);
  const budget =
    config.dataDir === null
      ? null
      : new DataBudget({ dir: config.dataDir, limitBytes: config.dataLimitBytes, clock: systemClock });
  const recorder = createRecorder({
    spool,
    keeper,
    resolveUrl: createUrlResolver(secrets, config.secretsDir, log),
    // The keeper has been given the one that was judged: a new worker loses no time on it.
    ffmpegPath: config.ffmpegPath ?? (await findProgram('ffmpeg', null)),
    clock: systemClock,
    random: Math.random,
    log,
    ...(budget === null ? {} : { freeBytes: async () => await freeBytesWithin(budget, config.spool.dir) }),
    policies: {
      timeScale: config.policyTimeScale,
      minFreeBytes: config.spool.minFreeBytes,
      maxCameras: config.maxCameras,
    },
  });
  return { keeper, spool, store, storeMetrics, recorder, budget };
}

/** A limit that is reached is a full disk to the recorder: it ends and seals what it records, and goes on uploading. */
async function freeBytesWithin(budget: DataBudget, spoolDir: string): Promise<number> {
  if (await budget.look()) return 0;
  const { bavail, bsize } = await statfs(spoolDir);
  return bavail * bsize;
}

function createUrlResolver(
  env: Variables,
  secretsDir: string | null,
  log: Logger,
): (source: CameraSource) => Promise<string | undefined> {
  const resolver = createSecretResolver({ env, secretsDir });
  return async (source) => {
    if (source.kind === 'url') return source.rtspUrl;
    try {
      return await resolver.resolve(source.name);
    } catch (error) {
      if (!(error instanceof SecretError)) throw error;
      log.warn({ secret: source.name.slice(0, 80), reason: error.message }, 'a camera has no URL here');
      return undefined;
    }
  };
}
