import type { Config } from '../config/config.js';
import { ConfigError } from '../config/config-error.js';
import { loadConfig, type Part } from '../config/load-config.js';
import { preflight } from '../config/preflight.js';
import { redact } from '../redact.js';
import type { TemporalSettings } from '../workers/temporal/connection.js';
import { temporalSettingsOf } from '../workers/temporal/settings.js';
import type { Role } from './roles.js';

/** A configuration that is right on paper and on this machine. */
export interface CheckedConfig {
  readonly config: Config;
  /** Sentences. */
  readonly warnings: readonly string[];
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
}): Promise<CheckedConfig> {
  const config = loadRoleConfig(options);
  const report = await preflight(config, process.env, options.role !== 'workflows');
  if (report.mistakes.length > 0) throw new ConfigError(report.mistakes);
  if (config.temporal !== null) readTemporalSettings(config);
  const { warnings } = report;
  return { config, warnings };
}

/** Reads what Temporal's own variables and profile say. @throws ConfigError when they contradict each other */
export function readTemporalSettings(config: Config): TemporalSettings {
  try {
    return temporalSettingsOf(config.temporal?.variables ?? {});
  } catch (error) {
    const problem = `cannot be used: ${redact(error instanceof Error ? error.message : String(error))}.`;
    throw new ConfigError([{ setting: 'TEMPORAL_…', problem, allowed: null }]);
  }
}

/** Without asking the machine: what a worker does that its keeper has checked, and starts again. @throws ConfigError */
export function loadRoleConfig(options: {
  readonly role: Role | undefined;
  readonly configPath: string | undefined;
}): Config {
  const { role, configPath } = options;
  const required = role === undefined ? {} : { required: PARTS_OF_ROLE[role] };
  return loadConfig({ env: process.env, configPath, cwd: process.cwd(), ...required });
}

/** Prints what would run; resolves to 0. @throws ConfigError */
export async function checkCommand(options: {
  readonly role: Role | undefined;
  readonly output: 'text' | 'json' | 'none';
  readonly configPath: string | undefined;
}): Promise<number> {
  const checked = await checkConfig(options);
  const summary = summaryOf(checked);
  if (options.output === 'json') process.stdout.write(`${JSON.stringify(summary)}\n`);
  if (options.output === 'text') process.stdout.write(summaryText(summary));
  return 0;
}

/** The configuration without its secrets. */
export interface CheckSummary {
  readonly spoolDir: string;
  readonly store: string;
  readonly temporal: string;
  readonly cameras: readonly string[];
  readonly page: string;
  readonly warnings: readonly string[];
}

export function summaryOf({ config, warnings }: CheckedConfig): CheckSummary {
  const { store, temporal } = config;
  return {
    spoolDir: config.spool.dir,
    store: store === null ? 'embedded' : `${store.endpoint}, bucket ${store.bucket}`,
    temporal:
      temporal === null ? 'embedded' : `${temporal.address ?? 'as its profile says'}, namespace ${temporal.namespace}`,
    cameras: config.cameras.map(({ id, name, spec }) => {
      const label = name === id ? id : `${id} (${name})`;
      return `${label}: ${spec.segmentDurationSec} s segments, audio ${spec.audio}`;
    }),
    page: `http://${config.metricsHost}:${config.metricsPort}/`,
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
    `  page      ${summary.page}`,
    ...cameras.map((camera) => `  camera    ${camera}`),
    ...summary.warnings.map((warning) => `Warning: ${warning}`),
  ];
  return `${lines.join('\n')}\n`;
}
