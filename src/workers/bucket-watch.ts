import { boundedBy, type Clock } from '../clock.js';
import { type BucketOutlook, type BucketUsage, bucketOutlook, type StoredBytes } from '../domain/bucket-outlook.js';
import { type CameraId, parseCameraId } from '../domain/ids.js';
import { objectNameIn } from '../domain/object-key.js';
import type { RetentionPolicies } from '../domain/retention.js';
import { DAY_MS } from '../domain/utc-day.js';
import type { ObjectStore } from '../object-store/object-store.js';

interface BucketWatchDeps {
  readonly store: Pick<ObjectStore, 'list' | 'timeMs'>;
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly retention: RetentionPolicies;
  readonly capacityBytes: number | null;
}

/** A million objects, at a thousand a request. */
const DEADLINE_MS = 600_000;
/** The beginning of a key that may be a camera's object; which it is, `objectNameIn` says. */
const FIRST_PART = /^([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)\//;

/** Looks at the whole bucket, whoever fills it: the store is as full as all of them make it. */
export class BucketWatch {
  readonly #deps: BucketWatchDeps;
  #outlook: BucketOutlook | null = null;

  constructor(deps: BucketWatchDeps) {
    this.#deps = deps;
  }

  /** Null before the first look. */
  get outlook(): BucketOutlook | null {
    return this.#outlook;
  }

  /** One listing. Throws what the store throws; what was known before stays known. */
  async pass(signal: AbortSignal): Promise<void> {
    const { store, clock, retention, capacityBytes } = this.#deps;
    const bounded = boundedBy(signal, DEADLINE_MS);
    const usage = await usageOf(store, await store.timeMs(bounded), bounded);
    this.#outlook = bucketOutlook(usage, { capacityBytes, retention, nowMs: clock.wallMs() });
  }
}

/** @param nowMs by the store's clock */
async function usageOf(store: BucketWatchDeps['store'], nowMs: number, signal: AbortSignal): Promise<BucketUsage> {
  const cameras = new Map<CameraId, StoredBytes>();
  let others: StoredBytes = { bytes: 0, newBytes: 0 };
  let oldestMs = nowMs;
  for await (const { key, sizeBytes, lastModifiedMs } of store.list('', signal)) {
    const camera = cameraIn(key);
    const before = camera === undefined ? others : (cameras.get(camera) ?? { bytes: 0, newBytes: 0 });
    const isNew = nowMs - lastModifiedMs < DAY_MS;
    const now = { bytes: before.bytes + sizeBytes, newBytes: before.newBytes + (isNew ? sizeBytes : 0) };
    if (camera === undefined) others = now;
    else cameras.set(camera, now);
    oldestMs = Math.min(oldestMs, lastModifiedMs);
  }
  return { cameras, others, newForMs: Math.min(DAY_MS, nowMs - oldestMs) };
}

function cameraIn(key: string): CameraId | undefined {
  const [, name] = FIRST_PART.exec(key) ?? [];
  if (name === undefined) return undefined;
  const camera = parseCameraId(name);
  return objectNameIn(camera, key) === undefined ? undefined : camera;
}
