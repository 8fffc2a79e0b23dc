import { existsSync } from 'node:fs';
import { inRoot } from './paths.mjs';
import { withProgress } from './progress.mjs';
import { runCommand } from './run-command.mjs';
import { SetupError } from './setup-error.mjs';
import { readIfThere } from './stamp.mjs';

/**
 * @typedef {{ readonly version?: string, readonly integrity?: string, readonly optional?: boolean }} LockedPackage
 * @typedef {{ readonly packages: Readonly<Record<string, LockedPackage>> }} LockFile
 */

/** `npm ci`, unless node_modules is what the lock file says. */
export async function installPackages() {
  const locked = await readIfThere(inRoot('package-lock.json'));
  const installed = await readIfThere(inRoot('node_modules', '.package-lock.json'));
  if (locked === undefined) throw new SetupError('package-lock.json is missing: this is not a whole check-out.');
  if (installed !== undefined && isInstalled(JSON.parse(locked), JSON.parse(installed), isThere)) return;
  // None of them needs its install script; npm would warn of each in five lines.
  const args = ['ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund'];
  const code = await withProgress(
    'installing the packages of package-lock.json (about 20 s)',
    async () => await runCommand('npm', args, { quiet: true }),
  );
  if (code !== 0) throw new SetupError(`npm ci ended with code ${code}; its reason is above.`);
}

/**
 * True when what npm noted after its last install is what the lock file asks for. Packages for other machines are
 * optional and may be missing. What npm noted may have been removed since: a folder that is gone is not installed.
 *
 * @param {LockFile} locked
 * @param {LockFile} installed
 * @param {(path: string) => boolean} hasFolder
 */
export function isInstalled(locked, installed, hasFolder) {
  return Object.entries(locked.packages).every(([path, wanted]) => {
    if (path === '') return true;
    const found = installed.packages[path];
    if (found === undefined) return wanted.optional === true;
    return found.version === wanted.version && found.integrity === wanted.integrity && hasFolder(path);
  });
}

/** @param {string} path */
function isThere(path) {
  return existsSync(inRoot(path, 'package.json'));
}
