/** `npm run build`: TypeScript to dist/, and the workflows bundled ahead of time. */
import { existsSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { distDir, inRoot, rootDir } from './paths.mjs';
import { withProgress } from './progress.mjs';
import { runCommand, runPackage } from './run-command.mjs';
import { failWith, SetupError } from './setup-error.mjs';
import { hashContents, readIfThere } from './stamp.mjs';

const STAMP = 'build.stamp';

/** Builds when the sources are not those of the last build. */
export async function build() {
  const wanted = await hashContents(rootDir, [
    inRoot('src'),
    ...[
      'tsconfig.json',
      'tsconfig.build.json',
      'package-lock.json',
      'scripts/build.mjs',
      'scripts/bundle-workflows.mjs',
    ].map((name) => inRoot(name)),
  ]);
  if ((await readIfThere(join(distDir, STAMP))) === wanted) return;
  await withProgress('building', async () => await buildAnew(wanted));
}

/**
 * Into a new folder, which then takes the place of the old one: nobody ever starts half a build.
 *
 * @param {string} stamp
 */
async function buildAnew(stamp) {
  const newDir = `${distDir}.new-${process.pid}`;
  const oldDir = `${distDir}.old-${process.pid}`;
  try {
    const code = await runPackage('typescript/bin/tsc', ['-p', 'tsconfig.build.json', '--outDir', newDir]);
    if (code !== 0) throw new SetupError('The sources do not compile; the reasons are above.');
    await bundleWorkflows(newDir);
    await writeFile(join(newDir, STAMP), stamp);
    if (existsSync(distDir)) await rename(distDir, oldDir);
    await rename(newDir, distDir);
  } finally {
    await rm(newDir, { recursive: true, force: true });
    await rm(oldDir, { recursive: true, force: true });
  }
}

/**
 * In a process of its own: the bundler leaves 150 MB behind, and `npm start` goes on running in this one.
 *
 * @param {string} dir
 */
async function bundleWorkflows(dir) {
  if (!existsSync(join(dir, 'workflows', 'index.js'))) return;
  const code = await runCommand(process.execPath, [inRoot('scripts', 'bundle-workflows.mjs'), dir]);
  if (code !== 0) throw new SetupError('The workflows cannot be bundled; the reason is above.');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await build().catch(failWith);
