/**
 * `npm run setup [-- --browser]`: makes a fresh check-out ready to run. What is there already is left alone, so that
 * running it again costs a second or two and needs no network. Run by hand it judges the tools anew: a recorder that
 * refuses one says to run it.
 */
import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { build } from './build.mjs';
import { installBrowser } from './install-browser.mjs';
import { installPackages } from './install-packages.mjs';
import { installTools } from './install-tools.mjs';
import { inRoot, toolsDir } from './paths.mjs';
import { withLock } from './set-up-lock.mjs';
import { failWith, SetupError } from './setup-error.mjs';

/**
 * `tools` is asked when there is a build that can answer.
 *
 * @typedef {Parameters<typeof installTools>[0]} ToolNames
 * @param {{ tools: ToolNames | (() => Promise<ToolNames>), browser?: boolean, judgeAgain?: boolean }} wanted
 */
export async function setUp(wanted) {
  const { engines } = JSON.parse(await readFile(inRoot('package.json'), 'utf8'));
  if (!suits(process.versions.node, engines.node)) {
    throw new SetupError(`This is Node ${process.versions.node}; needed is ${engines.node}.`);
  }
  await withLock(toolsDir, async () => {
    await installPackages();
    await build();
    await installTools(typeof wanted.tools === 'function' ? await wanted.tools() : wanted.tools, wanted);
    if (wanted.browser === true) await installBrowser();
  });
}

/**
 * Whether a version is in a range of the form `^20.19.0 || ^22.12.0 || >=24.0.0`.
 *
 * @param {string} version
 * @param {string} range
 */
export function suits(version, range) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return range.split('||').some((part) => {
    const [atLeastMajor = 0, atLeastMinor = 0] = (/\d+\.\d+/.exec(part)?.[0] ?? '').split('.').map(Number);
    if (part.trim().startsWith('^') && major !== atLeastMajor) return false;
    return major > atLeastMajor || (major === atLeastMajor && minor >= atLeastMinor);
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const wanted = { browser: process.argv.includes('--browser'), judgeAgain: true };
  await setUp({ tools: ['ffmpeg', 'temporal', 'weed'], ...wanted }).catch(failWith);
}
