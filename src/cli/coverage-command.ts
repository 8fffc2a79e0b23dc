import { boundedBy } from '../clock.js';
import { type CameraId, parseCameraId } from '../domain/ids.js';
import type { TimeRange } from '../domain/time-range.js';
import { createS3Store } from '../object-store/s3.js';
import { readTimeline, type Timeline } from '../playback/timeline.js';
import { redact } from '../redact.js';
import { lookIntoSpool } from '../spool/look-into.js';
import { type BucketPlace, bucketPlace } from './bucket-place.js';
import { type CoverageReport, coverageReport, isComplete } from './coverage-report.js';
import { coverageText } from './coverage-text.js';
import { checkRecords } from './day-records-command.js';
import { rangeOf } from './time-arguments.js';

interface CoverageOptions {
  readonly camera: string;
  /** A day or `from..to`. */
  readonly when: string;
  readonly isJson: boolean;
  readonly isUtc: boolean;
  /** Also compare each day's record with the listing. */
  readonly isChecked: boolean;
  readonly configPath: string | undefined;
}

/** Long enough for a month of a camera over a slow line. */
const DEADLINE_MS = 120_000;

/**
 * Prints what there is of a camera's time, from the bucket alone and the spool of this machine if there is one; changes nothing.
 * Resolves to 0, or to 1 when a second is unexplained, nothing is known, or a day's record is not as it should be. @throws ConfigError, TimeArgumentError, StoreError
 */
export async function coverageCommand(options: CoverageOptions): Promise<number> {
  const camera = parseCameraId(options.camera);
  const place = await bucketPlace(camera, options.configPath);
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
  const wrong = options.isChecked ? await checkRecords(place, camera, timeline.range) : timeline.badRecords;
  for (const line of wrong) process.stderr.write(`! ${redact(line)}\n`);
  return isComplete(report) && wrong.length === 0 ? 0 : 1;
}

async function timelineOf(
  camera: CameraId,
  range: TimeRange,
  { place, nowMs }: { readonly place: BucketPlace; readonly nowMs: number },
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

function sourcesOf({ store, spoolDir }: BucketPlace): readonly string[] {
  return [`bucket ${store.bucket} at ${store.endpoint}`, ...(spoolDir === null ? [] : [`the spool ${spoolDir}`])];
}

function nothingWords(camera: CameraId, place: BucketPlace): string {
  return redact(`Nothing of ${camera} was found within a month, in ${sourcesOf(place).join(' and in ')}.`);
}

function readWords({ objects, recordedDays, unreadable }: Timeline, elapsedMs: number): string {
  const elapsed = (elapsedMs / 1_000).toFixed(2);
  const days = recordedDays === 1 ? '1 day record' : `${recordedDays} day records`;
  const from = recordedDays === 0 ? '' : ` from ${days}`;
  const lines = [`${objects.segments} segments and ${objects.gaps} gap objects, read${from} in ${elapsed} s.`];
  return [...lines, ...unreadable.map((key) => `! ${key} says nothing of itself: its time counts as missing.`)].join(
    '\n',
  );
}

function jsonOf(report: CoverageReport, timezone: string): Readonly<Record<string, unknown>> {
  return { schema: 1, timezone, isComplete: isComplete(report), ...report };
}
