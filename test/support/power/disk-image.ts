/** What a disk holds, apart from where it is mounted: names in folders, and what the inodes behind them hold. */
import { closeSync, lstatSync, mkdirSync, openSync, readdirSync, readSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Of an inode, for as long as it lives: its number is used again, the time of its birth is not. */
export type NodeId = string;

export interface FileImage {
  readonly bytes: Buffer;
  readonly modifiedAtMs: number;
}

/** A file that is in no map is empty, as a folder that is in none is: their names came to the disk, and nothing of what is behind them. */
export interface DiskImage {
  readonly root: NodeId;
  /** By name. */
  readonly folders: ReadonlyMap<NodeId, ReadonlyMap<string, NodeId>>;
  readonly files: ReadonlyMap<NodeId, FileImage>;
}

/** What is known of an inode that never changes. */
export interface NodeFacts {
  readonly isFolder: boolean;
  readonly bornAtMs: number;
}

export interface Node extends NodeFacts {
  readonly id: NodeId;
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
}

/** `undefined` when it is not there (any more). */
export function nodeAt(path: string): Node | undefined {
  const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  return {
    id: `${stat.ino}:${stat.birthtimeNs}`,
    isFolder: stat.isDirectory(),
    bornAtMs: Number(stat.birthtimeNs) / 1e6,
    sizeBytes: Number(stat.size),
    modifiedAtMs: Number(stat.mtimeNs) / 1e6,
  };
}

/** The names that are in a folder now, and the inode of each. */
export function nodesIn(path: string): ReadonlyMap<string, Node> {
  const nodes = readdirSync(path).map((name) => [name, nodeAt(join(path, name))] as const);
  return new Map(nodes.flatMap(([name, node]) => (node === undefined ? [] : [[name, node]])));
}

/** The first `sizeBytes` of a file. */
export function bytesOf(path: string, sizeBytes: number): Buffer {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(sizeBytes);
    return bytes.subarray(0, readSync(file, bytes, 0, sizeBytes, 0));
  } finally {
    closeSync(file);
  }
}

/** Makes the files and folders of an image under `root`, which must be there and be empty. @returns which inode each file was, by its new path */
export function writeImage(
  image: DiskImage,
  root: string,
  factsOf: (id: NodeId) => NodeFacts,
): ReadonlyMap<string, NodeId> {
  const written = new Map<string, NodeId>();
  const writeFolder = (folder: NodeId, path: string): void => {
    for (const [name, id] of image.folders.get(folder) ?? []) {
      const at = join(path, name);
      if (factsOf(id).isFolder) {
        mkdirSync(at, { mode: 0o700 });
        writeFolder(id, at);
      } else {
        writeNode(image.files.get(id), at);
        written.set(at, id);
      }
    }
  };
  writeFolder(image.root, root);
  return written;
}

function writeNode(file: FileImage | undefined, path: string): void {
  writeFileSync(path, file?.bytes ?? '', { mode: 0o600 });
  if (file !== undefined) utimesSync(path, file.modifiedAtMs / 1_000, file.modifiedAtMs / 1_000);
}

/** Equal for images that nothing could tell from each other. */
export function signatureOf(image: DiskImage): string {
  const lines: string[] = [];
  const visit = (folder: NodeId, path: string): void => {
    for (const [name, id] of [...(image.folders.get(folder) ?? [])].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      lines.push(`${path}/${name} ${id} ${image.files.get(id)?.bytes.length ?? 0}`);
      visit(id, `${path}/${name}`);
    }
  };
  visit(image.root, '');
  return lines.join('\n');
}
