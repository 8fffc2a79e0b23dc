import { overlap } from '../domain/coverage.js';
import { type CameraId, partsOf } from '../domain/ids.js';
import type { TimeRange } from '../domain/time-range.js';
import { daysIn, rangeOfDay } from '../domain/utc-day.js';
import type { ExportGap, ExportItem, ExportPiece } from './export-footage.js';
import { inParallel } from './in-parallel.js';
import { listDay, type ReadableStore, type ReadObject, readObject } from './stored-objects.js';
import { readTimeline, type TimelineOptions } from './timeline.js';

const REQUESTS_AT_ONCE = 32;
/** The longest segment a camera may have, and a keyframe interval nobody has. */
const LONGEST_REACH_MS = 3_660_000;

/** What an export of the range is made of; empty when nothing of the camera is known. Throws what the store throws. */
export async function planExport(
  camera: CameraId,
  range: TimeRange,
  options: TimelineOptions,
  signal: AbortSignal,
): Promise<readonly ExportItem[]> {
  const { spans, beganAtMs } = await readTimeline(camera, range, options, signal);
  const pieces = await piecesIn(camera, range, options.store, signal);
  const items = spans.map((span): ExportItem => {
    const { fromMs, toMs } = span;
    if (span.kind !== 'footage')
      return gapItem({ fromMs, toMs, cause: span.kind === 'gap' ? span.cause : 'unexplained' });
    if (span.where === 'spool') return gapItem({ fromMs, toMs, cause: 'not-stored-yet' });
    const found = pieces.get(span.segment);
    // Known from a day's record, and no longer in the bucket.
    return found === undefined
      ? gapItem({ fromMs, toMs, cause: 'deleted-meanwhile' })
      : { kind: 'piece', piece: { ...found, fromMs, toMs } };
  });
  const isLate = beganAtMs !== null && beganAtMs > range.fromMs && items.length > 0;
  return isLate ? [gapItem({ fromMs: range.fromMs, toMs: beganAtMs, cause: 'unexplained' }), ...items] : items;
}

function gapItem(gap: ExportGap): ExportItem {
  return { kind: 'gap', ...gap };
}

async function piecesIn(
  camera: CameraId,
  range: TimeRange,
  store: ReadableStore,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Omit<ExportPiece, 'fromMs' | 'toMs'>>> {
  const days = daysIn({ fromMs: range.fromMs - LONGEST_REACH_MS, toMs: range.toMs });
  const list = async (day: (typeof days)[number]) => await listDay(store, camera, rangeOfDay(day).fromMs, signal);
  const listed = (await inParallel(days, REQUESTS_AT_ONCE, list)).flat().filter(({ kind, nominalStartMs }) => {
    const reach = { fromMs: nominalStartMs, toMs: nominalStartMs + LONGEST_REACH_MS };
    return kind === 'segment' && overlap(reach, range);
  });
  const read = await inParallel(listed, REQUESTS_AT_ONCE, async (object) => await readObject(store, object, signal));
  return new Map(read.flatMap(pieceOf));
}

function pieceOf(read: ReadObject): readonly (readonly [string, Omit<ExportPiece, 'fromMs' | 'toMs'>])[] {
  if (read.kind !== 'segment') return [];
  const { key, sizeBytes, footage } = read;
  return [[footage.segment, { key, sizeBytes, footage, session: partsOf(footage.segment).session }]];
}
