/**
 * Knows, for one folder and all in it, what would be left if the power went off now: it listens to every fsync and fdatasync of this process.
 *
 * 1. A file keeps what it held when its last sync that came back was asked for; one that was never synced is empty.
 * 2. A folder keeps the names, and the inodes behind them, that it had when its own last sync that came back was asked for. Syncing a
 *    file makes no name durable, and a name that was removed or renamed is back until its folder is synced.
 * 3. What other processes write, and never sync, is seen only through what this one syncs.
 *
 * No file system loses more than that; most lose far less (a journal writes names every few seconds, and an fsync of a new file its name).
 */
import { fstatSync, readlinkSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join, sep } from 'node:path';
import {
  bytesOf,
  type DiskImage,
  type FileImage,
  type NodeFacts,
  type NodeId,
  nodeAt,
  nodesIn,
  writeImage,
} from './disk-image.js';

/** The disk at one instant. */
export interface Moment {
  /** What is about to be done. */
  readonly before: string;
  readonly atMs: number;
  /** What certainly is on the disk. */
  readonly synced: DiskImage;
  /** What is there as long as the power is on. */
  readonly actual: DiskImage;
}

export interface PowerWatch {
  moment(before: string): Moment;
  /** Called when a sync is asked for, and nothing of it is on the disk yet. @returns what ends that */
  onSync(listener: (path: string) => void): () => void;
  /** Makes the image under `root`: there, files say of themselves that they were born when they were, and syncs do nothing. */
  writeImage(image: DiskImage, root: string): void;
  /** Listens no more. Watches end in the reverse of the order in which they began. */
  end(): void;
}

interface Handles extends FileHandle {
  sync(): Promise<void>;
}

/** From now on. `root` itself, and what is in it now, counts as synced. */
export async function watchPower(root: string): Promise<PowerWatch> {
  const watch = new Watch(root);
  const handles = await handlePrototype(root);
  const { sync, datasync, stat } = handles;
  const around = (original: () => Promise<void>) =>
    async function (this: FileHandle): Promise<void> {
      const path = readlinkSync(`/proc/self/fd/${this.fd}`);
      // The power goes off once: what is made of what was left needs no disk.
      if (watch.isLeft(path)) return;
      const commit = watch.asked(path, fstatSync(this.fd).isDirectory());
      await original.call(this);
      commit?.();
    };
  Object.assign(handles, {
    sync: around(sync),
    datasync: around(datasync),
    stat: async function (this: FileHandle) {
      const found = await stat.call(this);
      const bornAtMs = watch.birthOf(Number(found.ino));
      return bornAtMs === undefined ? found : Object.assign(found, { birthtimeMs: bornAtMs });
    },
  });
  watch.onEnd = () => Object.assign(handles, { sync, datasync, stat });
  return watch;
}

async function handlePrototype(path: string): Promise<Handles> {
  const handle = await open(path, 'r');
  await handle.close();
  return Object.getPrototypeOf(handle) as Handles;
}

class Watch implements PowerWatch {
  onEnd: () => void = () => undefined;
  readonly #path: string;
  readonly #root: NodeId;
  readonly #facts = new Map<NodeId, NodeFacts>();
  readonly #left: string[] = [];
  readonly #births = new Map<number, number>();
  readonly #listeners = new Set<(path: string) => void>();
  readonly #committed = new Map<NodeId, number>();
  #folders: ReadonlyMap<NodeId, ReadonlyMap<string, NodeId>>;
  #files: ReadonlyMap<NodeId, FileImage>;
  #asked = 0;

  constructor(root: string) {
    this.#path = root;
    this.#root = this.#known(root).id;
    const { folders, files } = this.#look();
    this.#folders = folders;
    this.#files = files;
  }

  moment(before: string): Moment {
    const synced = { root: this.#root, folders: this.#folders, files: this.#files };
    return { before, atMs: Date.now(), synced, actual: this.#look() };
  }

  onSync(listener: (path: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  isLeft(path: string): boolean {
    return this.#left.some((root) => isWithin(path, root));
  }

  writeImage(image: DiskImage, root: string): void {
    this.#left.push(root);
    const written = writeImage(image, root, (id) => this.#factsOf(id));
    for (const [path, id] of written) this.#births.set(inodeOf(path), this.#factsOf(id).bornAtMs);
  }

  end(): void {
    this.onEnd();
  }

  birthOf(inode: number): number | undefined {
    return this.#births.get(inode);
  }

  /** @returns what is to be called when the sync came back; nothing for what is not watched */
  asked(path: string, isFolder: boolean): (() => void) | undefined {
    if (!isWithin(path, this.#path)) return undefined;
    for (const listener of this.#listeners) listener(path);
    this.#asked += 1;
    const order = this.#asked;
    return isFolder ? this.#folderAsked(path, order) : this.#fileAsked(path, order);
  }

  #folderAsked(path: string, order: number): () => void {
    const { id } = this.#known(path);
    const names = this.#namesIn(path);
    return () => {
      if (this.#isNewest(id, order)) this.#folders = new Map([...this.#folders, [id, names]]);
    };
  }

  #fileAsked(path: string, order: number): () => void {
    const { id, sizeBytes, modifiedAtMs } = this.#known(path);
    const bytes = bytesOf(path, sizeBytes);
    return () => {
      if (this.#isNewest(id, order)) this.#files = new Map([...this.#files, [id, { bytes, modifiedAtMs }]]);
    };
  }

  /** Two syncs of one inode may come back in another order than they were asked for. */
  #isNewest(id: NodeId, order: number): boolean {
    if (order < (this.#committed.get(id) ?? 0)) return false;
    this.#committed.set(id, order);
    return true;
  }

  #look(): DiskImage {
    const folders = new Map<NodeId, ReadonlyMap<string, NodeId>>();
    const files = new Map<NodeId, FileImage>();
    const visit = (path: string, id: NodeId): void => {
      const names = this.#namesIn(path);
      folders.set(id, names);
      for (const [name, inside] of names) {
        const at = join(path, name);
        if (this.#factsOf(inside).isFolder) visit(at, inside);
        else files.set(inside, this.#fileNow(at, inside));
      }
    };
    visit(this.#path, this.#root);
    return { root: this.#root, folders, files };
  }

  /** Only appended to, or written once: of a file that has its synced size all is known. */
  #fileNow(path: string, id: NodeId): FileImage {
    const synced = this.#files?.get(id);
    const node = nodeAt(path);
    if (node === undefined || node.sizeBytes === synced?.bytes.length) return synced ?? EMPTY;
    return { bytes: bytesOf(path, node.sizeBytes), modifiedAtMs: node.modifiedAtMs };
  }

  #namesIn(path: string): ReadonlyMap<string, NodeId> {
    const nodes = nodesIn(path);
    for (const node of nodes.values()) this.#facts.set(node.id, node);
    return new Map([...nodes].map(([name, { id }]) => [name, id]));
  }

  #known(path: string) {
    const node = nodeAt(path);
    if (node === undefined) throw new Error(`${path} is synced and not there`);
    this.#facts.set(node.id, node);
    return node;
  }

  #factsOf(id: NodeId): NodeFacts {
    const facts = this.#facts.get(id);
    if (facts === undefined) throw new Error(`nothing is known of the inode ${id}`);
    return facts;
  }
}

function isWithin(path: string, root: string): boolean {
  return path === root || path.startsWith(root + sep);
}

const EMPTY: FileImage = { bytes: Buffer.alloc(0), modifiedAtMs: 0 };

function inodeOf(path: string): number {
  return Number(nodeAt(path)?.id.split(':')[0]);
}
