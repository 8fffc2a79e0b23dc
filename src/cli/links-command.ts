import { boundedBy } from '../clock.js';
import { parseCameraId } from '../domain/ids.js';
import { createLocalTime } from '../domain/local-time.js';
import type { ObjectStore } from '../object-store/object-store.js';
import { createS3Store } from '../object-store/s3.js';
import type { ExportItem } from '../playback/export-footage.js';
import { bucketPlace } from './bucket-place.js';
import { lengthWords } from './coverage-text.js';
import { plan } from './export-command.js';
import { rangeOf } from './time-arguments.js';

interface LinksOptions {
  readonly camera: string;
  readonly from: string;
  readonly to: string;
  /** Hours, as written. */
  readonly valid: string;
  /** A film or a bundle was asked for, too. */
  readonly isFileAsked: boolean;
  readonly isUtc: boolean;
  readonly configPath: string | undefined;
}

const DEADLINE_MS = 120_000;
/** Signature v4 allows no more. */
const MAX_VALID_HOURS = 168;

/**
 * Prints a link to each object of a range, and what is missing between. Resolves to 0, or to 1 when there is no object.
 * @throws ConfigError, TimeArgumentError, StoreError
 */
export async function linksCommand(options: LinksOptions): Promise<number> {
  const camera = parseCameraId(options.camera);
  const validSec = validSecOf(options.valid);
  if (options.isFileAsked) throw new Error('--links makes no file: leave out -o, --bundle and --reason.');
  const place = await bucketPlace(camera, options.configPath);
  const timezone = options.isUtc ? 'UTC' : place.timezone;
  const nowMs = Date.now();
  const asked = rangeOf(`${options.from}..${options.to}`, timezone, nowMs);
  if (asked.fromMs >= nowMs) throw new Error(`${options.from} has not come yet.`);
  const range = { ...asked, toMs: Math.min(asked.toMs, nowMs) };
  const store = createS3Store(place.store);
  try {
    const items = await plan({ camera, range }, { place, store, nowMs }, boundedBy(undefined, DEADLINE_MS));
    const lines = await linesOf(items, { store, validSec, timezone });
    const isThere = items.some(({ kind }) => kind === 'piece');
    const all = isThere ? lines : [`There is no footage of ${camera} in that time.`, ...lines];
    process.stdout.write(`${all.join('\n')}\n`);
    return isThere ? 0 : 1;
  } finally {
    store.close();
  }
}

/** Seconds of a `--valid`. Throws when it is no number of hours from 1 to 168. */
export function validSecOf(text: string): number {
  const hours = Number(text);
  if (hours >= 1 && hours <= MAX_VALID_HOURS) return Math.floor(hours * 3_600);
  throw new Error(`--valid ${text} is not allowed: 1 to ${MAX_VALID_HOURS} hours.`);
}

async function linesOf(
  items: readonly ExportItem[],
  means: { readonly store: ObjectStore; readonly validSec: number; readonly timezone: string },
): Promise<readonly string[]> {
  const { day, clock, offset } = createLocalTime(means.timezone);
  const words = ({ fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }): string =>
    `${day(fromMs)} ${clock(fromMs)} ${offset(fromMs)}, ${lengthWords(toMs - fromMs)}`;
  const told = new Set<string>();
  const lines: string[] = [];
  for (const item of items) {
    if (item.kind === 'gap') lines.push(`missing: ${words(item)}, ${item.cause}`);
    else if (!told.has(item.piece.key)) {
      // A gap inside an object cuts it into two pieces.
      told.add(item.piece.key);
      lines.push(`${words(item.piece.footage)}, ${await means.store.link(item.piece.key, means.validSec)}`);
    }
  }
  return lines;
}
