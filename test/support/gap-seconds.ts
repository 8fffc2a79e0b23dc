import type { CameraId } from '../../src/domain/ids.js';
import type { RecorderSystem } from './recorder-system.js';

/** What `camera_gap_seconds_total` said, all causes together. */
export interface GapSample {
  readonly atMs: number;
  readonly gapMs: number;
}

export interface GapSecondsWatch {
  /** Oldest first. */
  of(camera: CameraId): readonly GapSample[];
}

const LINE = /^camera_gap_seconds_total\{camera_id="([^"]+)",[^}]*\} (\S+)$/gm;
const EVERY_MS = 500;

/** Scrapes the program's metrics until `register` has its end. Resolves after the first time. */
export async function watchGapSeconds(
  system: RecorderSystem,
  register: (tearDown: () => Promise<void>) => unknown,
): Promise<GapSecondsWatch> {
  const samples = new Map<string, GapSample[]>();
  const scrape = async (): Promise<void> => {
    for (const [camera, gapMs] of await gapMsOf(system)) {
      samples.set(camera, [...(samples.get(camera) ?? []), { atMs: Date.now(), gapMs }]);
    }
  };
  await scrape();
  const ended = new AbortController();
  const watched = scrapeUntil(ended.signal, scrape);
  register(async () => {
    ended.abort();
    await watched;
  });
  return { of: (camera) => samples.get(camera) ?? [] };
}

async function scrapeUntil(signal: AbortSignal, scrape: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await scrape();
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}

/** What the metric says now, by camera. */
export async function gapMsOf(system: Pick<RecorderSystem, 'recorder'>): Promise<ReadonlyMap<string, number>> {
  const sums = new Map<string, number>();
  for (const [, camera = '', seconds] of ((await system.recorder.page('/metrics')) ?? '').matchAll(LINE)) {
    sums.set(camera, (sums.get(camera) ?? 0) + Number(seconds) * 1_000);
  }
  return sums;
}
