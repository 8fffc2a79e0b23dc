/**
 * The spool on a disk. One process has it at a time (the keeper's lock); within it, changes to one segment are made one after the other.
 *
 * Nothing is rewritten in place, and what is on disk is the only state: the process may end between any two system calls.
 */
import { statfs } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type Clock, systemClock } from '../clock.js';
import {
  type CameraId,
  type ObjectKey,
  parseCameraId,
  type RecorderId,
  type Redacted,
  type SegmentId,
} from '../domain/ids.js';
import type { ByteSource, Confirmation, Receipt, UploadCheckpoint } from '../domain/receipt.js';
import type { Logger } from '../log.js';
import { redact } from '../redact.js';
import { createAssignmentStore } from './assignments.js';
import { type Disk, jsonBytes, removeDurably, sizeOf, systemDisk, writeDurably } from './durable-file.js';
import { foldersIn, namesIn } from './folder-names.js';
import { scanNames, standingOf } from './folder-scan.js';
import { KeyedOrder } from './keyed-order.js';
import { assignmentsDirOf, createSpoolLayout, openRootOf, sealedRootOf, segmentPathsOf } from './layout.js';
import { createQuarantine } from './quarantine.js';
import { reclaimSegment } from './reclaim-segment.js';
import { keepRecorderId } from './recorder-id.js';
import { recoverSealed } from './recovery.js';
import { createReserve, DEFAULT_RESERVE_BYTES, type Reserve } from './reserve.js';
import { repairSeal, sealSegment } from './seal-segment.js';
import { SegmentReader } from './segment-files.js';
import { openSegmentSource } from './segment-source.js';
import type { AssignmentStore, SealRequest, Spool, SpooledSegment, SpoolLayout, SpoolUsage } from './spool.js';
import { errnoOf, isNoSpace, SpoolError } from './spool-error.js';
import { usageOf } from './usage.js';

interface OpenSpoolOptions {
  readonly log: Logger;
  readonly clock?: Clock;
  /** 64 MiB when not said; at most a sixteenth of the disk. */
  readonly reserveBytes?: number;
  /** Names a new spool. */
  readonly recorderId?: RecorderId;
  /** Tests make it fail. */
  readonly disk?: Disk;
}

/**
 * Makes the folders, repairs what a crash left, and sets the reserve aside. A disk too full for the reserve is only warned about.
 * @throws SpoolError `invalid-input` when the spool belongs to another recorder.
 */
export async function openSpool(root: string, options: OpenSpoolOptions): Promise<Spool> {
  const { log, clock = systemClock, disk = systemDisk, reserveBytes = DEFAULT_RESERVE_BYTES } = options;
  const layout = createSpoolLayout(root);
  for (const folder of [openRootOf(layout), sealedRootOf(layout), layout.quarantineDir, assignmentsDirOf(layout)]) {
    await disk.makeFolder(folder);
  }
  const recorder = await keepRecorderId(disk, layout, options.recorderId);
  const quarantine = createQuarantine({ disk, layout, clock, log });
  const reader = new SegmentReader({ layout, quarantine });
  await recoverSealed({ disk, layout, reader, quarantine, log });
  const reserve = createReserve(join(root, 'reserve'), await affordableBytes(root, reserveBytes));
  const spool = new DirectorySpool({ disk, layout, log, recorder, reader, reserve, quarantine });
  await spool.restoreReserve();
  await keepNames(disk, root);
  return spool;
}

/** Whoever made the root, and the folders above it, need not have synced their names: a power loss would take the whole spool. */
async function keepNames(disk: Disk, root: string): Promise<void> {
  for (let folder = resolve(root); folder !== dirname(folder); folder = dirname(folder)) {
    try {
      await disk.syncFolder(dirname(folder));
    } catch (error) {
      // Who may not read a folder did not make ours in it.
      if (errnoOf(error) !== 'EACCES' && errnoOf(error) !== 'EPERM') throw error;
    }
  }
}

/** A small disk gives a sixteenth of itself: less in reserve is better than none. */
async function affordableBytes(root: string, wantedBytes: number): Promise<number> {
  const disk = await statfs(root);
  return Math.min(wantedBytes, Math.floor((disk.blocks * disk.bsize) / 16));
}

interface Parts {
  readonly disk: Disk;
  readonly layout: SpoolLayout;
  readonly log: Logger;
  readonly recorder: RecorderId;
  readonly reader: SegmentReader;
  readonly reserve: Reserve;
  readonly quarantine: (path: string, reason: Redacted) => Promise<void>;
}

class DirectorySpool implements Spool {
  readonly recorder: RecorderId;
  readonly layout: SpoolLayout;
  readonly assignments: AssignmentStore;
  readonly #parts: Parts;
  readonly #order = new KeyedOrder<SegmentId>();
  #isReserveGone = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.recorder = parts.recorder;
    this.layout = parts.layout;
    this.assignments = createAssignmentStore({
      layout: parts.layout,
      quarantine: parts.quarantine,
      write: (path, bytes) => this.#withReserve(`write ${path}`, () => writeDurably(parts.disk, path, bytes)),
    });
  }

  async *list(): AsyncIterable<SpooledSegment> {
    const { reader, layout } = this.#parts;
    const known: { readonly id: SegmentId; readonly fromMs: number }[] = [];
    for (const id of await this.#sealedIds()) {
      const sidecar = await this.#order.run(id, () => reader.sidecar(id, segmentPathsOf(layout, id)));
      const { segment } = sidecar ?? (await this.#repaired(id)) ?? {};
      if (segment !== undefined) known.push({ id, fromMs: segment.fromMs });
    }
    known.sort((a, b) => a.fromMs - b.fromMs || (a.id < b.id ? -1 : 1));
    for (const { id } of known) {
      const segment = await this.find(id);
      if (segment !== undefined) yield segment;
    }
  }

  find(id: SegmentId): Promise<SpooledSegment | undefined> {
    return told(`look at ${id}`, () => this.#order.run(id, () => this.#found(id)));
  }

  async read(id: SegmentId): Promise<ByteSource> {
    const found = await this.find(id);
    if (found === undefined) throw new SpoolError('segment-missing', redact(`${id} is not in the spool`));
    return told(`read ${id}`, () => openSegmentSource(segmentPathsOf(this.layout, id), found.segment));
  }

  seal(request: SealRequest): Promise<void> {
    const { id } = request.segment;
    return this.#order.run(id, () => this.#withReserve(`seal ${id}`, () => sealSegment(this.#parts, request)));
  }

  recordCheckpoint(id: SegmentId, checkpoint: UploadCheckpoint | null): Promise<void> {
    const { checkpoint: path } = segmentPathsOf(this.layout, id);
    return this.#order.run(id, () => this.#keep(id, path, checkpoint));
  }

  recordReceipt(id: SegmentId, receipt: Receipt | null): Promise<void> {
    const paths = segmentPathsOf(this.layout, id);
    return this.#order.run(id, async () => {
      await this.#keep(id, paths.receipt, receipt);
      // Its upload is over, or was lost with the object: either way there is nothing to go on with.
      await told(`forget the upload of ${id}`, () => this.#parts.disk.remove(paths.checkpoint));
    });
  }

  recordDamage(id: SegmentId, key: ObjectKey): Promise<void> {
    const paths = segmentPathsOf(this.layout, id);
    return this.#order.run(id, async () => {
      const known = await this.#parts.reader.damagedKeys(id);
      // First: from here on the receipt counts for nothing, wherever a crash comes.
      if (!known.includes(key)) await this.#keep(id, paths.damaged, [...known, key]);
      await this.#keep(id, paths.receipt, null);
      await told(`forget the upload of ${id}`, () => this.#parts.disk.remove(paths.checkpoint));
    });
  }

  damagedKeys(id: SegmentId): Promise<readonly ObjectKey[]> {
    return told(`look at ${id}`, () => this.#order.run(id, () => this.#parts.reader.damagedKeys(id)));
  }

  async reclaim(proof: Confirmation): Promise<void> {
    const { disk, layout } = this.#parts;
    const what = `reclaim ${proof.segment}`;
    await this.#order.run(proof.segment, () => told(what, () => reclaimSegment(disk, layout, proof)));
    if (this.#isReserveGone) await this.#takeReserveBack();
  }

  quarantine(path: string, reason: string): Promise<void> {
    return told(`quarantine ${path}`, () => this.#parts.quarantine(path, redact(reason)));
  }

  usage(): Promise<SpoolUsage> {
    return told('measure the spool', () => usageOf(this.layout, this.list()));
  }

  async releaseReserve(): Promise<void> {
    this.#isReserveGone = true;
    await told('release the reserve', () => this.#parts.reserve.release());
  }

  async restoreReserve(): Promise<void> {
    const isThere = await told('restore the reserve', () => this.#parts.reserve.restore());
    this.#isReserveGone = !isThere;
    if (!isThere)
      this.#parts.log.warn({ root: this.layout.root }, 'no room for the reserve: tried again when there is');
  }

  /** Space was freed. That there is not enough yet, or that it fails, must not fail what freed it. */
  async #takeReserveBack(): Promise<void> {
    try {
      this.#isReserveGone = !(await this.#parts.reserve.restore());
      if (!this.#isReserveGone) this.#parts.log.info({ root: this.layout.root }, 'reserve taken back');
    } catch (error) {
      this.#parts.log.warn({ errno: errnoOf(error) }, 'reserve not taken back: tried again at the next deletion');
    }
  }

  /** Its sidecar could not be read, and is in quarantine. A disk that refuses must not keep the others from being listed. */
  async #repaired(id: SegmentId): Promise<SpooledSegment | undefined> {
    try {
      return await this.find(id);
    } catch (error) {
      this.#parts.log.error(
        { segment: id, reason: redact(String(error)) },
        'sidecar not made again: at the next start',
      );
      return undefined;
    }
  }

  /** A seal that failed half-way in this process is finished or undone here, so that whoever seals next finds the recording. */
  async #found(id: SegmentId): Promise<SpooledSegment | undefined> {
    const { reader, layout } = this.#parts;
    const found = await reader.read(id);
    const paths = segmentPathsOf(layout, id);
    if (found !== undefined || (await sizeOf(paths.recording)) === undefined) return found;
    if ((await sizeOf(paths.reclaim)) !== undefined) return undefined;
    const how = await repairSeal(this.#parts, id);
    this.#parts.log.info({ segment: id, how }, 'repaired a seal that was cut short');
    return reader.read(id);
  }

  /** Writes or removes one small file of a sealed segment. No-op for one that is gone: whoever still writes about it is late. */
  async #keep(
    id: SegmentId,
    path: string,
    value: UploadCheckpoint | Receipt | readonly ObjectKey[] | null,
  ): Promise<void> {
    const { disk } = this.#parts;
    const { sidecar, reclaim } = segmentPathsOf(this.layout, id);
    if ((await sizeOf(sidecar)) === undefined || (await sizeOf(reclaim)) !== undefined) return;
    if (value === null) return told(`remove ${path}`, () => removeDurably(disk, path));
    await this.#withReserve(`write ${path}`, () => writeDurably(disk, path, jsonBytes(value)));
  }

  async #sealedIds(): Promise<readonly SegmentId[]> {
    const cameras = await foldersIn(sealedRootOf(this.layout), parseCameraId);
    const ids = await Promise.all(cameras.map((camera) => this.#sealedIdsOf(camera)));
    return ids.flat();
  }

  async #sealedIdsOf(camera: CameraId): Promise<readonly SegmentId[]> {
    const { segments } = scanNames(camera, await namesIn(this.layout.sealedDir(camera)));
    return [...segments].filter(([, files]) => standingOf(files) === 'sealed').map(([id]) => id);
  }

  /** Whatever is done here can be done again: on a full disk it is, once, with the reserve given up. */
  async #withReserve(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!isNoSpace(error)) throw failed(what, error);
      await this.releaseReserve();
      this.#parts.log.warn({ what }, 'the disk is full: gave up the reserve');
      await told(what, work);
    }
  }
}

async function told<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw failed(what, error);
  }
}

/** System errors become the spool's own; everything else is a bug, or typed already, and passes. */
function failed(what: string, cause: unknown): unknown {
  if (cause instanceof SpoolError || errnoOf(cause) === undefined || !(cause instanceof Error)) return cause;
  return new SpoolError(isNoSpace(cause) ? 'no-space' : 'spool-failing', redact(`${what}: ${cause.message}`), {
    cause,
  });
}
