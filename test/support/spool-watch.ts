/** Looks at a spool while a recorder uses it, and notes every recording that went away without leave (INV-2). */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseCameraId, parseSegmentId, parseSessionId, type SegmentId, segmentIdOf } from '../../src/domain/ids.js';
import { type Receipt, receiptSchema } from '../../src/domain/receipt.js';
import { scanFrames } from '../../src/mp4/frame-scanner.js';
import { Mp4Error } from '../../src/mp4/mp4-error.js';
import type { ObjectStore } from '../../src/object-store/object-store.js';
import { createSpoolLayout, recordingIndexOf, SEGMENT_SUFFIXES } from '../../src/spool/layout.js';

const LOOK_EVERY_MS = 200;
const STORE_DEADLINE_MS = 5_000;

export interface SpoolWatch {
  /** Every segment seen sealed so far. */
  readonly sealed: ReadonlySet<SegmentId>;
  /** The newest of every segment seen so far. */
  readonly receipts: ReadonlyMap<SegmentId, Receipt>;
  /** Whose recording went away, with leave or without, or nobody can say yet: the store is away. */
  readonly vanished: ReadonlySet<SegmentId>;
  /** Whose recording went away with leave. */
  readonly reclaimed: ReadonlySet<SegmentId>;
  /** Sentences; empty when the recorder keeps its promise. */
  readonly violations: readonly string[];
  /** Resolves after a last look. */
  stop(): Promise<void>;
}

export interface SpoolWatchOptions {
  readonly spoolDir: string;
  readonly store: ObjectStore;
  /** How old a receipt must be before its recording may go. */
  readonly keepMs: number;
  readonly register: (stop: () => Promise<void>) => unknown;
}

/** Looks five times a second. */
export function watchSpool(options: SpoolWatchOptions): SpoolWatch {
  const watch = new Watch(options);
  const over = new AbortController();
  const looking = watch.lookUntil(over.signal);
  const stop = async (): Promise<void> => {
    over.abort();
    await looking;
  };
  options.register(stop);
  const { sealed, receipts, vanished, reclaimed, violations } = watch;
  return { sealed, receipts, vanished, reclaimed, violations, stop };
}

class Watch {
  readonly sealed = new Set<SegmentId>();
  readonly vanished = new Set<SegmentId>();
  readonly reclaimed = new Set<SegmentId>();
  readonly violations: string[] = [];
  readonly #options: SpoolWatchOptions;
  readonly receipts = new Map<SegmentId, Receipt>();
  readonly #pictured = new Set<SegmentId>();
  #present: ReadonlySet<SegmentId> = new Set();
  /** Went away, and the store could not be asked yet. */
  #unjudged: readonly SegmentId[] = [];

  constructor(options: SpoolWatchOptions) {
    this.#options = options;
  }

  async lookUntil(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#look().catch((error: unknown) => this.violations.push(`the spool cannot be read: ${String(error)}`));
      await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
    await this.#look();
    for (const id of this.#unjudged) this.violations.push(`${id} went away, and the store cannot be asked`);
  }

  /** Open ones first: a recording that is sealed meanwhile is then seen twice, and not never. */
  async #look(): Promise<void> {
    const { spoolDir } = this.#options;
    // A disk that is not mounted now tells nothing of what is on it.
    const isMounted = existsSync(join(spoolDir, 'sealed'));
    if (!isMounted) return;
    const open = await this.#openWithPicture();
    const paths = await filesBelow(join(spoolDir, 'sealed'));
    const withRecording = paths.flatMap((path) => segmentOf(path, SEGMENT_SUFFIXES.recording));
    for (const id of paths.flatMap((path) => segmentOf(path, '.json'))) this.sealed.add(id);
    for (const path of paths) await this.#noteReceipt(path);
    const present = new Set([...open, ...withRecording]);
    const goneNow = [...this.#present].filter((id) => !present.has(id));
    for (const id of goneNow) this.vanished.add(id);
    const gone = [...this.#unjudged, ...goneNow];
    this.#present = present;
    this.#unjudged = [];
    for (const id of gone) await this.#judge(id);
  }

  /** A file in which FFmpeg wrote no picture is footage of nothing, and may go. */
  async #openWithPicture(): Promise<readonly SegmentId[]> {
    const found = await openSegments(this.#options.spoolDir);
    for (const { id, path } of found) {
      if (!this.#pictured.has(id) && (await hasPicture(path))) this.#pictured.add(id);
    }
    return found.map(({ id }) => id).filter((id) => this.#pictured.has(id));
  }

  async #noteReceipt(path: string): Promise<void> {
    for (const suffix of [SEGMENT_SUFFIXES.receipt, SEGMENT_SUFFIXES.reclaim]) {
      for (const id of segmentOf(path, suffix)) {
        const receipt = await readFile(path, 'utf8')
          .then((text) => receiptSchema.parse(JSON.parse(text)))
          .catch(() => null);
        // One that is torn, or gone by now, gives no leave.
        if (receipt !== null) this.receipts.set(id, receipt);
      }
    }
  }

  async #judge(id: SegmentId): Promise<void> {
    const { store, keepMs } = this.#options;
    const receipt = this.receipts.get(id);
    const violation = await violationOf(receipt, store, keepMs);
    if (violation === 'unknown') this.#unjudged = [...this.#unjudged, id];
    else if (violation === null) this.reclaimed.add(id);
    else this.violations.push(`${new Date().toISOString()} ${id} went away ${violation}`);
  }
}

/** `unknown`: the store is away, and was not when the recorder asked. */
async function violationOf(receipt: Receipt | undefined, store: ObjectStore, keepMs: number): Promise<string | null> {
  if (receipt === undefined) return 'without a receipt';
  // A second for a store that tells its time in seconds.
  const ageMs = Date.now() - receipt.atMs;
  if (ageMs < keepMs - 1_000) return `with a receipt ${ageMs} ms old`;
  try {
    const object = await store.head(receipt.key, AbortSignal.timeout(STORE_DEADLINE_MS));
    if (object?.sizeBytes === receipt.sizeBytes) return null;
    return `while the store has ${object === undefined ? 'nothing' : `${object.sizeBytes} bytes`} at ${receipt.key}`;
  } catch {
    return 'unknown';
  }
}

async function openSegments(spoolDir: string): Promise<readonly { readonly id: SegmentId; readonly path: string }[]> {
  const layout = createSpoolLayout(spoolDir);
  const paths = await filesBelow(join(layout.root, 'open'));
  return paths.flatMap((path) => {
    const [camera = '', session = '', name = ''] = path.split('/').slice(-3);
    const index = recordingIndexOf(name);
    return index === undefined
      ? []
      : [{ id: segmentIdOf(parseCameraId(camera), parseSessionId(session), index), path }];
  });
}

/** False also for what cannot be read yet. */
async function hasPicture(path: string): Promise<boolean> {
  const bytes = await readFile(path).catch(() => null);
  if (bytes === null) return false;
  const read = async (into: Uint8Array, offsetBytes: number): Promise<number> =>
    bytes.copy(into, 0, offsetBytes, offsetBytes + into.length);
  try {
    for await (const _ of scanFrames({ read }, bytes.length)) return true;
  } catch (error) {
    if (!(error instanceof Mp4Error)) throw error;
  }
  return false;
}

/** What goes away while it is looked at is left out. */
async function filesBelow(dir: string): Promise<readonly string[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const paths = entries.map(async (entry) => {
    const path = join(dir, entry.name);
    return entry.isDirectory() ? await filesBelow(path) : [path];
  });
  return (await Promise.all(paths)).flat();
}

/** At most one: the name before the suffix, when that is a segment's. */
function segmentOf(path: string, suffix: string): readonly SegmentId[] {
  const name = basename(path);
  const stem = name.slice(0, -suffix.length);
  if (!name.endsWith(suffix) || stem.includes('.')) return [];
  return [parseSegmentId(stem)];
}
