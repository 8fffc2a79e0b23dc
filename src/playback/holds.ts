/** The holds in a bucket. */
import { overlap } from '../domain/coverage.js';
import type { DayRecord, NotedHold } from '../domain/day-record.js';
import { type Hold, holdKeyOf, holdPrefixOf, holdSchema } from '../domain/hold.js';
import { type CameraId, InvalidIdError, type ObjectKey } from '../domain/ids.js';
import { rangeOfDay } from '../domain/utc-day.js';
import { inParallel } from './in-parallel.js';
import type { ReadableStore } from './stored-objects.js';

/** Thrown for an object among the holds that is none we can read: until it is, everything of the camera is held. */
export class HoldError extends Error {
  readonly code = 'hold-unreadable';
  constructor(key: ObjectKey) {
    super(`${key} cannot be read as a hold: until it can, nothing of its camera may be deleted`);
    this.name = 'HoldError';
  }
}

const LARGEST_HOLD_BYTES = 65_536;
const REQUESTS_AT_ONCE = 8;

/** Released ones, too, oldest first. One listing, and a GET each. @throws HoldError, and what the store throws */
export async function holdsOf(store: ReadableStore, camera: CameraId, signal: AbortSignal): Promise<readonly Hold[]> {
  const keys: ObjectKey[] = [];
  for await (const { key } of store.list(holdPrefixOf(camera), signal)) keys.push(key);
  const read = async (key: ObjectKey): Promise<Hold> => {
    const found = await store.readSmall(key, LARGEST_HOLD_BYTES, signal);
    const hold = found === undefined ? undefined : holdIn(new TextDecoder().decode(found.body));
    if (hold === undefined || hold.camera !== camera || holdKeyOf(hold.id) !== key) throw new HoldError(key);
    return hold;
  };
  return await inParallel(keys, REQUESTS_AT_ONCE, read);
}

/** Those that say something of the day, as its record notes them. */
export function notedIn({ day }: Pick<DayRecord, 'day'>, holds: readonly Hold[]): readonly NotedHold[] {
  return holds
    .filter((hold) => overlap(hold, rangeOfDay(day)))
    .map(({ id, fromMs, toMs, reason, releasedAtMs }) => ({ id, fromMs, toMs, reason, releasedAtMs }));
}

function holdIn(text: string): Hold | undefined {
  try {
    return holdSchema.safeParse(JSON.parse(text)).data;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof InvalidIdError) return undefined;
    throw error;
  }
}
