import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { TemporalSettings } from './connection.js';

/**
 * What Temporal's own variables say (`TEMPORAL_ADDRESS`, `TEMPORAL_TLS_…`, a profile of `TEMPORAL_CONFIG_FILE`), read as its
 * command line reads them. Reads certificates. Throws what `@temporalio/envconfig` throws when they contradict each other.
 */
export function temporalSettingsOf(variables: Readonly<Record<string, string>>): TemporalSettings {
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig({ overrideEnvVars: { ...variables } });
  return { connectionOptions, namespace };
}
