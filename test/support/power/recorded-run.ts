/**
 * Two cameras are recorded in real time: one into files of five seconds, which are sealed, sent, confirmed and let go, and one into a
 * single file. Of every instant between two steps on the disk, and of every one just before a sync, the moment is kept.
 */
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseObjectKey, type SegmentId } from '../../../src/domain/ids.js';
import type { SealedSegment } from '../../../src/domain/segment.js';
import type { Logger } from '../../../src/log.js';
import type { ProducedFrame } from '../../../src/simulator/frame-log.js';
import { type Disk, systemDisk } from '../../../src/spool/durable-file.js';
import type { Spool } from '../../../src/spool/spool.js';
import { createBench, framesOf, openBenchSpool, type TestCamera, type TestLife, until } from '../../recorder/bench.js';
import { confirmationFor, receiptFor } from '../../spool/segments.js';
import { type Moment, type PowerWatch, watchPower } from './power-watch.js';

/** What had been said to be done; nothing is ever taken back. */
interface Promised {
  readonly sealed: readonly SealedSegment[];
  readonly checkpointed: readonly SegmentId[];
  readonly stored: readonly SegmentId[];
  /** Confirmed: may be there, and may be gone. */
  readonly letGo: readonly SegmentId[];
}

export interface KeptMoment extends Moment {
  readonly promised: Promised;
  /** Whether it is on the disk when each open recording began. */
  readonly areStartsNoted: boolean;
}

export interface RecordedCamera extends TestCamera {
  readonly produced: readonly ProducedFrame[];
  /** Counter of the first frame that was recorded. */
  readonly firstFrame: number;
}

export interface RecordedRun {
  readonly moments: readonly KeptMoment[];
  readonly cameras: readonly [cut: RecordedCamera, long: RecordedCamera];
  /** Of all segments there ever were. */
  readonly framesOf: ReadonlyMap<SegmentId, readonly number[]>;
  readonly power: PowerWatch;
}

const SPOOL = 'data/spool';

/** Where the spool is in the image of a moment written to `root`. */
export function spoolPathIn(root: string): string {
  return join(root, SPOOL);
}

/** Records until the single file was synced twice, and two segments of the other camera were sent. */
export async function recordRun(life: TestLife): Promise<RecordedRun> {
  const keeping = new Keeping();
  const bench = await createBench(life, async (root, log) => await keeping.open(root, log, life));
  const [cut, long] = [await bench.camera('cut'), await bench.camera(LONG)];
  const recorder = await bench.recorder();
  let sent = Promise.resolve();
  recorder.onSealed((segment) => {
    sent = sent.then(async () => await keeping.send(segment, bench.spool));
  });
  const attachments = [
    await recorder.attach(cut.id, cut.spec, NOTHING_KNOWN),
    await recorder.attach(long.id, { ...long.spec, segmentDurationSec: LONGEST_SEC }, NOTHING_KNOWN),
  ];
  await until('enough is recorded', () => keeping.longSyncs >= 2 && keeping.promised.stored.length >= 2, 40_000);
  keeping.isOver = true;
  await Promise.all(attachments.map(async (attachment) => await attachment.stop('paused')));
  await sent;
  return {
    moments: keeping.moments,
    framesOf: keeping.framesOf,
    power: keeping.power,
    cameras: [keeping.recorded(cut), keeping.recorded(long)],
  };
}

const LONG = 'long';
const LONGEST_SEC = 3_600;
const NOTHING_KNOWN = { lastEndedAtMs: null, notBeforeMs: null, taskToken: null };

class Keeping {
  readonly moments: KeptMoment[] = [];
  readonly framesOf = new Map<SegmentId, readonly number[]>();
  promised: Promised = { sealed: [], checkpointed: [], stored: [], letGo: [] };
  longSyncs = 0;
  /** The cameras are stopped: from then on the gap has another cause. */
  isOver = false;
  #power: PowerWatch | undefined;

  get power(): PowerWatch {
    if (this.#power === undefined) throw new Error('no spool was opened');
    return this.#power;
  }

  async open(root: string, log: Logger, life: TestLife): Promise<Spool> {
    const power = await watchPower(root);
    life.onTestFinished(async () => power.end());
    this.#power = power;
    power.onSync((path) => {
      this.#keep(`sync ${basename(path)}`);
      if (path.includes(`/${LONG}/`) && path.endsWith('.mp4')) this.longSyncs += 1;
    });
    // As a keeper does.
    await mkdir(spoolPathIn(root), { recursive: true });
    return await openBenchSpool(
      spoolPathIn(root),
      log,
      toldDisk((step) => this.#keep(step)),
    );
  }

  /** As if a store had it. Every second segment of the camera with many is confirmed, and let go. */
  async send(segment: SealedSegment, spool: Spool): Promise<void> {
    const { id } = segment;
    this.promised = { ...this.promised, sealed: [...this.promised.sealed, segment] };
    this.framesOf.set(id, await framesOf(spool, id));
    if (segment.camera === LONG) return;
    const key = parseObjectKey(`${segment.camera}/${id}.mp4`);
    await spool.recordCheckpoint(id, { key, uploadId: 'upload', partSizeBytes: 8 });
    this.promised = { ...this.promised, checkpointed: [...this.promised.checkpointed, id] };
    await spool.recordReceipt(id, receiptFor(segment));
    this.promised = { ...this.promised, stored: [...this.promised.stored, id] };
    if (segment.index % 2 === 1) return;
    this.promised = { ...this.promised, letGo: [...this.promised.letGo, id] };
    await spool.reclaim(confirmationFor(segment));
  }

  recorded(camera: TestCamera): RecordedCamera {
    const mine = this.promised.sealed.filter((segment) => segment.camera === camera.id);
    return {
      ...camera,
      produced: camera.simulated.framesBetween(0, Date.now()),
      firstFrame: Math.min(...mine.flatMap(({ id }) => this.framesOf.get(id) ?? [])),
    };
  }

  #keep(before: string): void {
    if (this.isOver) return;
    const moment = this.power.moment(before);
    const noted = [...moment.synced.files.values()].filter(({ bytes }) => bytes.includes('"mediaStartMs"'));
    // Of both cameras.
    this.moments.push({ ...moment, promised: this.promised, areStartsNoted: noted.length >= 2 });
  }
}

/** Tells of each step before it is taken. */
function toldDisk(before: (step: string) => void): Disk {
  return {
    writeFile: async (path, bytes) => {
      before(`write ${basename(path)}`);
      await systemDisk.writeFile(path, bytes);
    },
    syncFile: systemDisk.syncFile,
    syncFolder: systemDisk.syncFolder,
    rename: async (from, to) => {
      before(`rename ${basename(from)} ${basename(to)}`);
      await systemDisk.rename(from, to);
    },
    remove: async (path) => {
      before(`remove ${basename(path)}`);
      await systemDisk.remove(path);
    },
    makeFolder: async (path) => {
      before(`folder ${basename(path)}`);
      await systemDisk.makeFolder(path);
    },
  };
}
