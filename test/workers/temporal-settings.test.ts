import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { TemporalSettingsError, temporalSettingsOf } from '../../src/workers/temporal/settings.js';
import { tempDir } from '../support/temp-dir.js';

async function configFile(toml: string): Promise<string> {
  const path = join(await tempDir('temporal-settings'), 'temporal.toml');
  await writeFile(path, toml);
  return path;
}

it('a profile of the file is read', async () => {
  const file = await configFile('[profile.prod]\naddress = "10.0.0.1:7233"\nnamespace = "cameras"\napi_key = "key"\n');
  const settings = temporalSettingsOf({ TEMPORAL_CONFIG_FILE: file, TEMPORAL_PROFILE: 'prod' });
  expect(settings).toMatchObject({
    namespace: 'cameras',
    connectionOptions: { address: '10.0.0.1:7233', apiKey: 'key', tls: true },
  });
});

it.each([
  ['[profile.prod]\napi_key = "hunter2', '%: is not TOML: line 2, column 11.'],
  [
    '[profile.prod]\napi_key = """hunter2\nhunter2"""',
    'its api_key holds a line break, or a character that is not ASCII.',
  ],
  ['[profile.other]\napi_key = "hunter2"', 'TEMPORAL_PROFILE: is no profile of %.'],
  ['api_key = "hunter2"', 'is not what Temporal expects in it.'],
  [
    '[profile.prod]\napi_key = "hunter2"\ntls = { client_key_path = "/nowhere/hunter2" }',
    'a file that it names cannot be read (ENOENT).',
  ],
  [
    '[profile.prod]\ntls = { client_key_path = "/nowhere", client_key_data = "hunter2" }',
    'TEMPORAL_TLS_CLIENT_KEY_PATH: is given beside TEMPORAL_TLS_CLIENT_KEY_DATA.',
  ],
])('nothing of the file is repeated: %j', async (toml, told) => {
  const file = await configFile(toml);
  const error = errorOf({ TEMPORAL_CONFIG_FILE: file, TEMPORAL_PROFILE: 'prod' });
  const expected = told.startsWith('TEMPORAL_') ? told : `TEMPORAL_CONFIG_FILE: ${told}`;
  expect(error.message).toBe(expected.replace('%: ', '% ').replace('%', file));
  expect(`${error.stack} ${String(error.cause)}`).not.toContain('hunter2');
});

it.each([
  [{ TEMPORAL_PROFILE: 'prod' }, 'TEMPORAL_PROFILE: needs TEMPORAL_CONFIG_FILE, which says what is in the profile.'],
  [{ TEMPORAL_API_KEY: 'hunter2\nhunter2' }, 'TEMPORAL_API_KEY: holds a line break, or a character that is not ASCII.'],
  [{ TEMPORAL_TLS_CLIENT_CERT_PATH: '/nowhere' }, 'TEMPORAL_TLS_CLIENT_CERT_PATH: cannot be read (ENOENT).'],
])('%j is told by its variable', (variables, message) => {
  expect(errorOf(variables).message).toBe(message);
});

function errorOf(variables: Readonly<Record<string, string>>): TemporalSettingsError {
  try {
    temporalSettingsOf(variables);
  } catch (error) {
    if (error instanceof TemporalSettingsError) return error;
    throw error;
  }
  throw new Error('these settings were taken');
}
