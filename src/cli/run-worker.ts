/**
 * The worker's process, put together: the one place that knows every part, and nothing of what they do.
 *
 * 1. It records before anything else answers (INV-4): neither Temporal, nor the store, nor the page's port is waited for.
 * 2. It ends with 0 after `leave`, and with 1 on any failure that nobody caught: the keeper starts the next one, and FFmpeg never notices.
 */
import { fileURLToPath } from 'node:url';
import { systemClock } from '../clock.js';
import type { Config } from '../config/config.js';
import { portFinder } from '../embedded/free-port.js';
import { servePage } from '../http/page-server.js';
import { PageState } from '../http/page-state.js';
import { createRegistry } from '../http/registry.js';
import { createLogger, type Logger } from '../log.js';
import { registerRecorderMetrics } from '../recorder/metrics.js';
import type { Recorder } from '../recorder/recorder.js';
import { registerSpoolMetrics } from '../spool/metrics.js';
import type { Spool } from '../spool/spool.js';
import { policiesOf, type RunningWorker, startWorker } from '../workers/main.js';
import { registerWorkerMetrics } from '../workers/metrics.js';
import { otherSettings } from '../workers/other-settings.js';
import type { StartWorkerOptions } from '../workers/worker-options.js';
import { loadRoleConfig } from './check-command.js';
import { limitNotice } from './limit-notice.js';
import { endOnUncaught, takeSecrets } from './process-guards.js';
import { openRecordingParts, type RecordingParts } from './recording-parts.js';
import type { Role } from './roles.js';
import { readTemporalSettings } from './temporal-settings.js';
import { untilEnd } from './until-end.js';
import { readVersion } from './version.js';

/** Made by the build: bundling at start would take a second. */
const WORKFLOW_BUNDLE = fileURLToPath(new URL('../workflow-bundle.js', import.meta.url));

/** Resolves to the exit code, after an orderly end. @throws ConfigError */
export async function runWorker(options: {
  readonly role: Role;
  readonly configPath: string | undefined;
  /** Called when signals are about to be listened to here. */
  readonly onListening?: () => void;
}): Promise<number> {
  const secrets = takeSecrets(process.env);
  const config = loadRoleConfig({ ...options, env: secrets });
  const log = createLogger({ level: config.logLevel, name: options.role });
  endOnUncaught(log);
  const registry = createRegistry({ version: readVersion() });
  const parts = options.role === 'workflows' ? null : await openRecordingParts({ config, secrets, registry, log });
  const worker = await startWorker(await workerOptions(options.role, config, parts, log));
  registerWorkerMetrics(registry, () => worker.status());
  if (parts !== null) {
    registerRecorderMetrics(registry, parts.recorder);
    warnOfOtherSettings(config, parts.recorder, log);
    registerSpoolMetrics(registry, () => worker.status().spool);
  }
  const page = servePage({ config, log, registry, ...pageSources(config, parts, worker, log) });
  parts?.keeper.ready();
  options.onListening?.();
  const code = await untilEnd(worker, parts?.keeper ?? null, log);
  if (parts?.keeper.disconnected.aborted === true) return code;
  await page.close();
  parts?.keeper.close();
  return code;
}

/** The page says so for as long as it lasts. */
function warnOfOtherSettings(config: Config, recorder: Recorder, log: Logger): void {
  const specs = recorder.specs();
  for (const { id, spec } of config.cameras) {
    const why = otherSettings(id, specs.get(id) ?? spec, spec);
    if (why !== null) log.warn({ camera: id, why }, 'configured otherwise than recorded');
  }
}

async function workerOptions(
  role: Role,
  config: Config,
  parts: RecordingParts | null,
  log: Logger,
): Promise<StartWorkerOptions> {
  const shared = {
    temporal: readTemporalSettings(config),
    policies: policiesOf(config.policyTimeScale),
    clock: systemClock,
    log,
    coreMetricsPort: await portFinder()(),
  };
  const workflowCode = { kind: 'bundle', path: WORKFLOW_BUNDLE } as const;
  if (parts === null) return { role: 'workflows', ...shared, workflowCode };
  const { keeper, recorder, spool, store, storeMetrics } = parts;
  const recording = {
    supervision: () => keeper.supervision(),
    recorder,
    spool,
    store,
    timezone: config.timezone,
    configuredCameras: config.cameras,
    maxCameras: config.maxCameras,
    maxConcurrentUploads: config.maxConcurrentUploads,
    uploadBytesPerSecond: config.uploadBytesPerSecond,
    verifyEveryMs: config.verifyEveryMs,
    onPart: storeMetrics.countPart,
    keepLocalMs: config.keepLocalMs,
    retention: config.retention,
    capacityBytes: config.capacityBytes,
  };
  return role === 'recorder'
    ? { role, ...shared, ...recording }
    : { role: 'all', ...shared, ...recording, workflowCode };
}

function pageSources(config: Config, parts: RecordingParts | null, worker: RunningWorker, log: Logger) {
  const state = new PageState({
    config,
    recorder: parts?.recorder ?? null,
    workerStatus: () => worker.status(),
    limitNotice: () => limitNotice(parts?.budget ?? null),
    clock: systemClock,
  });
  if (parts !== null) lookBack(state, parts.spool, log);
  return { state, coreMetricsUrl: worker.coreMetricsUrl };
}

/** Beside everything else; without it the page tells since when it counts. */
function lookBack(state: PageState, spool: Spool, log: Logger): void {
  state.lookBack(spool).catch((error: unknown) => log.warn({ err: error }, 'gaps of earlier today are not known'));
}
