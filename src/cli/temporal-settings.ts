import type { Config } from '../config/config.js';
import { ConfigError, type ConfigMistake } from '../config/config-error.js';
import type { TemporalSettings } from '../workers/temporal/connection.js';
import { TemporalSettingsError, temporalSettingsOf } from '../workers/temporal/settings.js';

/** Reads what Temporal's own variables and profile say. @throws ConfigError when they cannot be used */
export function readTemporalSettings(config: Config): TemporalSettings {
  try {
    return temporalSettingsOf(config.temporal?.variables ?? {});
  } catch (error) {
    if (error instanceof TemporalSettingsError) throw new ConfigError([mistakeOf(error)]);
    throw error;
  }
}

/** What `readTemporalSettings` would throw, to be told with other mistakes. */
export function temporalMistakes(config: Config): readonly ConfigMistake[] {
  if (config.temporal === null) return [];
  try {
    temporalSettingsOf(config.temporal.variables);
    return [];
  } catch (error) {
    if (error instanceof TemporalSettingsError) return [mistakeOf(error)];
    throw error;
  }
}

function mistakeOf({ setting, problem }: TemporalSettingsError): ConfigMistake {
  return { setting, problem, allowed: null };
}
