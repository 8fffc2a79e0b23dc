import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { TemporalSettings } from './connection.js';

type Variables = Readonly<Record<string, string>>;

/** Thrown when Temporal's own settings cannot be used. Repeats nothing of its file, and has no `cause` that does: it may hold an API key (INV-7). */
export class TemporalSettingsError extends Error {
  readonly code = 'temporal-settings';
  /** The variable to look at. */
  readonly setting: string;
  /** What is wrong with it, as a sentence without its name. */
  readonly problem: string;
  constructor(setting: string, problem: string) {
    super(`${setting}: ${problem}`);
    this.name = 'TemporalSettingsError';
    this.setting = setting;
    this.problem = problem;
  }
}

/**
 * What Temporal's own variables say (`TEMPORAL_ADDRESS`, `TEMPORAL_TLS_…`, a profile of `TEMPORAL_CONFIG_FILE`), read as its
 * command line reads them. Reads certificates. @throws TemporalSettingsError
 */
export function temporalSettingsOf(variables: Variables): TemporalSettings {
  const { connectionOptions, namespace = 'default' } = loaded(variables);
  const { apiKey } = connectionOptions;
  // It becomes a header, and the client says nothing of one that cannot.
  if (typeof apiKey === 'string' && !/^[\x20-\x7e]+$/.test(apiKey)) {
    const isFromFile = variables['TEMPORAL_API_KEY'] === undefined;
    const setting = isFromFile ? 'TEMPORAL_CONFIG_FILE' : 'TEMPORAL_API_KEY';
    const problem = `${isFromFile ? 'its api_key holds' : 'holds'} a line break, or a character that is not ASCII.`;
    throw new TemporalSettingsError(setting, problem);
  }
  return { connectionOptions, namespace };
}

function loaded(variables: Variables): ReturnType<typeof loadClientConnectConfig> {
  try {
    return loadClientConnectConfig({ overrideEnvVars: { ...variables } });
  } catch (error) {
    throw told(error, variables);
  }
}

/** In our own words: the library's quote the lines around a mistake. */
function told(error: unknown, variables: Variables): TemporalSettingsError {
  const { message, line, column, code, path } = fieldsOf(error);
  const file = variables['TEMPORAL_CONFIG_FILE'];
  if (typeof line === 'number' && typeof column === 'number') {
    return new TemporalSettingsError('TEMPORAL_CONFIG_FILE', `${file} is not TOML: line ${line}, column ${column}.`);
  }
  if (message.startsWith("Profile '")) {
    const problem = file
      ? `is no profile of ${file}.`
      : 'needs TEMPORAL_CONFIG_FILE, which says what is in the profile.';
    return new TemporalSettingsError('TEMPORAL_PROFILE', problem);
  }
  if (typeof code === 'string') {
    const named = Object.keys(variables).find((name) => variables[name] === path);
    return named === undefined
      ? new TemporalSettingsError('TEMPORAL_CONFIG_FILE', `a file that it names cannot be read (${code}).`)
      : new TemporalSettingsError(named, `cannot be read (${code}).`);
  }
  const twice = /^Cannot specify both (\w+)_path and \w+_data$/.exec(message)?.[1]?.toUpperCase();
  return twice === undefined
    ? new TemporalSettingsError('TEMPORAL_CONFIG_FILE', 'is not what Temporal expects in it.')
    : new TemporalSettingsError(`TEMPORAL_TLS_${twice}_PATH`, `is given beside TEMPORAL_TLS_${twice}_DATA.`);
}

function fieldsOf(error: unknown): {
  readonly message: string;
  readonly line?: unknown;
  readonly column?: unknown;
  readonly code?: unknown;
  readonly path?: unknown;
} {
  return error instanceof Error ? error : { message: '' };
}
