/**
 * `start`: everything that was not given is started here, then the recorder as `worker` would run it, in a process of its own.
 *
 * 1. Nothing is started before the whole configuration is known to be right.
 * 2. Everything embedded, the spool included unless TEMP_DIR says otherwise, lives under `.data/`.
 * 3. One `start` a `.data/`.
 * 4. What is embedded fills this machine's disk up to a limit and no further: then recording ends, and the rest goes on.
 * 5. Cameras' passwords are with the recorder alone (INV-7).
 * 6. The first Ctrl-C stops in order: recorder (which seals), cameras, store, Temporal. A second one forces.
 */
import { once } from 'node:events';
import { mkdir, statfs } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { systemClock } from '../clock.js';
import type { Config } from '../config/config.js';
import type { Variables } from '../config/settings-reader.js';
import { isDeleting } from '../domain/retention.js';
import { type DemoParts, startDemoParts } from '../embedded/demo.js';
import { portFinder } from '../embedded/free-port.js';
import type { StatusView } from '../http/status-view.js';
import { createLogger } from '../log.js';
import { minFreeBytesOf } from '../recorder/policies.js';
import { redact } from '../redact.js';
import { checkConfig } from './check-command.js';
import { forbidCoreDumps } from './core-dumps.js';
import { fetchStatus } from './fetch-status.js';
import { findProgram } from './find-program.js';
import { type KeeperChild, keeperEndWords, startKeeperChild } from './keeper-child.js';
import { takeSecrets } from './process-guards.js';
import { NOTHING_TOLD, progressLines, sayEachTenth, type ToldProgress } from './progress-lines.js';
import { lockData, untilSpoolIsFree } from './start-locks.js';
import { dataDirOf, recorderEnv, type StartPlan, spoolDirOf, wantOf } from './start-plan.js';
import { type StartScreen, startScreen } from './start-screen.js';
import { listenForStop, type StopSignals } from './stop-signals.js';
import { readVersion } from './version.js';

const LOOK_EVERY_MS = 1_000;
/** As a shell says of a program that Ctrl-C ended. */
const EXIT_FORCED = 130;

/** Runs until a signal, or until the recorder ends by itself; resolves to the exit code. @throws ConfigError */
export async function startCommand(options: { readonly configPath: string | undefined }): Promise<number> {
  const env = takeSecrets(process.env);
  // The recorder warns of it, in its own log.
  await forbidCoreDumps();
  const { config, warnings, ffmpegPath } = await checkConfig({ role: undefined, ...options, env });
  const stop = listenForStop();
  stop.asked.addEventListener('abort', () => say('Stopping: recordings are sealed first. Ctrl-C again stops at once.'));
  try {
    const plan = await planOf(config, ffmpegPath ?? 'ffmpeg');
    if (plan.dataDir === null) for (const warning of warnings) say(`Warning: ${warning}`);
    const lock = plan.dataDir === null ? null : await lockData(plan.dataDir);
    try {
      await untilSpoolIsFree(plan.spoolDir, { say, signal: stop.asked });
      // Chosen only now: the recorder that was waited for had the usual port.
      return await runParts({ ...plan, metricsPort: await choosePort(config) }, { ...options, env, stop });
    } finally {
      await lock?.release();
      if (stop.asked.aborted) say('Stopped.');
    }
  } catch (error) {
    if (stop.asked.aborted) return 0;
    throw error;
  } finally {
    stop.close();
  }
}

async function planOf(config: Config, ffmpegPath: string): Promise<StartPlan> {
  const dataDir = dataDirOf(config);
  const secretsDir = config.secretsDir ?? (dataDir === null ? null : join(dataDir, 'camera-secrets'));
  if (dataDir !== null) await mkdir(dataDir, { recursive: true });
  if (dataDir !== null && secretsDir !== null) await mkdir(secretsDir, { recursive: true, mode: 0o700 });
  return {
    config,
    want: wantOf(config),
    dataDir,
    secretsDir,
    spoolDir: spoolDirOf(config),
    metricsPort: config.metricsPort,
    segmentDurationSec: config.givenSegmentSec ?? (dataDir === null ? 900 : 60),
    ffmpegPath,
  };
}

/** The check has refused a port that was asked for and is taken. */
async function choosePort({ metricsPort, isMetricsPortGiven }: Config): Promise<number> {
  if (metricsPort === 0) return portFinder()();
  if (isMetricsPortGiven) return metricsPort;
  const port = await portFinder()({ preferred: metricsPort });
  if (port !== metricsPort) say(`Port ${metricsPort} is taken: the status page is on ${port}.`);
  return port;
}

interface RunOptions {
  readonly configPath: string | undefined;
  /** As it was given, secrets included: only the recorder gets it. */
  readonly env: Variables;
  readonly stop: StopSignals;
}

async function runParts(plan: StartPlan, { configPath, env, stop }: RunOptions): Promise<number> {
  const { config, dataDir } = plan;
  if (dataDir !== null) say(`Starting what was not given, under ${dataDir} …`);
  const parts = await startDemoParts({
    dataDir: dataDir ?? resolve('.data'),
    want: plan.want,
    toolPath: async (name) => (name === 'ffmpeg' ? plan.ffmpegPath : findProgram(name, null)),
    log: createLogger({ level: 'warn', name: 'start' }),
    onProgress: sayEachTenth(say),
    signal: stop.asked,
    ...(config.store === null ? {} : { bucket: config.store.bucket }),
  });
  try {
    const logPath = dataDir === null ? null : join(dataDir, 'recorder.log');
    const child = await startKeeperChild({
      args: ['--role', 'all', ...(configPath === undefined ? [] : ['--config', configPath])],
      env: { ...env, ...recorderEnv(plan, parts) },
      logPath,
    });
    return await keepCompany(child, { plan, parts, logPath, stop });
  } finally {
    await Promise.race([parts.stop(), aborted(stop.forced)]);
    // The servers are killed as we exit; waiting for them is what was asked not to be done.
    if (stop.forced.aborted) process.exit(EXIT_FORCED);
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

interface Company {
  readonly plan: StartPlan;
  readonly parts: DemoParts;
  readonly logPath: string | null;
  readonly stop: StopSignals;
}

/** Shows what happens until the recorder has ended. */
async function keepCompany(child: KeeperChild, company: Company): Promise<number> {
  const { stop, logPath } = company;
  const over = new AbortController();
  stop.onAsked(() => {
    over.abort();
    child.stop();
  });
  const watching = showProgress(company, over.signal);
  const end = await child.ended;
  over.abort();
  await watching;
  if (!stop.asked.aborted) say(`${keeperEndWords(end)}${logPath === null ? '' : ` Its log: ${logPath}`}`);
  return end.kind === 'exited' ? end.code : 1;
}

async function showProgress(company: Company, signal: AbortSignal): Promise<void> {
  const pageUrl = pageUrlOf(company.plan);
  let told: ToldProgress | null = null;
  while (!signal.aborted) {
    const view = await fetchStatus(pageUrl, signal).catch(() => null);
    if (view !== null) {
      if (told === null) process.stdout.write(`${startScreen(await screenOf(company, pageUrl, view))}\n`);
      const news = progressLines(told ?? NOTHING_TOLD, view);
      told = news.told;
      for (const line of news.lines) say(`${view.clock} ${line}`);
    }
    await systemClock.sleep(LOOK_EVERY_MS, signal).catch(() => undefined);
  }
}

async function screenOf({ plan, parts }: Company, pageUrl: string, view: StatusView): Promise<StartScreen> {
  const { config } = plan;
  const simulatedCameras = parts.cameraUrls?.map((_url, index) => `camera-${index + 1}`) ?? [];
  // One that is off with nothing to do about it has not been taken yet: this is the first look.
  const cameras = view.cameras.filter(({ level, todo }) => level !== 'off' || todo === null).map(({ id }) => id);
  return {
    version: readVersion(),
    zone: view.zone,
    pageUrl,
    temporal: {
      address: parts.temporal?.address ?? config.temporal?.address ?? 'as its profile says',
      namespace: parts.temporal?.namespace ?? config.temporal?.namespace ?? 'default',
      isEmbedded: parts.temporal !== null,
    },
    webUiUrl: parts.temporal?.uiUrl ?? config.temporalUiUrl,
    store: {
      filesUrl: parts.store?.filesUrl ?? null,
      endpoint: parts.store?.endpoint ?? config.store?.endpoint ?? '',
      bucket: parts.store?.bucket ?? config.store?.bucket ?? '',
      isEmbedded: parts.store !== null,
    },
    cameras,
    simulatedCameras,
    takenIds: view.cameras.map(({ id }) => id),
    segmentDurationSec: plan.segmentDurationSec,
    recordedSegmentSec: view.cameras.flatMap(({ segmentSec }) => (segmentSec === null ? [] : [segmentSec])),
    // A Tapo camera in 2K writes 2 GB an hour; the simulated ones do as well.
    bytesPerHour: cameras.length * 2e9,
    capacityBytes: config.capacityBytes,
    isEverythingKept: ![config.retention.usual, ...Object.values(config.retention.cameras)].some(isDeleting),
    spoolDir: plan.spoolDir,
    spoolRoomBytes: await spoolRoomBytes(plan, cameras.length),
    dataDir: plan.dataDir,
    maxDataBytes: config.dataLimitBytes,
    secretsDir: plan.secretsDir === null ? null : asTyped(plan.secretsDir),
    temporalCommand: await findProgram('temporal', null).then(asTyped, () => 'temporal'),
  };
}

/** What is free over what must stay free. */
async function spoolRoomBytes({ config, spoolDir, segmentDurationSec }: StartPlan, cameras: number): Promise<number> {
  const { bavail, bsize } = await statfs(spoolDir);
  const specs = Array.from({ length: cameras }, () => ({ segmentDurationSec }));
  return bavail * bsize - (config.spool.minFreeBytes ?? minFreeBytesOf(specs));
}

/** As short as it can be typed in this folder. */
function asTyped(path: string): string {
  const here = relative('.', path);
  if (isAbsolute(here) || here.startsWith('..')) return path;
  return here.includes(sep) ? here : `.${sep}${here}`;
}

function pageUrlOf({ config, metricsPort }: StartPlan): string {
  const host = config.metricsHost === '0.0.0.0' || config.metricsHost === '::' ? '127.0.0.1' : config.metricsHost;
  return `http://${host.includes(':') ? `[${host}]` : host}:${metricsPort}`;
}

function say(line: string): void {
  process.stdout.write(`${redact(line)}\n`);
}
