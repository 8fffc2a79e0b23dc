import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

/**
 * One hash of what the files hold and are called. A folder stands for everything in it; what does not exist is skipped.
 *
 * @param {string} base names are taken relative to it
 * @param {readonly string[]} paths
 */
export async function hashContents(base, paths) {
  const hash = createHash('sha256');
  for (const path of paths) {
    for (const file of await filesOf(path)) {
      hash
        .update(`${relative(base, file)}\0`)
        .update(await readFile(file))
        .update('\0');
    }
  }
  return hash.digest('hex').slice(0, 16);
}

/**
 * @param {string} path
 * @returns {Promise<string[]>}
 */
async function filesOf(path) {
  const entries = await readdir(path, { withFileTypes: true, recursive: true }).catch(
    (/** @type {NodeJS.ErrnoException} */ error) => error.code,
  );
  if (entries === 'ENOTDIR') return [path];
  if (!Array.isArray(entries)) return [];
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => join(entry.parentPath, entry.name)).toSorted();
}

/**
 * The text of a file, or undefined when there is none.
 *
 * @param {string} path
 */
export async function readIfThere(path) {
  return await readFile(path, 'utf8').catch(() => undefined);
}
