import type { CameraConfig, Config } from '../config/config.js';
import { ConfigError, type ConfigMistake } from '../config/config-error.js';
import { type LoadConfigOptions, type Part, readConfig } from '../config/load-config.js';
import { preflight } from '../config/preflight.js';
import { variableOfSecret } from '../config/setting-names.js';
import type { Variables } from '../config/settings-reader.js';
import { EmbeddedError } from '../embedded/embedded-error.js';
import { findProgram } from './find-program.js';
import { takeSecrets } from './process-guards.js';
import type { Role } from './roles.js';
import { spoolDirOf } from './start-plan.js';
import { temporalMistakes } from './temporal-settings.js';

/** A configuration that is right on paper and on this machine. */
export interface CheckedConfig {
  readonly config: Config;
  /** Sentences. */
  readonly warnings: readonly string[];
  /** Judged; null for a process that does not record. */
  readonly ffmpegPath: string | null;
}

/** What each role cannot do without. A recorder may have all its cameras from Temporal. */
const PARTS_OF_ROLE: Readonly<Record<Role, readonly Part[]>> = {
  all: ['store', 'temporal', 'cameras'],
  recorder: ['store', 'temporal'],
  workflows: ['temporal'],
};

/** @param role undefined for `start`, which embeds what is missing. @throws ConfigError with all mistakes, of both kinds */
export async function checkConfig(options: {
  readonly role: Role | undefined;
  readonly configPath: string | undefined;
  /** As it was given, secrets included. */
  readonly env: Variables;
}): Promise<CheckedConfig> {
  const { config: read, mistakes } = readConfig(readOptions(options));
  const config = options.role === undefined ? { ...read, spool: { ...read.spool, dir: spoolDirOf(read) } } : read;
  const isRecording = options.role !== 'workflows';
  const judgeable = { ...config, cameras: config.cameras.filter((camera) => !isNoted(camera, mistakes)) };
  const report = await preflight(judgeable, options.env, isRecording);
  const areFilesThere = !report.mistakes.some(({ setting }) => setting.startsWith('TEMPORAL_'));
  // Without its files there is nothing to judge.
  const ofTemporal = areFilesThere ? temporalMistakes(config) : [];
  const ffmpeg = isRecording ? await judgeFfmpegOf(config) : { path: null, mistakes: [] };
  // What is wrong on paper has its default in `config`: what the machine says about that would only mislead.
  const found = [...report.mistakes, ...ofTemporal, ...ffmpeg.mistakes].filter(
    ({ setting }) =>
      !mistakes.some((mistake) => mistake.setting === setting) &&
      // `start` takes another port than one that nobody asked for.
      !(setting === 'METRICS_PORT' && options.role === undefined && !config.isMetricsPortGiven),
  );
  if (mistakes.length + found.length > 0) throw new ConfigError([...mistakes, ...found]);
  return { config, warnings: report.warnings, ffmpegPath: ffmpeg.path };
}

/** Whether it is already known that this camera has no URL. */
function isNoted({ id, spec: { source } }: CameraConfig, mistakes: readonly ConfigMistake[]): boolean {
  const variable = source.kind === 'secret' ? variableOfSecret(source.name) : undefined;
  const names = [`cameras "${id}"`, ...(variable === undefined ? [] : [variable, `${variable}_FILE`])];
  return mistakes.some(({ setting }) => names.includes(setting));
}

/** Runs it a few times, harmlessly: some builds cannot record what cameras send. */
async function judgeFfmpegOf(
  config: Config,
): Promise<{ readonly path: string | null; readonly mistakes: readonly ConfigMistake[] }> {
  try {
    return { path: await findProgram('ffmpeg', config.ffmpegPath), mistakes: [] };
  } catch (error) {
    if (!(error instanceof EmbeddedError)) throw error;
    return { path: null, mistakes: [{ setting: 'FFMPEG_PATH', problem: `${error.message}.`, allowed: null }] };
  }
}

/** Without asking the machine: what a worker does that its keeper has checked, and starts again. @throws ConfigError with all mistakes */
export function loadRoleConfig(options: {
  readonly role: Role | undefined;
  readonly configPath: string | undefined;
  readonly env: Variables;
}): Config {
  const { config, mistakes } = readConfig(readOptions(options));
  const all = [...mistakes, ...temporalMistakes(config)];
  if (all.length > 0) throw new ConfigError(all);
  return config;
}

function readOptions(options: Parameters<typeof loadRoleConfig>[0]): LoadConfigOptions {
  const { role, configPath, env } = options;
  const required = role === undefined ? {} : { required: PARTS_OF_ROLE[role] };
  return { env, configPath, cwd: process.cwd(), ...required };
}

/** Prints what would run; resolves to 0. @throws ConfigError */
export async function checkCommand(options: {
  readonly role: Role | undefined;
  readonly output: 'text' | 'json' | 'none';
  readonly configPath: string | undefined;
}): Promise<number> {
  const { role, configPath } = options;
  const checked = await checkConfig({ role, configPath, env: takeSecrets(process.env) });
  const summary = summaryOf(checked);
  if (options.output === 'json') process.stdout.write(`${JSON.stringify(summary)}\n`);
  if (options.output === 'text') process.stdout.write(summaryText(summary));
  return 0;
}

/** The configuration without its secrets. */
export interface CheckSummary {
  readonly spoolDir: string;
  readonly ffmpegPath: string | null;
  readonly memoryLimitBytes: number | null;
  readonly store: string;
  readonly temporal: string;
  readonly cameras: readonly string[];
  readonly page: string;
  readonly warnings: readonly string[];
}

function summaryOf({ config, warnings, ffmpegPath }: CheckedConfig): CheckSummary {
  const { store, temporal } = config;
  return {
    spoolDir: config.spool.dir,
    ffmpegPath,
    memoryLimitBytes: config.memoryLimitBytes,
    store: store === null ? 'embedded' : `${store.endpoint}, bucket ${store.bucket}`,
    temporal:
      temporal === null ? 'embedded' : `${temporal.address ?? 'as its profile says'}, namespace ${temporal.namespace}`,
    cameras: config.cameras.map(({ id, name, spec }) => {
      const label = name === id ? id : `${id} (${name})`;
      return `${label}: ${spec.segmentDurationSec} s segments, audio ${spec.audio}`;
    }),
    page:
      config.metricsPort === 0
        ? `any free port of ${config.metricsHost}`
        : `http://${config.metricsHost}:${config.metricsPort}/`,
    warnings,
  };
}

function summaryText(summary: CheckSummary): string {
  const cameras = summary.cameras.length === 0 ? ['none given: `start` simulates two'] : summary.cameras;
  const lines = [
    'The configuration is right. What would run:',
    `  Temporal  ${summary.temporal}`,
    `  store     ${summary.store}`,
    `  spool     ${summary.spoolDir}`,
    ...(summary.ffmpegPath === null ? [] : [`  FFmpeg    ${summary.ffmpegPath}`]),
    `  page      ${summary.page}`,
    ...cameras.map((camera) => `  camera    ${camera}`),
    ...summary.warnings.map((warning) => `Warning: ${warning}`),
  ];
  return `${lines.join('\n')}\n`;
}
