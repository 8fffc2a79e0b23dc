/** Whether uploads keep up with what is recorded, and when the spool will be full when they do not. Pure. */
import { byteWords, durationWords } from './local-time.js';

const HOUR_MS = 3_600_000;
/** One cut in so long says nothing of an hour. */
const LEAST_TO_TELL_MS = 10 * 60_000;
/** Whose oldest segment has waited for less is not behind: one waits after every cut. */
const BEHIND_AFTER_MS = 10 * 60_000;

/** One look at the spool. */
export interface SpoolLook {
  /** Monotonic. */
  readonly atMs: number;
  /** Sealed and not stored. */
  readonly waitingBytes: number;
  /** Stored since the worker started; only grows. */
  readonly storedBytes: number;
  /** Given up since then, unsent, for lack of space; only grows. */
  readonly droppedBytes: number;
}

/** Of the last hour, or since the worker started when that is less. */
export interface SpoolOutlook {
  readonly overMs: number;
  readonly sealedBytes: number;
  readonly storedBytes: number;
  /** Stored for each byte sealed; under 1 the backlog grows. Null when nothing was sealed. */
  readonly ratio: number | null;
  /** Until recording stops, or the oldest is dropped; null while uploads keep up. */
  readonly fullInMs: number | null;
}

/** Adds a look and forgets what is over an hour older, but for one: the hour begins there. */
export function withLook(looks: readonly SpoolLook[], look: SpoolLook): readonly SpoolLook[] {
  const all = [...looks, look];
  const isOverAnHour = all.findLastIndex(({ atMs }) => look.atMs - atMs >= HOUR_MS);
  return isOverAnHour <= 0 ? all : all.slice(isOverAnHour);
}

/** Null before there is enough to tell. `usableBytes`: free, and over what must stay free. */
export function spoolOutlook(
  looks: readonly SpoolLook[],
  now: { readonly usableBytes: number; readonly oldestWaitsMs: number | null },
): SpoolOutlook | null {
  const [first, last] = [looks[0], looks.at(-1)];
  if (first === undefined || last === undefined || last.atMs - first.atMs < LEAST_TO_TELL_MS) return null;
  const overMs = last.atMs - first.atMs;
  const storedBytes = last.storedBytes - first.storedBytes;
  const droppedBytes = last.droppedBytes - first.droppedBytes;
  const sealedBytes = Math.max(0, last.waitingBytes - first.waitingBytes + storedBytes + droppedBytes);
  const ratio = sealedBytes === 0 ? null : storedBytes / sealedBytes;
  const growth = sealedBytes - storedBytes;
  const isBehind = (now.oldestWaitsMs ?? 0) >= BEHIND_AFTER_MS && growth > 0;
  const fullInMs = isBehind ? (Math.max(0, now.usableBytes) * overMs) / growth : null;
  return { overMs, sealedBytes, storedBytes, ratio, fullInMs };
}

/** For page and status; empty while there is nothing to tell. */
export function spoolOutlookWords(outlook: SpoolOutlook | null): string {
  if (outlook === null || outlook.ratio === null) return '';
  const { overMs, sealedBytes, storedBytes, ratio, fullInMs } = outlook;
  const percent = Math.round(ratio * 100);
  const rate = `In the last ${durationWords(overMs)} ${byteWords(storedBytes)} of ${byteWords(sealedBytes)} recorded went to the store (${percent} %).`;
  if (fullInMs === null) return ` ${rate}`;
  return ` ${rate} ${fullInMs === 0 ? 'It is full.' : `It is full in about ${durationWords(fullInMs)}.`}`;
}

/** A spool that is full sooner is worth a notice. */
export const SOON_FULL_MS = 24 * HOUR_MS;

/** Of a spool that will be full within a day. */
export function fullSpoolNotices(outlook: SpoolOutlook | null): readonly string[] {
  if (outlook === null || outlook.fullInMs === null || outlook.fullInMs > SOON_FULL_MS) return [];
  const when =
    outlook.fullInMs === 0 ? 'The spool is full.' : `The spool is full in about ${durationWords(outlook.fullInMs)}.`;
  return [`${when} Uploads do not keep up with what is recorded: find out why, or give the spool more room.`];
}
