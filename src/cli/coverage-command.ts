import { join } from 'node:path';
import { boundedBy } from '../clock.js';
import type { StoreSettings } from '../config/config.js';
import { loadConfig } from '../config/load-config.js';
import { type CameraId, parseCameraId } from '../domain/ids.js';
import type { TimeRange } from '../domain/time-range.js';
import { createS3Store } from '../object-store/s3.js';
import { readTimeline, type Timeline } from '../playback/timeline.js';
import { redact } from '../redact.js';
import { lookIntoSpool } from '../spool/look-into.js';
import { type CoverageReport, coverageReport, isComplete } from './coverage-report.js';
import { coverageText } from './coverage-text.js';
import { DEMO_DIR, demoStore, isThere } from './demo-place.js';
import { takeSecrets } from './process-guards.js';
import { rangeOf } from './time-arguments.js';

interface CoverageOptions {
  readonly camera: string;
  /** A day or `from..to`. */
  readonly when: string;
  readonly isJson: boolean;
  readonly isUtc: boolean;
  readonly configPath: string | undefined;
}

/** Long enough for a month of a camera over a slow line. */
const DEADLINE_MS = 120_000;

/**
 * Prints what there is of a camera's time, from the bucket alone and the spool of this machine if there is one; changes nothing.
 * Resolves to 0, or to 1 when a second is unexplained or nothing is known. @throws ConfigError, TimeArgumentError, StoreError
 */
export async function coverageCommand(options: CoverageOptions): Promise<number> {
  const camera = parseCameraId(options.camera);
  const place = await placeOf(camera, options.configPath);
  const timezone = options.isUtc ? 'UTC' : place.timezone;
  const nowMs = Date.now();
  const asked = rangeOf(options.when, timezone, nowMs);
  if (asked.fromMs >= nowMs) throw new Error(`${options.when} has not begun yet.`);
  const startedAtMs = performance.now();
  const timeline = await timelineOf(camera, { ...asked, toMs: Math.min(asked.toMs, nowMs) }, { place, nowMs });
  const report = coverageReport(camera, timeline, { nowMs, segmentDurationSec: place.segmentDurationSec });
  if (options.isJson) process.stdout.write(`${JSON.stringify(jsonOf(report, timezone), null, 2)}\n`);
  else if (timeline.spans.length === 0) process.stderr.write(`${nothingWords(camera, place)}\n`);
  else {
    const hasColour = process.stdout.isTTY && !process.env['NO_COLOR'];
    process.stdout.write(coverageText(report, { timezone, asked, sources: sourcesOf(place), hasColour }));
    process.stdout.write(`${readWords(timeline, performance.now() - startedAtMs)}\n`);
  }
  return isComplete(report) ? 0 : 1;
}

/** Where to read, and what is known about the camera's settings here. */
interface Place {
  readonly store: StoreSettings;
  readonly spoolDir: string | null;
  readonly timezone: string;
  readonly segmentDurationSec: number;
}

async function placeOf(camera: CameraId, configPath: string | undefined): Promise<Place> {
  const given = { env: takeSecrets(process.env), configPath, cwd: process.cwd() };
  const config = loadConfig({ ...given, required: [] });
  const demo = config.store === null ? await demoStore() : null;
  const store = demo ?? loadConfig({ ...given, required: ['store'] }).store;
  if (store === null) throw new Error('a store is needed');
  const own = config.cameras.find(({ id }) => id === camera)?.spec.segmentDurationSec;
  const spoolDir = demo === null || config.spool.isGiven ? config.spool.dir : join(DEMO_DIR, 'spool');
  return {
    store,
    spoolDir: (await isThere(spoolDir)) ? spoolDir : null,
    timezone: config.timezone,
    // As `worker` and `start` have it.
    segmentDurationSec: own ?? config.givenSegmentSec ?? (demo === null ? 900 : 60),
  };
}

async function timelineOf(
  camera: CameraId,
  range: TimeRange,
  { place, nowMs }: { readonly place: Place; readonly nowMs: number },
): Promise<Timeline> {
  const { spoolDir } = place;
  const glance = spoolDir === null ? null : await lookIntoSpool(spoolDir, camera, nowMs);
  const footage = glance?.segments.map(({ id, fromMs, toMs }) => ({
    segment: id,
    fromMs,
    toMs,
    where: 'spool' as const,
  }));
  const spool = { footage: footage ?? [], claims: glance?.claims ?? [] };
  const store = createS3Store(place.store);
  try {
    return await readTimeline(camera, range, { store, spool, nowMs }, boundedBy(undefined, DEADLINE_MS));
  } finally {
    store.close();
  }
}

function sourcesOf({ store, spoolDir }: Place): readonly string[] {
  return [`bucket ${store.bucket} at ${store.endpoint}`, ...(spoolDir === null ? [] : [`the spool ${spoolDir}`])];
}

function nothingWords(camera: CameraId, place: Place): string {
  return redact(`Nothing of ${camera} was found within a month, in ${sourcesOf(place).join(' and in ')}.`);
}

function readWords({ objects, unreadable }: Timeline, elapsedMs: number): string {
  const elapsed = (elapsedMs / 1_000).toFixed(2);
  const lines = [`${objects.segments} segments and ${objects.gaps} gap objects, read in ${elapsed} s.`];
  return [...lines, ...unreadable.map((key) => `! ${key} says nothing of itself: its time counts as missing.`)].join(
    '\n',
  );
}

function jsonOf(report: CoverageReport, timezone: string): Readonly<Record<string, unknown>> {
  return { schema: 1, timezone, isComplete: isComplete(report), ...report };
}
