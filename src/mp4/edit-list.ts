import { BoxCursor } from './box.js';
import { Mp4Error } from './mp4-error.js';

/** One entry of an elst box; its media rate is not read. */
export interface Edit {
  /** In ticks of the movie; 0 means "to the end" in a fragmented file. */
  readonly durationTicks: number;
  /** In ticks of the track; -1 for an empty edit. */
  readonly mediaTimeTicks: number;
}

/** Where a track begins on the common timeline, both in ticks of the track. */
export interface TrackStart {
  /** Nothing of this track is shown before. */
  readonly startTicks: number;
  /** Media time, counted from the first sample's decode time, that is shown at `startTicks`. */
  readonly mediaTimeTicks: number;
}

/** @throws Mp4Error `bad-box` */
export function parseEdits(elst: Uint8Array): readonly Edit[] {
  const cursor = new BoxCursor(elst);
  const { version } = cursor.versionAndFlags();
  return Array.from({ length: cursor.u32() }, () => {
    const edit =
      version === 1
        ? { durationTicks: cursor.u64(), mediaTimeTicks: cursor.i64() }
        : { durationTicks: cursor.u32(), mediaTimeTicks: cursor.i32() };
    cursor.skip(4);
    return edit;
  });
}

/** @throws Mp4Error `unsupported-edit` unless it is empty edits and then at most one real one. */
export function trackStartOf(
  edits: readonly Edit[],
  clock: { readonly movieTimescale: number; readonly timescale: number; readonly firstDtsTicks: number },
): TrackStart {
  const firstReal = edits.findIndex((edit) => edit.mediaTimeTicks >= 0);
  const empty = firstReal === -1 ? edits : edits.slice(0, firstReal);
  if (firstReal !== -1 && firstReal !== edits.length - 1) {
    throw new Mp4Error('unsupported-edit', `${edits.length - firstReal} edits after the empty ones`);
  }
  const delayTicks = empty.reduce((sum, edit) => sum + edit.durationTicks, 0);
  const mediaTime = (edits[firstReal]?.mediaTimeTicks ?? 0) - clock.firstDtsTicks;
  return {
    startTicks: Math.round((delayTicks * clock.timescale) / clock.movieTimescale) + Math.max(0, -mediaTime),
    mediaTimeTicks: Math.max(0, mediaTime),
  };
}
