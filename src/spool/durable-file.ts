/**
 * The only way files get into the spool: written beside their place, fsynced, renamed, and the folder fsynced. After a crash or
 * power loss a file is there whole, or not at all. Folders are 0700, files 0600: recordings are private.
 */
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { TEMPORARY_SUFFIX } from './layout.js';
import { errnoOf } from './spool-error.js';

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

/** The steps that change the disk, one system call or so each; tests make each of them the last before a crash. */
export interface Disk {
  /** Resolves when the bytes are on the disk. The file's name is not durable before `syncFolder`. */
  writeFile(path: string, bytes: Uint8Array): Promise<void>;
  syncFile(path: string): Promise<void>;
  syncFolder(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** No-op when it is not there. */
  remove(path: string): Promise<void>;
  /** With its parents, durably. */
  makeFolder(path: string): Promise<void>;
}

/** The real one. Fails with the errno as Node gives it; ENOSPC is the caller's to judge. */
export const systemDisk: Disk = {
  writeFile: async (path, bytes) => {
    const file = await open(path, 'w', FILE_MODE);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
  },
  syncFile: syncPath,
  syncFolder,
  rename,
  remove: async (path) => {
    await rm(path, { force: true });
  },
  makeFolder: async (path) => {
    const firstMade = await makeFolders(path);
    if (firstMade === undefined) return;
    for (let made = path; made.length >= firstMade.length; made = dirname(made)) await syncFolder(dirname(made));
  },
};

/** Resolves to the first that was made. Node says ENOENT of a read-only disk when it is to make parents too; asked for one folder, it tells. */
async function makeFolders(path: string): Promise<string | undefined> {
  try {
    return await mkdir(path, { recursive: true, mode: FOLDER_MODE });
  } catch (error) {
    const refused = error instanceof Error && 'path' in error ? error.path : undefined;
    if (errnoOf(error) !== 'ENOENT' || typeof refused !== 'string') throw error;
    await mkdir(refused, FOLDER_MODE);
    await mkdir(path, { recursive: true, mode: FOLDER_MODE });
    return refused;
  }
}

/** Puts `bytes` at `path`, whole and durable when it resolves. The folder must be there. */
export async function writeDurably(disk: Disk, path: string, bytes: Uint8Array): Promise<void> {
  await disk.writeFile(path + TEMPORARY_SUFFIX, bytes);
  await disk.rename(path + TEMPORARY_SUFFIX, path);
  await disk.syncFolder(dirname(path));
}

/** As `writeDurably`, one line of JSON. */
export async function writeJsonDurably(disk: Disk, path: string, value: unknown): Promise<void> {
  await writeDurably(disk, path, jsonBytes(value));
}

/** Durably gone when it resolves; no-op when it is not there. */
export async function removeDurably(disk: Disk, path: string): Promise<void> {
  await disk.remove(path);
  await disk.syncFolder(dirname(path));
}

/** UTF-8, one line and a line end. Same value, same bytes: the keys stay in their order. */
export function jsonBytes(value: unknown): Uint8Array {
  return Buffer.from(`${JSON.stringify(value)}\n`);
}

/** `undefined` when there is no such file. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** `undefined` when there is no such file. */
export async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function syncFolder(path: string): Promise<void> {
  try {
    await syncPath(path);
  } catch (error) {
    // Some network file systems cannot sync a folder, and say so: there is no more to be had from them.
    if (errnoOf(error) !== 'EINVAL' && errnoOf(error) !== 'ENOTSUP') throw error;
  }
}

async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
