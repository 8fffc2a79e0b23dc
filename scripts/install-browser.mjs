import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { withProgress } from './progress.mjs';
import { runCommand } from './run-command.mjs';

const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome'];

/** A Chromium for the browser checks, fetched only where that needs no question: as root on Debian. Never fails. */
export async function installBrowser() {
  if (findBrowser() !== undefined) return;
  if (process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    const install = ['install', '-qq', '-y', '--no-install-recommends', 'chromium'];
    const env = { DEBIAN_FRONTEND: 'noninteractive' };
    await withProgress('installing Debian’s chromium for the browser checks', async () => {
      if ((await runCommand('apt-get', install, { env, quiet: true })) === 0) return;
      await runCommand('apt-get', ['update', '-qq'], { env, quiet: true });
      await runCommand('apt-get', install, { env, quiet: true });
    });
  }
  if (findBrowser() === undefined) {
    console.error(`· no ${BROWSERS.join(', ')} on PATH: the browser checks are skipped (and nothing else is)`);
  }
}

/** @returns {string | undefined} absolute path */
export function findBrowser() {
  const dirs = (process.env['PATH'] ?? '').split(delimiter);
  return BROWSERS.flatMap((name) => dirs.map((dir) => join(dir, name))).find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
