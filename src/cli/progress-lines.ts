import type { StatusView } from '../http/status-view.js';

/** What has been told already. */
export interface ToldProgress {
  readonly recording: ReadonlySet<string>;
  readonly stored: ReadonlySet<string>;
  readonly notices: readonly string[];
}

/** Before the first look: all that is there then counts as new. */
export const NOTHING_TOLD: ToldProgress = { recording: new Set(), stored: new Set(), notices: [] };

/** What is new in this look at the status, as short lines: first frame, first segment stored, trouble and its end. Pure. */
export function progressLines(
  told: ToldProgress,
  view: StatusView,
): { readonly told: ToldProgress; readonly lines: readonly string[] } {
  // One that comes and goes is told of once.
  const recording = new Set(
    view.cameras.filter(({ level }) => level === 'good' || level === 'unstable').map(({ id }) => id),
  );
  const stored = new Set(view.cameras.filter(({ storedSegments }) => storedSegments > 0).map(({ id }) => id));
  const lines = [
    ...view.cameras.flatMap(({ id, state, todo }) => {
      if (recording.has(id) === told.recording.has(id)) return [];
      return [`${id}: ${state.replace(/\.?$/, '.')}${todo === null ? '' : ` ${todo}`}`];
    }),
    ...[...stored].filter((id) => !told.stored.has(id)).map((id) => `${id}: a segment is in the store.`),
    ...view.notices.filter((notice) => !told.notices.includes(notice)),
    ...(told.notices.length > 0 && view.notices.length === 0 ? ['Temporal and store answer again.'] : []),
  ];
  return { told: { recording, stored: new Set([...told.stored, ...stored]), notices: view.notices }, lines };
}

/** Passes on what ends in a percentage only when its tens change, and everything else as it is. */
export function sayEachTenth(say: (line: string) => void): (line: string) => void {
  let told = '';
  return (line) => {
    const rounded = line.replace(/(\d+) %$/, (_all, digits: string) => `${Math.floor(Number(digits) / 10) * 10} %`);
    if (rounded !== told) say(rounded);
    told = rounded;
  };
}
