import { boundedBy } from '../clock.js';
import { parseCameraId } from '../domain/ids.js';
import { createLocalTime } from '../domain/local-time.js';
import { createS3Store } from '../object-store/s3.js';
import type { ExportItem } from '../playback/export-footage.js';
import { bucketPlace } from './bucket-place.js';
import { lengthWords } from './coverage-text.js';
import { plan } from './export-command.js';
import { validSecOf } from './links-command.js';
import { momentIn } from './time-arguments.js';

interface OpenOptions {
  readonly camera: string;
  /** A moment. */
  readonly when: string;
  /** Hours, as written. */
  readonly valid: string;
  readonly isUtc: boolean;
  readonly configPath: string | undefined;
}

type Gap = Extract<ExportItem, { kind: 'gap' }>;

const DEADLINE_MS = 120_000;
/** How far around a moment without footage is looked for the ends of the gap. */
const REACH_MS = 86_400_000;

/**
 * Prints the link to a moment of a camera. Resolves to 0, or to 1 when there is no footage of it: then says what is missing and where
 * footage goes on. @throws ConfigError, TimeArgumentError, StoreError
 */
export async function openCommand(options: OpenOptions): Promise<number> {
  const camera = parseCameraId(options.camera);
  const validSec = validSecOf(options.valid);
  const place = await bucketPlace(camera, options.configPath);
  const timezone = options.isUtc ? 'UTC' : place.timezone;
  const nowMs = Date.now();
  const atMs = momentIn(options.when, timezone, nowMs);
  if (atMs >= nowMs) throw new Error(`${options.when} has not come yet.`);
  const store = createS3Store(place.store);
  try {
    const range = { fromMs: atMs - REACH_MS, toMs: Math.min(atMs + REACH_MS, nowMs) };
    const items = await plan({ camera, range }, { place, store, nowMs }, boundedBy(undefined, DEADLINE_MS));
    const item = items.map(timed).find(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs)?.item;
    if (item?.kind === 'piece') {
      const { key, footage } = item.piece;
      process.stdout.write(`${await store.link(key, validSec)}#t=${(atMs - footage.fromMs) / 1_000}\n`);
      return 0;
    }
    const next = items.map(timed).find((one) => one.item.kind === 'piece' && one.fromMs > atMs)?.fromMs;
    process.stdout.write(`${missingWords(item, timezone)}\n${nextWords(next, timezone)}\n`);
    return 1;
  } finally {
    store.close();
  }
}

function timed(item: ExportItem): { readonly item: ExportItem; readonly fromMs: number; readonly toMs: number } {
  const { fromMs, toMs } = item.kind === 'piece' ? item.piece : item;
  return { item, fromMs, toMs };
}

function missingWords(gap: Gap | undefined, timezone: string): string {
  if (gap === undefined) return 'Nothing is known of that time.';
  const { fromMs, toMs, cause } = gap;
  const moment = momentWords(timezone);
  return `missing: ${moment(fromMs)} to ${moment(toMs)}, ${lengthWords(toMs - fromMs)}, ${cause}`;
}

function nextWords(nextMs: number | undefined, timezone: string): string {
  return nextMs === undefined
    ? 'There is no footage in the 24 hours after it.'
    : `The next footage begins at ${momentWords(timezone)(nextMs)}.`;
}

function momentWords(timezone: string): (atMs: number) => string {
  const { day, clock, offset } = createLocalTime(timezone);
  return (atMs) => `${day(atMs)} ${clock(atMs)} ${offset(atMs)}`;
}
