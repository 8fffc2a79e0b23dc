import type { GapCause } from '../domain/coverage.js';
import { GAP_CAUSES } from '../domain/coverage.js';
import type { CameraId } from '../domain/ids.js';
import type { CameraStatistics } from '../recorder/recorder.js';

/** Gap seconds by cause, only causes that have some. */
export type GapSeconds = Readonly<Partial<Record<GapCause, number>>>;

/** The day that is counted, and for each camera what had been counted before it began. */
export interface GapsTodayState {
  readonly day: string;
  readonly before: ReadonlyMap<CameraId, Readonly<Record<string, number>>>;
  readonly latest: ReadonlyMap<CameraId, Readonly<Record<string, number>>>;
}

export const NO_GAPS_YET: GapsTodayState = { day: '', before: new Map(), latest: new Map() };

/**
 * Takes the totals since the worker started; call it every few seconds, so that midnight is met closely.
 * `day` is the local one: the first call with another name ends the day before.
 */
export function observeGaps(
  state: GapsTodayState,
  day: string,
  statistics: ReadonlyMap<CameraId, Pick<CameraStatistics, 'gapSecByCause'>>,
): GapsTodayState {
  const latest = new Map([...statistics].map(([camera, { gapSecByCause }]) => [camera, gapSecByCause]));
  return { day, before: day === state.day ? state.before : state.latest, latest };
}

/**
 * What today has so far; healed time may make a total smaller, never negative.
 * @param elapsedSec of the day: an absence of the recorder that began before it counts as one whole, and no day is longer than it is
 */
export function gapsToday(
  state: GapsTodayState,
  camera: CameraId,
  elapsedSec: number = Number.POSITIVE_INFINITY,
): GapSeconds {
  const before = state.before.get(camera) ?? {};
  const latest = state.latest.get(camera) ?? {};
  const entries = GAP_CAUSES.map(
    (cause) => [cause, Math.min((latest[cause] ?? 0) - (before[cause] ?? 0), elapsedSec)] as const,
  );
  return Object.fromEntries(entries.filter(([, seconds]) => seconds > 0));
}
