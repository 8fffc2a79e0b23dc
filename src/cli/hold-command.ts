/** `hold`, `holds`, `release`: footage that retention must not delete. */
import { placeHold, releaseHold } from '../activities/hold-footage.js';
import { boundedBy } from '../clock.js';
import { coverageTotals } from '../domain/coverage-totals.js';
import { cameraOfHold, type Hold, holdIdOf, parseHoldId } from '../domain/hold.js';
import { type CameraId, parseCameraId } from '../domain/ids.js';
import { createLocalTime } from '../domain/local-time.js';
import { type ObjectStore, StoreError } from '../object-store/object-store.js';
import { createS3Store } from '../object-store/s3.js';
import { holdsOf } from '../playback/holds.js';
import { readTimeline } from '../playback/timeline.js';
import { redact } from '../redact.js';
import { type BucketPlace, bucketPlace } from './bucket-place.js';
import { lengthWords } from './coverage-text.js';
import { rangeOf } from './time-arguments.js';

const DEADLINE_MS = 120_000;
const HOLDS = '.holds/';

interface HoldOptions {
  readonly camera: string;
  readonly from: string;
  readonly to: string;
  readonly reason: string;
  readonly isUtc: boolean;
  readonly configPath: string | undefined;
}

/** Resolves to 0 when it holds; what is not there to be held is told. @throws ConfigError, TimeArgumentError, StoreError, HoldError */
export async function holdCommand(options: HoldOptions): Promise<number> {
  const camera = parseCameraId(options.camera);
  const reason = options.reason.trim();
  if (reason === '') throw new Error('--reason: say why, in words that somebody understands in a year.');
  const place = await bucketPlace(camera, options.configPath);
  const nowMs = Date.now();
  const timezone = options.isUtc ? 'UTC' : place.timezone;
  const range = rangeOf(`${options.from}..${options.to}`, timezone, nowMs);
  const id = holdIdOf(camera, nowMs, Math.random());
  const hold: Hold = { schema: 1, id, camera, ...range, reason, placedAtMs: nowMs, releasedAtMs: null };
  return await withStore(place, async (store, signal) => {
    await placeHold(store, hold, signal);
    process.stdout.write(`${holdWords(hold, timezone, nowMs)}\n`);
    const { spans } = await readTimeline(camera, range, { store, nowMs }, signal);
    process.stdout.write(`${thereWords(spans)}\n`);
    for (const warning of await ruleWarnings(store, signal)) process.stderr.write(`Warning: ${redact(warning)}\n`);
    return 0;
  });
}

/** Prints the holds of one camera, or of all. Resolves to 0, or to 1 when there is none that holds. */
export async function holdsCommand(options: {
  readonly camera: string | undefined;
  readonly isUtc: boolean;
  readonly configPath: string | undefined;
}): Promise<number> {
  const only = options.camera === undefined ? null : parseCameraId(options.camera);
  const place = await bucketPlace(only, options.configPath);
  const timezone = options.isUtc ? 'UTC' : place.timezone;
  return await withStore(place, async (store, signal) => {
    const cameras = only === null ? await camerasWithHolds(store, signal) : [only];
    let held = 0;
    for (const camera of cameras) {
      for (const hold of await holdsOf(store, camera, signal)) {
        if (hold.releasedAtMs === null) held += 1;
        process.stdout.write(`${holdWords(hold, timezone, Date.now())}\n`);
      }
    }
    if (held === 0) process.stderr.write('Nothing is held.\n');
    return held === 0 ? 1 : 0;
  });
}

/** Resolves to 0, also for a hold that was released before. @throws UnknownHoldError */
export async function releaseCommand(options: {
  readonly id: string;
  readonly isUtc: boolean;
  readonly configPath: string | undefined;
}): Promise<number> {
  const id = parseHoldId(options.id);
  const place = await bucketPlace(cameraOfHold(id), options.configPath);
  return await withStore(place, async (store, signal) => {
    const nowMs = Date.now();
    const hold = await releaseHold(store, id, nowMs, signal);
    process.stdout.write(`${holdWords(hold, options.isUtc ? 'UTC' : place.timezone, nowMs)}\n`);
    return 0;
  });
}

async function withStore(
  place: BucketPlace,
  work: (store: ObjectStore, signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const store = createS3Store(place.store);
  try {
    return await work(store, boundedBy(undefined, DEADLINE_MS));
  } finally {
    store.close();
  }
}

async function camerasWithHolds(store: ObjectStore, signal: AbortSignal): Promise<readonly CameraId[]> {
  const folders = await store.folders(HOLDS, signal);
  return folders.map((folder) => parseCameraId(folder.slice(HOLDS.length, -1)));
}

/** `camera-1_…: camera-1, 2026-11-25 14:00:00 to 2026-11-25 15:30:00 (Europe/Berlin), held: burglary` */
function holdWords({ id, camera, fromMs, toMs, reason, releasedAtMs }: Hold, timezone: string, nowMs: number): string {
  const time = createLocalTime(timezone);
  const stamp = (atMs: number): string => `${time.day(atMs)} ${time.clock(atMs)}`;
  const state = releasedAtMs === null ? 'held' : `released ${time.moment(releasedAtMs, nowMs)}`;
  return `${id}: ${camera}, ${stamp(fromMs)} to ${stamp(toMs)} (${timezone}), ${state}: ${reason}`;
}

function thereWords(spans: Parameters<typeof coverageTotals>[0]): string {
  const { footageMs, byCause } = coverageTotals(spans);
  const expiredMs = byCause.find(({ cause }) => cause === 'expired')?.ms ?? 0;
  const gone =
    expiredMs === 0 ? '' : ` ${lengthWords(expiredMs)} of it had expired before, and cannot be brought back.`;
  if (footageMs === 0) return `Nothing of it is in the bucket now; what comes is held.${gone}`;
  return `${lengthWords(footageMs)} of recordings are held.${gone}`;
}

async function ruleWarnings(store: ObjectStore, signal: AbortSignal): Promise<readonly string[]> {
  try {
    const rules = await store.expiryRules(signal);
    return rules.map((rule) => `the bucket has a lifecycle rule that does not know of holds: ${rule}.`);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return [
      `the store does not say whether the bucket has lifecycle rules, which would not know of holds (${error.message}).`,
    ];
  }
}
