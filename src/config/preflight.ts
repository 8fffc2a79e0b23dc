import { access, constants, mkdtemp, rmdir, stat, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import type { Config } from './config.js';
import type { ConfigMistake } from './config-error.js';
import { createSecretResolver } from './secrets.js';
import { errorCodeOf, type Variables } from './settings-reader.js';

/** What the machine says about a configuration that is right on paper. */
export interface PreflightReport {
  readonly mistakes: readonly ConfigMistake[];
  /** Allowed, but a person should know. Sentences. */
  readonly warnings: readonly string[];
}

const TMPFS_MAGIC = 0x01021994;
const WHERE_INSTEAD = 'Set TEMP_DIR to a directory on a disk, like /var/lib/camera-recorder.';

/**
 * Asks file system and network, and leaves nothing behind. Run before anything is started: a running recorder holds its own port.
 * `isRecording`: whether this process has a spool and cameras; one that only serves workflows has neither.
 */
export async function preflight(config: Config, env: Variables, isRecording = true): Promise<PreflightReport> {
  const always = [checkTemporalFiles(config), checkPort(config.metricsPort, config.metricsHost)];
  if (!isRecording) return { mistakes: (await Promise.all(always)).flat(), warnings: [] };
  const checks = await Promise.all([checkSpoolDir(config.spool.dir), checkSecrets(config, env), ...always]);
  return { mistakes: checks.flat(), warnings: await spoolWarnings(config.spool.dir) };
}

async function checkSpoolDir(dir: string): Promise<readonly ConfigMistake[]> {
  const allowed = 'a directory that can be written, or one that can be made';
  const existing = await nearestExisting(dir);
  const problem = !existing.isDirectory
    ? `${existing.path} is a file, not a directory.`
    : (await isAccessible(existing.path, constants.W_OK | constants.X_OK)) &&
        (await takesFolders(existing.path, existing.path === dir))
      ? null
      : `${existing.path} cannot be written.`;
  return problem === null ? [] : [{ setting: 'TEMP_DIR', problem, allowed }];
}

/**
 * Permissions do not say: root may write /proc, where nothing can be made, and where Node's recursive `mkdir` tries for ever. A full disk
 * is no mistake of a spool that is there: what is in it can be uploaded.
 */
async function takesFolders(dir: string, mayBeFull: boolean): Promise<boolean> {
  try {
    await rmdir(await mkdtemp(join(dir, '.camera-recorder-')));
    return true;
  } catch (error) {
    return mayBeFull && ['ENOSPC', 'EDQUOT'].includes(errorCodeOf(error));
  }
}

async function checkSecretsDir(dir: string | null): Promise<readonly ConfigMistake[]> {
  if (dir === null) return [];
  const found = await stat(dir).catch(() => undefined);
  if (found?.isDirectory() === true && (await isAccessible(dir, constants.R_OK | constants.X_OK))) return [];
  const problem =
    found === undefined
      ? `${dir} does not exist.`
      : found.isDirectory()
        ? `${dir} cannot be read.`
        : `${dir} is a file, not a directory.`;
  return [{ setting: 'CAMERA_SECRETS_DIR', problem, allowed: 'a directory with one file for each secret' }];
}

async function checkSecrets(config: Config, env: Variables): Promise<readonly ConfigMistake[]> {
  const dirMistakes = await checkSecretsDir(config.secretsDir);
  // Without its directory every secret would be one more mistake with the same cause.
  if (dirMistakes.length > 0) return dirMistakes;
  const secrets = createSecretResolver({ env, secretsDir: config.secretsDir });
  const found = config.cameras.map(async ({ id, spec }): Promise<readonly ConfigMistake[]> => {
    if (spec.source.kind === 'url') return [];
    try {
      await secrets.resolve(spec.source.name);
      return [];
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      return [{ setting: `camera "${id}"`, problem: `${problem}.`, allowed: null }];
    }
  });
  return (await Promise.all(found)).flat();
}

async function checkTemporalFiles(config: Config): Promise<readonly ConfigMistake[]> {
  const paths = Object.entries(config.temporal?.variables ?? {}).filter(
    ([name, path]) => path !== '' && (name.endsWith('_PATH') || name === 'TEMPORAL_CONFIG_FILE'),
  );
  const found = paths.map(async ([setting, path]): Promise<readonly ConfigMistake[]> => {
    const isFile = (await stat(path).catch(() => undefined))?.isFile() === true;
    if (isFile && (await isAccessible(path, constants.R_OK))) return [];
    return [{ setting, problem: `${path} cannot be read.`, allowed: 'a file' }];
  });
  return (await Promise.all(found)).flat();
}

async function checkPort(port: number, host: string): Promise<readonly ConfigMistake[]> {
  const code = await new Promise<string | null>((resolve) => {
    const probe = createServer();
    probe.once('error', (error) => resolve(errorCodeOf(error)));
    probe.listen({ port, host }, () => probe.close(() => resolve(null)));
  });
  if (code === null) return [];
  if (code === 'EADDRNOTAVAIL') {
    return [{ setting: 'METRICS_HOST', problem: `${host} is not an address of this machine.`, allowed: null }];
  }
  const reason = code === 'EADDRINUSE' ? 'is taken by another program' : `cannot be listened on (${code})`;
  return [{ setting: 'METRICS_PORT', problem: `port ${port} ${reason}.`, allowed: 'a free port (0 takes any)' }];
}

async function spoolWarnings(dir: string): Promise<readonly string[]> {
  const { path } = await nearestExisting(dir);
  const type = await statfs(path).then(
    (found) => found.type,
    () => 0,
  );
  if (type === TMPFS_MAGIC)
    return [
      `The spool ${dir} is in memory (tmpfs): a restart of the machine loses what is not yet stored. ${WHERE_INSTEAD}`,
    ];
  if (dir === '/tmp' || dir.startsWith('/tmp/')) {
    return [`The spool ${dir} is under /tmp, which many systems empty by themselves. ${WHERE_INSTEAD}`];
  }
  return [];
}

async function nearestExisting(path: string): Promise<{ readonly path: string; readonly isDirectory: boolean }> {
  const found = await stat(path).catch(() => undefined);
  if (found !== undefined) return { path, isDirectory: found.isDirectory() };
  return nearestExisting(dirname(path));
}

async function isAccessible(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}
