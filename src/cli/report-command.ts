/** `report`: every camera of the bucket over one range, a line each. */
import { setMaxListeners } from 'node:events';
import { boundedBy } from '../clock.js';
import { type CameraId, InvalidIdError, parseCameraId } from '../domain/ids.js';
import type { ObjectStore } from '../object-store/object-store.js';
import { createS3Store } from '../object-store/s3.js';
import { inParallel } from '../playback/in-parallel.js';
import { readTimeline } from '../playback/timeline.js';
import { bucketPlace } from './bucket-place.js';
import { type CoverageReport, coverageReport, isComplete } from './coverage-report.js';
import { lengthWords } from './coverage-text.js';
import { rangeOf } from './time-arguments.js';

interface ReportOptions {
  /** A day or `from..to`. */
  readonly when: string;
  readonly isJson: boolean;
  readonly isUtc: boolean;
  readonly configPath: string | undefined;
}

/** A month of some hundred cameras without day records, over a slow line. */
const DEADLINE_MS = 600_000;
/** Each of them has its requests under way at once. */
const CAMERAS_AT_ONCE = 4;

/**
 * From the bucket alone: what waits in spools is not in it. Resolves to 0, or to 1 when a second of any camera is unexplained, or there is no
 * camera. @throws ConfigError, TimeArgumentError, StoreError
 */
export async function reportCommand(options: ReportOptions): Promise<number> {
  const place = await bucketPlace(null, options.configPath);
  const nowMs = Date.now();
  const asked = rangeOf(options.when, options.isUtc ? 'UTC' : place.timezone, nowMs);
  if (asked.fromMs >= nowMs) throw new Error(`${options.when} has not begun yet.`);
  const range = { ...asked, toMs: Math.min(asked.toMs, nowMs) };
  const startedAtMs = performance.now();
  const store = createS3Store(place.store);
  try {
    const signal = boundedBy(undefined, DEADLINE_MS);
    setMaxListeners(0, signal);
    const cameras = await camerasIn(store, signal);
    const read = await inParallel(cameras, CAMERAS_AT_ONCE, async (camera) => {
      const timeline = await readTimeline(camera, range, { store, nowMs }, signal);
      const { segmentDurationSec } = place;
      return { report: coverageReport(camera, timeline, { nowMs, segmentDurationSec }), bad: timeline.badRecords };
    });
    const reports = read.map(({ report }) => report).filter(({ spans }) => spans.length > 0);
    const bad = read.flatMap((one) => one.bad);
    print(reports, { isJson: options.isJson, elapsedMs: performance.now() - startedAtMs });
    for (const line of bad) process.stderr.write(`! ${line}.\n`);
    return reports.length > 0 && reports.every(isComplete) && bad.length === 0 ? 0 : 1;
  } finally {
    store.close();
  }
}

function print(
  reports: readonly CoverageReport[],
  { isJson, elapsedMs }: { readonly isJson: boolean; readonly elapsedMs: number },
): void {
  if (isJson) {
    process.stdout.write(`${JSON.stringify(jsonOf(reports), null, 2)}\n`);
    return;
  }
  const cameras = reports.length === 1 ? '1 camera' : `${reports.length} cameras`;
  const lines = [...tableOf(reports), '', `${cameras}, read in ${(elapsedMs / 1_000).toFixed(2)} s.`];
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** Every folder that may be a camera's; one that is none has nothing to tell. */
async function camerasIn(store: ObjectStore, signal: AbortSignal): Promise<readonly CameraId[]> {
  const folders = [...(await store.folders('', signal)), ...(await store.folders('.coverage/', signal))];
  const found = folders.flatMap((folder) => {
    try {
      return [parseCameraId(folder.replace('.coverage/', '').slice(0, -1))];
    } catch (error) {
      if (error instanceof InvalidIdError) return [];
      throw error;
    }
  });
  return [...new Set(found)].sort((one, other) => one.localeCompare(other, 'en', { numeric: true }));
}

const HEAD = ['camera', 'recorded', 'expired', 'missing', 'unexplained', 'why'] as const;

function tableOf(reports: readonly CoverageReport[]): readonly string[] {
  const rows = [HEAD, ...reports.map(rowOf)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 || column === HEAD.length - 1
          ? cell.padEnd(widths[column] ?? 0)
          : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}

function rowOf({ camera, totals }: CoverageReport): readonly string[] {
  const expiredMs = totals.byCause.find(({ cause }) => cause === 'expired')?.ms ?? 0;
  const causes = totals.byCause
    .filter(({ cause }) => cause !== 'expired')
    .map(({ cause, ms }) => `${cause} ${lengthWords(ms)}`);
  const lengths = [totals.footageMs, expiredMs, totals.gapMs - expiredMs, totals.unexplainedMs].map(lengthWords);
  return [camera, ...lengths, causes.join(', ')];
}

function jsonOf(reports: readonly CoverageReport[]): Readonly<Record<string, unknown>> {
  const cameras = reports.map((report) => ({
    camera: report.camera,
    range: report.range,
    isComplete: isComplete(report),
    totals: report.totals,
    pendingMs: report.pendingMs,
  }));
  return { schema: 1, cameras };
}
