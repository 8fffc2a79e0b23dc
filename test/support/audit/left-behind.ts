/** What a program must not leave: looked for in `/proc` and on the disk, not asked of the program. */
import { readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { TEMPORARY_SUFFIX } from '../../../src/spool/layout.js';
import { allProcesses } from '../processes.js';

/** Processes that work in the spool, one sentence each. */
export async function leftProcesses(spoolDir: string): Promise<readonly string[]> {
  const inSpool = (await allProcesses()).filter(
    ({ cwd, command }) => isBelow(cwd, spoolDir) || command.includes(spoolDir),
  );
  return inSpool.map(({ pid, command }) => `process ${pid} still runs: ${command}`);
}

/** Of a program that has ended: half-written files, and files of sessions that are over. */
export async function leftFiles(spoolDir: string, temporaryDir: string): Promise<readonly string[]> {
  const [spooled, temporary] = await Promise.all([filesIn(spoolDir), filesIn(temporaryDir)]);
  const halfWritten = spooled.filter((path) => path.endsWith(TEMPORARY_SUFFIX));
  const open = spooled.filter((path) => isBelow(path, join(spoolDir, 'open')));
  return [...halfWritten, ...open, ...temporary].map((path) => `file left: ${path}`);
}

/** Of processes that run: descriptors of files that are gone. A file that grows is FFmpeg's, and a sealed one is open only while it is sent. */
export async function strayDescriptors(pids: readonly number[], spoolDir: string): Promise<readonly string[]> {
  const found = await Promise.all(pids.map(async (pid) => await linksOf(pid)));
  const stray = found.flat().filter(({ target }) => isBelow(target, spoolDir) && target.endsWith(' (deleted)'));
  return stray.map(({ pid, target }) => `process ${pid} holds ${target}`);
}

/** How many files, pipes and the like a process holds; sockets come and go with requests and are not counted. */
export async function descriptorsOf(pid: number): Promise<number> {
  return (await linksOf(pid)).filter(({ target }) => !target.startsWith('socket:')).length;
}

async function linksOf(pid: number): Promise<readonly { readonly pid: number; readonly target: string }[]> {
  const names = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const targets = await Promise.all(
    names.map(async (name) => await readlink(`/proc/${pid}/fd/${name}`).catch(() => '')),
  );
  return targets.map((target) => ({ pid, target }));
}

async function filesIn(dir: string): Promise<readonly string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => !entry.isDirectory()).map(({ parentPath, name }) => join(parentPath, name));
}

function isBelow(path: string, dir: string): boolean {
  return path === dir || path.startsWith(`${dir}/`);
}
