import type { UploadObserver } from '../activities/upload.js';
import type { Clock } from '../clock.js';
import { failureTexts, isFailureCode, isOfWholeStore } from '../domain/failures.js';
import { type CameraId, type ObjectKey, partsOf, type SegmentId } from '../domain/ids.js';
import { type SpoolLook, type SpoolOutlook, spoolOutlook, withLook } from '../domain/spool-outlook.js';
import type { Logger } from '../log.js';
import type { SpooledSegment, SpoolUsage } from '../spool/spool.js';
import type { Link } from './link.js';
import type { DamagedObject, UploadStatus } from './worker-status.js';

const EMPTY: UploadStatus = {
  waitingSegments: 0,
  waitingBytes: 0,
  oldestWaitingMs: null,
  lastStored: null,
  uploadedSegments: 0,
  uploadedBytes: 0,
  failures: 0,
  reclaimedSegments: 0,
  lostInStore: 0,
  sweptUploads: 0,
  verifiedObjects: 0,
  damagedObjects: 0,
};

/** More of them is one disaster, which needs no more names. */
const DAMAGED_SHOWN = 10;

type WaitingSegment = Exclude<SpooledSegment, { readonly kind: 'stored' }>;
type Waiting = Pick<UploadStatus, 'waitingSegments' | 'waitingBytes' | 'oldestWaitingMs'>;
const NOTHING_WAITS: Waiting = { waitingSegments: 0, waitingBytes: 0, oldestWaitingMs: null };

/** Counts what uploads go through, for status and metrics, and remembers which segments somebody is busy with. No I/O. */
export class UploadLedger implements UploadObserver {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #store: Link;
  readonly #byCamera = new Map<CameraId, UploadStatus>();
  readonly #inFlight = new Map<SegmentId, number>();
  readonly #touchedAtMs = new Map<SegmentId, number>();
  /** As the last scan found them, less what was stored since. */
  readonly #waiting = new Map<SegmentId, WaitingSegment>();
  readonly #damaged = new Map<ObjectKey, DamagedObject>();
  #spool: SpoolUsage | null = null;
  #looks: readonly SpoolLook[] = [];
  #confirmedAtMs: number | null = null;
  #isRefused = false;

  constructor(deps: { readonly clock: Clock; readonly log: Logger; readonly store: Link }) {
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#store = deps.store;
  }

  started(segment: SegmentId): void {
    this.#inFlight.set(segment, (this.#inFlight.get(segment) ?? 0) + 1);
    this.touched(segment);
  }

  touched(segment: SegmentId): void {
    this.#touchedAtMs.set(segment, this.#clock.monotonicMs());
  }

  stored(segment: SpooledSegment['segment']): void {
    this.#isRefused = false;
    this.#store.up();
    const { fromMs, toMs } = segment;
    this.#add(segment.camera, ({ uploadedSegments, uploadedBytes, lastStored }) => ({
      uploadedSegments: uploadedSegments + 1,
      uploadedBytes: uploadedBytes + segment.sizeBytes,
      lastStored: lastStored !== null && lastStored.toMs > toMs ? lastStored : { fromMs, toMs },
    }));
    this.#waitsNoMore(segment.id);
  }

  failed(segment: SegmentId, code: string, message: string): void {
    const { camera } = partsOf(segment);
    this.#add(camera, ({ failures }) => ({ failures: failures + 1 }));
    const needsPerson = isFailureCode(code) && failureTexts[code].retry === 'slow';
    if (isOfWholeStore(code)) {
      this.#isRefused = needsPerson;
      this.#store.down(Object.assign(new Error(message), { code }));
    }
    this.#log[needsPerson ? 'error' : 'warn']({ camera, segment, code, error: message }, 'upload failed, tried again');
  }

  ended(segment: SegmentId): void {
    const left = (this.#inFlight.get(segment) ?? 1) - 1;
    if (left > 0) this.#inFlight.set(segment, left);
    else this.#inFlight.delete(segment);
    this.touched(segment);
  }

  reclaimed(segment: SegmentId): void {
    this.#confirmedAtMs = this.#clock.monotonicMs();
    this.#add(partsOf(segment).camera, ({ reclaimedSegments }) => ({ reclaimedSegments: reclaimedSegments + 1 }));
  }

  lost(segment: SegmentId): void {
    this.#add(partsOf(segment).camera, ({ lostInStore }) => ({ lostInStore: lostInStore + 1 }));
  }

  /** An object was read back whole, and is as it should be. */
  verified(camera: CameraId): void {
    this.#add(camera, ({ verifiedObjects }) => ({ verifiedObjects: verifiedObjects + 1 }));
  }

  /** The alarm. An object that is found again is not counted again. */
  damaged(found: DamagedObject): void {
    const { camera, key } = found;
    const isKnown = this.#damaged.delete(key);
    this.#damaged.set(key, found);
    if (isKnown) return;
    this.#add(camera, ({ damagedObjects }) => ({ damagedObjects: damagedObjects + 1 }));
    this.#log.error({ ...found }, 'an object in the store is damaged');
  }

  swept(camera: CameraId): void {
    this.#add(camera, ({ sweptUploads }) => ({ sweptUploads: sweptUploads + 1 }));
  }

  /** What a scan of the spool found; replaces what the last one said. */
  scanned(found: readonly SpooledSegment[], usage: SpoolUsage): void {
    this.#spool = usage;
    const waiting = new Map<CameraId, Waiting>();
    this.#waiting.clear();
    for (const entry of found) {
      const { id, camera, fromMs, toMs } = entry.segment;
      if (entry.kind === 'stored') {
        this.#storedBefore(camera, { fromMs, toMs });
        continue;
      }
      this.#waiting.set(id, entry);
      waiting.set(camera, withWaiting(waiting.get(camera) ?? NOTHING_WAITS, entry));
    }
    for (const camera of new Set([...this.#byCamera.keys(), ...waiting.keys()])) {
      this.#add(camera, () => waiting.get(camera) ?? NOTHING_WAITS);
    }
    this.#looks = withLook(this.#looks, this.#lookAt(usage));
    const ids = new Set(found.map(({ segment }) => segment.id));
    for (const id of this.#touchedAtMs.keys())
      if (!ids.has(id) && !this.#inFlight.has(id)) this.#touchedAtMs.delete(id);
  }

  /** Makes the camera's series exist, with zeros. */
  expect(camera: CameraId): void {
    this.#add(camera, () => ({}));
  }

  isInFlight(segment: SegmentId): boolean {
    return this.#inFlight.has(segment);
  }

  /** Monotonic ms; undefined when nothing happened to it since this worker started. */
  touchedAtMs(segment: SegmentId): number | undefined {
    return this.#touchedAtMs.get(segment);
  }

  /** Monotonic ms: then the store gave the bytes of some segment, all as they should be. */
  get confirmedAtMs(): number | null {
    return this.#confirmedAtMs;
  }

  /** The store takes no uploads until a person has done something, whatever else it answers; until the next that it takes. */
  get isRefused(): boolean {
    return this.#isRefused;
  }

  get damagedObjects(): readonly DamagedObject[] {
    return [...this.#damaged.values()].slice(-DAMAGED_SHOWN);
  }

  get uploadsInFlight(): number {
    return [...this.#inFlight.values()].reduce((sum, attempts) => sum + attempts, 0);
  }

  get uploads(): ReadonlyMap<CameraId, UploadStatus> {
    return this.#byCamera;
  }

  get spool(): SpoolUsage | null {
    return this.#spool;
  }

  /** As of the last scan. `minFreeBytes` must stay free. */
  outlook(minFreeBytes: number): SpoolOutlook | null {
    if (this.#spool === null) return null;
    const { freeBytes, oldestUnsentMs } = this.#spool;
    return spoolOutlook(this.#looks, {
      usableBytes: freeBytes - minFreeBytes,
      oldestWaitsMs: oldestUnsentMs === null ? null : this.#clock.wallMs() - oldestUnsentMs,
    });
  }

  #lookAt({ byState: { sealed, uploading } }: SpoolUsage): SpoolLook {
    return {
      atMs: this.#clock.monotonicMs(),
      waitingBytes: sealed.bytes + uploading.bytes,
      storedBytes: [...this.#byCamera.values()].reduce((sum, { uploadedBytes }) => sum + uploadedBytes, 0),
      droppedBytes: 0,
    };
  }

  /** Page and metrics would else contradict themselves until the next scan. */
  #waitsNoMore(id: SegmentId): void {
    const entry = this.#waiting.get(id);
    if (entry === undefined || !this.#waiting.delete(id)) return;
    const left = [...this.#waiting.values()];
    const { camera } = entry.segment;
    this.#add(camera, () => left.filter(({ segment }) => segment.camera === camera).reduce(withWaiting, NOTHING_WAITS));
    const { oldestWaitingMs } = left.reduce(withWaiting, NOTHING_WAITS);
    if (this.#spool !== null) this.#spool = { ...withStored(this.#spool, entry), oldestUnsentMs: oldestWaitingMs };
  }

  #storedBefore(camera: CameraId, range: NonNullable<UploadStatus['lastStored']>): void {
    this.#add(camera, ({ lastStored }) => ({
      lastStored: lastStored !== null && lastStored.toMs >= range.toMs ? lastStored : range,
    }));
  }

  #add(camera: CameraId, change: (status: UploadStatus) => Partial<UploadStatus>): void {
    const status = this.#byCamera.get(camera) ?? EMPTY;
    this.#byCamera.set(camera, { ...status, ...change(status) });
  }
}

function withStored(spool: SpoolUsage, { kind, segment: { sizeBytes } }: WaitingSegment): SpoolUsage {
  const { stored, ...others } = spool.byState;
  const before = others[kind];
  const waiting = { bytes: Math.max(0, before.bytes - sizeBytes), count: Math.max(0, before.count - 1) };
  const more = { bytes: stored.bytes + sizeBytes, count: stored.count + 1 };
  return { ...spool, byState: { ...others, [kind]: waiting, stored: more } };
}

function withWaiting(sum: Waiting, { segment }: WaitingSegment): Waiting {
  return {
    waitingSegments: sum.waitingSegments + 1,
    waitingBytes: sum.waitingBytes + segment.sizeBytes,
    oldestWaitingMs: Math.min(sum.oldestWaitingMs ?? segment.toMs, segment.toMs),
  };
}
