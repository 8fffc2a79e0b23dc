/**
 * Reads stored objects back, whole, one now and then: a checksum the store shows says what it received, only reading says what it has.
 *
 * 1. Every other one is from the spool, where a damaged one can still be sent again; the rest is drawn from all there is in the bucket.
 * 2. Nothing in the bucket is ever changed by it. A segment whose object is damaged goes to its other key.
 * 3. It reads no faster than `BYTES_PER_SEC`: uploads and recordings come first.
 */
import type { Clock } from '../clock.js';
import type { CameraId, ObjectKey, SegmentId } from '../domain/ids.js';
import { objectKeysOf, objectNameIn } from '../domain/object-key.js';
import type { SealedSegment } from '../domain/segment.js';
import type { Logger } from '../log.js';
import { type ObjectStore, StoreError } from '../object-store/object-store.js';
import { readBack } from '../object-store/read-back.js';
import { redact } from '../redact.js';
import type { Spool, SpooledSegment } from '../spool/spool.js';
import type { UploadLedger } from './upload-ledger.js';
import type { DamagedObject } from './worker-status.js';

interface SampleDeps {
  readonly spool: Pick<Spool, 'list' | 'find' | 'recordDamage'>;
  readonly store: Pick<ObjectStore, 'head' | 'read' | 'list'>;
  readonly ledger: UploadLedger;
  readonly cameras: () => readonly CameraId[];
  /** Between two; the first comes somewhere in it, so that a worker that is restarted often does its share, too. */
  readonly everyMs: number;
  readonly clock: Clock;
  /** 0 ≤ random < 1 */
  readonly random: () => number;
  readonly log: Logger;
  /** It is sealed again and must be announced. */
  readonly onLost: (segment: SegmentId) => void;
}

/** Half a minute for 250 MB. */
const BYTES_PER_SEC = 8 * 1024 * 1024;
/** An object that could not be read so often is damaged, if others were read meanwhile. */
const UNREADABLE_TRIES = 3;

interface Drawn {
  readonly camera: CameraId;
  readonly key: ObjectKey;
}

/** One for the life of a worker. */
export class StoredSampler {
  readonly #deps: SampleDeps;
  /** Could not be read, so often, and how many others could since. */
  readonly #suspects = new Map<ObjectKey, Drawn & { tries: number; othersRead: number }>();
  #turn = 0;

  constructor(deps: SampleDeps) {
    this.#deps = deps;
  }

  /** Reads one object. Does nothing when there is none. @throws StoreError when the store cannot be asked. */
  async pass(signal: AbortSignal): Promise<void> {
    if (this.#turn === 0) await this.#deps.clock.sleep(this.#deps.random() * this.#deps.everyMs, signal);
    const drawn = await this.#draw(signal);
    if (drawn === undefined) return;
    const { store, clock, ledger, log } = this.#deps;
    const expected = (await this.#storedAt(drawn.key))?.segment ?? null;
    const pause = async (bytes: number): Promise<void> => await clock.sleep((bytes / BYTES_PER_SEC) * 1_000, signal);
    try {
      const found = await readBack({ store, key: drawn.key, expected, pause, signal });
      this.#suspects.delete(drawn.key);
      if (found.kind === 'damaged') await this.#alarm(drawn, found, signal);
      if (found.kind !== 'whole') return;
      ledger.verified(drawn.camera);
      for (const suspect of this.#suspects.values()) suspect.othersRead++;
      log.debug({ camera: drawn.camera, key: drawn.key }, 'read an object back: it is whole');
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'store-unreadable') throw error;
      await this.#suspect(drawn, expected, error, signal);
    }
  }

  async #suspect(drawn: Drawn, expected: SealedSegment | null, error: StoreError, signal: AbortSignal): Promise<void> {
    const { tries, othersRead } = this.#suspects.get(drawn.key) ?? { tries: 0, othersRead: 0 };
    this.#suspects.set(drawn.key, { ...drawn, tries: tries + 1, othersRead });
    this.#deps.log.warn({ ...drawn, tries: tries + 1, error: error.message }, 'an object could not be read back');
    if (tries + 1 < UNREADABLE_TRIES || othersRead === 0) return;
    this.#suspects.delete(drawn.key);
    await this.#alarm(drawn, { why: error.message, segment: expected }, signal);
  }

  /** Suspects in turn with others. */
  async #draw(signal: AbortSignal): Promise<Drawn | undefined> {
    const turn = this.#turn++;
    const [suspect] = this.#suspects.values();
    if (suspect !== undefined && turn % 2 === 1) return suspect;
    const fresh = turn % 4 < 2 ? await this.#fromSpool() : undefined;
    return fresh ?? (await this.#fromBucket(signal));
  }

  async #fromSpool(): Promise<Drawn | undefined> {
    const { spool, random } = this.#deps;
    let drawn: Drawn | undefined;
    let seen = 0;
    for await (const entry of spool.list()) {
      if (entry.kind !== 'stored') continue;
      if (random() * ++seen < 1) drawn = { camera: entry.segment.camera, key: entry.receipt.key };
    }
    return drawn;
  }

  /** Each one is as likely as any other of its camera. */
  async #fromBucket(signal: AbortSignal): Promise<Drawn | undefined> {
    const { store, random } = this.#deps;
    const cameras = this.#deps.cameras();
    const camera = cameras[Math.floor(random() * cameras.length)];
    if (camera === undefined) return undefined;
    let drawn: Drawn | undefined;
    let seen = 0;
    for await (const { key } of store.list(`${camera}/`, signal)) {
      if (objectNameIn(camera, key)?.kind !== 'segment') continue;
      if (random() * ++seen < 1) drawn = { camera, key };
    }
    return drawn;
  }

  async #storedAt(key: ObjectKey): Promise<Extract<SpooledSegment, { kind: 'stored' }> | undefined> {
    for await (const entry of this.#deps.spool.list()) {
      if (entry.kind === 'stored' && entry.receipt.key === key) return entry;
    }
    return undefined;
  }

  async #alarm(
    { camera, key }: Drawn,
    { why, segment }: { readonly why: string; readonly segment: SealedSegment | null },
    signal: AbortSignal,
  ): Promise<void> {
    const { spool, ledger, onLost } = this.#deps;
    const tell = (remedy: DamagedObject['remedy']): void => ledger.damaged({ camera, key, why: redact(why), remedy });
    const local = await this.#storedAt(key);
    if (local === undefined) return tell(await this.#remedyOf(key, segment, signal));
    await spool.recordDamage(local.segment.id, key);
    tell('sent again');
    onLost(local.segment.id);
  }

  /** It may have been found before: then it waits here to be sent, or its other key has it. */
  async #remedyOf(
    key: ObjectKey,
    segment: SealedSegment | null,
    signal: AbortSignal,
  ): Promise<DamagedObject['remedy']> {
    if (segment === null) return 'lost';
    for (const other of Object.values(objectKeysOf(segment))) {
      if (other === key) continue;
      const stored = await this.#deps.store.head(other, signal);
      if (stored?.sizeBytes === segment.sizeBytes && stored.crc32Hex === segment.crc32Hex) return 'stored again';
    }
    return (await this.#deps.spool.find(segment.id)) === undefined ? 'lost' : 'sent again';
  }
}
