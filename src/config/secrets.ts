import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { variableOfSecret } from './setting-names.js';
import { errorCodeOf, type Variables } from './settings-reader.js';
import { isUnclearRtspUrl, rtspUrl, secretName } from './value-types.js';

/** Thrown when this recorder has no URL for a camera. The message names the secret and where it was looked for, never what was found. */
export class SecretError extends Error {
  readonly code = 'no-secret';
  constructor(name: string | null, problem: string) {
    super(name === null ? problem : `no URL for secret "${name}": ${problem}`);
    this.name = 'SecretError';
  }
}

interface SecretResolver {
  /**
   * The whole RTSP URL. Read anew at each call, so that a changed file counts at the next session.
   * @throws SecretError
   */
  resolve(name: string): Promise<string>;
}

/** A file in `secretsDir` first, else `CAMERA<n>_RTSP_URL` (or its `_FILE`) for `camera-<n>`. */
export function createSecretResolver(options: {
  readonly env: Variables;
  readonly secretsDir: string | null;
}): SecretResolver {
  return {
    resolve: async (name) => {
      // The name comes from a workflow's input: it must not walk out of the directory.
      if (secretName.parse(name) === undefined)
        throw new SecretError(null, `no URL: the name of a secret must be ${secretName.allowed}`);
      const found = (await fromDirectory(name, options.secretsDir)) ?? (await fromVariable(name, options.env));
      if (found === undefined) throw new SecretError(name, placesOf(name, options.secretsDir));
      if (isUnclearRtspUrl(found))
        throw new SecretError(name, 'what is there can be read in several ways: percent-encode it');
      if (rtspUrl.parse(found) === undefined) throw new SecretError(name, 'what is there is not an RTSP URL');
      return found;
    },
  };
}

async function fromDirectory(name: string, secretsDir: string | null): Promise<string | undefined> {
  if (secretsDir === null) return undefined;
  try {
    return (await readFile(join(secretsDir, name), 'utf8')).trim();
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return undefined;
    throw new SecretError(name, `its file in CAMERA_SECRETS_DIR cannot be read (${errorCodeOf(error)})`);
  }
}

async function fromVariable(name: string, env: Variables): Promise<string | undefined> {
  const variable = variableOfSecret(name);
  if (variable === undefined) return undefined;
  const path = env[`${variable}_FILE`];
  if (!path) return env[variable]?.trim() || undefined;
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    throw new SecretError(name, `the file of ${variable}_FILE cannot be read (${errorCodeOf(error)})`);
  }
}

function placesOf(name: string, secretsDir: string | null): string {
  const variable = variableOfSecret(name);
  const file = secretsDir === null ? 'CAMERA_SECRETS_DIR is not set' : 'no such file in CAMERA_SECRETS_DIR';
  return variable === undefined ? file : `${file}, and ${variable} is not set`;
}
