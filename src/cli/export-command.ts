import { resolve } from 'node:path';
import { boundedBy } from '../clock.js';
import { type CameraId, parseCameraId } from '../domain/ids.js';
import { byteWords, createLocalTime } from '../domain/local-time.js';
import type { TimeRange } from '../domain/time-range.js';
import type { ObjectStore } from '../object-store/object-store.js';
import { createS3Store } from '../object-store/s3.js';
import { writeBundle } from '../playback/bundle.js';
import { type ExportGap, type ExportItem, type ExportResult, exportFootage } from '../playback/export-footage.js';
import { planExport } from '../playback/export-plan.js';
import { lookIntoSpool } from '../spool/look-into.js';
import { type BucketPlace, bucketPlace } from './bucket-place.js';
import { lengthWords } from './coverage-text.js';
import { isThere } from './demo-place.js';
import { rangeOf } from './time-arguments.js';
import { readVersion } from './version.js';

interface ExportCommandOptions {
  readonly camera: string;
  readonly from: string;
  readonly to: string;
  /** Path of the MP4, or else of the folder of a bundle: exactly one of the two. */
  readonly output: string | undefined;
  readonly bundle: string | undefined;
  /** Only of a bundle: it is written into the manifest. */
  readonly reason: string | undefined;
  readonly isUtc: boolean;
  readonly configPath: string | undefined;
}

/** What was asked for, checked. */
interface Wish {
  readonly camera: CameraId;
  readonly range: TimeRange;
  readonly timezone: string;
  readonly path: string;
  readonly kind: 'film' | 'bundle';
  readonly reason: string | null;
}

/** A day of a 2K camera is 50 GB: an hour and a half at 10 MB/s. */
const DEADLINE_MS = 6 * 3_600_000;
const TELL_EVERY_MS = 1_000;

/**
 * Writes the footage of a range as MP4, told on stderr as it goes and in words on stdout at the end. Resolves to 0 when a file was written,
 * also with time missing; to 1 when there is nothing. @throws ConfigError, StoreError, and one error with everything wrong about the input
 */
export async function exportCommand(options: ExportCommandOptions): Promise<number> {
  const place = await bucketPlace(null, options.configPath);
  const nowMs = Date.now();
  const wish = await readWish(options, options.isUtc ? 'UTC' : place.timezone, nowMs);
  const signal = boundedBy(undefined, DEADLINE_MS);
  const store = createS3Store(place.store);
  try {
    const items = await plan(wish, { place, store, nowMs }, signal);
    const result = await write(wish, items, store, signal);
    process.stdout.write(resultText(wish, result));
    return result.files.length > 0 ? 0 : 1;
  } finally {
    store.close();
  }
}

async function readWish(options: ExportCommandOptions, timezone: string, nowMs: number): Promise<Wish> {
  const wrong: string[] = [];
  const tried = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      wrong.push(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  };
  const camera = tried(() => parseCameraId(options.camera));
  const range = tried(() => rangeOf(`${options.from}..${options.to}`, timezone, nowMs));
  if (range !== undefined && range.fromMs >= nowMs) wrong.push(`${options.from} has not come yet.`);
  const { output, bundle, reason = null } = options;
  const given = bundle ?? output ?? '';
  if ((output === undefined) === (bundle === undefined)) wrong.push('Give either -o <file> or --bundle <folder>.');
  else if (await isThere(resolve(given))) wrong.push(`${given} is there already: choose another name.`);
  if (reason !== null && bundle === undefined) wrong.push('--reason is for --bundle: it goes into the manifest.');
  if (camera === undefined || range === undefined || wrong.length > 0) throw new Error(wrong.join('\n'));
  const upToNow = { ...range, toMs: Math.min(range.toMs, nowMs) };
  const kind = bundle === undefined ? 'film' : 'bundle';
  return { camera, range: upToNow, timezone, path: resolve(given), kind, reason };
}

/** What there is of the range, in the bucket; what waits in the spool of this machine is a gap. Throws what the store throws. */
export async function plan(
  { camera, range }: { readonly camera: CameraId; readonly range: TimeRange },
  means: { readonly place: BucketPlace; readonly store: ObjectStore; readonly nowMs: number },
  signal: AbortSignal,
): Promise<readonly ExportItem[]> {
  const { store, nowMs } = means;
  const { spoolDir } = means.place;
  const glance = spoolDir === null ? null : await lookIntoSpool(spoolDir, camera, nowMs);
  const footage = glance?.segments.map(({ id, fromMs, toMs }) => ({
    segment: id,
    fromMs,
    toMs,
    where: 'spool' as const,
  }));
  const spool = { footage: footage ?? [], claims: glance?.claims ?? [] };
  return await planExport(camera, range, { store, spool, nowMs }, signal);
}

async function write(
  wish: Wish,
  items: readonly ExportItem[],
  store: ObjectStore,
  signal: AbortSignal,
): Promise<ExportResult> {
  const { camera, path, timezone } = wish;
  const { day, clock, offset } = createLocalTime(timezone);
  const totalBytes = items.reduce((sum, item) => sum + (item.kind === 'piece' ? bytesOf(item.piece) : 0), 0);
  const clockWords = (atMs: number): string => `${camera} ${day(atMs)} ${clock(atMs)} ${offset(atMs)}`;
  const onProgress = progressTeller(totalBytes);
  const what = { store, camera, items, clockWords, onProgress };
  const made = { program: `camera-recorder ${readVersion()}`, nowMs: Date.now() };
  const result = await (wish.kind === 'film'
    ? exportFootage({ ...what, path }, signal)
    : writeBundle({ ...wish, ...what, ...made, folder: path }, signal));
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  return result;
}

/** About what is to be copied of an object: its part of the time. */
function bytesOf({ sizeBytes, footage, fromMs, toMs }: Extract<ExportItem, { kind: 'piece' }>['piece']): number {
  return (sizeBytes * (toMs - fromMs)) / (footage.toMs - footage.fromMs);
}

/** On a terminal one line that is written over, elsewhere a line every tenth. */
function progressTeller(totalBytes: number): (copiedBytes: number) => void {
  let toldAtMs = 0;
  let toldTenth = 0;
  return (copiedBytes) => {
    const percent = Math.min(99, Math.floor((100 * copiedBytes) / Math.max(1, totalBytes)));
    const words = `${percent} %, ${byteWords(copiedBytes)} of about ${byteWords(totalBytes)}`;
    if (process.stderr.isTTY) {
      if (performance.now() - toldAtMs < TELL_EVERY_MS) return;
      process.stderr.write(`\r${words}\u001b[K`);
      toldAtMs = performance.now();
    } else if (Math.floor(percent / 10) > toldTenth) {
      process.stderr.write(`${words}\n`);
      toldTenth = Math.floor(percent / 10);
    }
  };
}

function resultText({ camera, timezone }: Wish, { files, gaps }: ExportResult): string {
  const { day, clock, offset } = createLocalTime(timezone);
  const moment = (atMs: number): string => `${day(atMs)} ${clock(atMs)}`;
  const lines = files.map(({ path, sizeBytes, frames, shown }) => {
    const { fromMs, toMs } = shown;
    return `${path}: ${camera} from ${moment(fromMs)} to ${moment(toMs)} (${timezone}, ${offset(fromMs)}), ${frames} frames, ${byteWords(sizeBytes)}`;
  });
  const missing = gaps.map(
    (gap: ExportGap) =>
      `missing: ${moment(gap.fromMs)} to ${moment(gap.toMs)}, ${lengthWords(gap.toMs - gap.fromMs)}, ${gap.cause}`,
  );
  const all = [...lines, ...missing];
  return `${(files.length === 0 ? [`There is no footage of ${camera} in that time.`, ...missing] : all).join('\n')}\n`;
}
