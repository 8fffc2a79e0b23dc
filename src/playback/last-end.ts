import type { CameraId } from '../domain/ids.js';
import { inParallel } from './in-parallel.js';
import { listDay, type ReadableStore, type ReadObject, readObject } from './stored-objects.js';

const DAY_MS = 86_400_000;
const FARTHEST_LOOK_DAYS = 31;
/** A camera that is new has none: all its days are asked for, soon, and the store is left room for uploads. */
const DAYS_AT_ONCE = 8;

/**
 * Until when the bucket tells of a camera: the end of its newest footage, or of the claims of its newest gap object. UTC ms; null when it
 * says nothing for a month, or that the camera was removed: that then holds until it records again, and needs no other reason.
 * Throws what the store throws.
 */
export async function readLastEnd(
  camera: CameraId,
  { store, nowMs }: { readonly store: ReadableStore; readonly nowMs: number },
  signal: AbortSignal,
): Promise<number | null> {
  for (let days = 0; days <= FARTHEST_LOOK_DAYS; days += DAYS_AT_ONCE) {
    const newestFirst = Array.from({ length: DAYS_AT_ONCE }, (_, index) => nowMs - (days + index) * DAY_MS);
    const list = async (atMs: number) => await listDay(store, camera, atMs, signal);
    const listed = await inParallel(newestFirst, DAYS_AT_ONCE, list);
    for (const object of listed.flatMap((ofDay) => ofDay.toReversed())) {
      const read = await readObject(store, object, signal);
      if (read.kind === 'segment' || read.kind === 'gap') return endIn(read);
    }
  }
  return null;
}

function endIn(read: Extract<ReadObject, { readonly kind: 'segment' | 'gap' }>): number | null {
  if (read.kind === 'segment') return read.footage.toMs;
  const last = read.claims.at(-1);
  return last === undefined || last.cause === 'removed' ? null : last.toMs;
}
