import { createLocalTime } from '../domain/local-time.js';
import type { TimeRange } from '../domain/time-range.js';

/** Thrown for a day or a range that is none; the message says what is allowed. */
export class TimeArgumentError extends Error {
  readonly code = 'bad-time';
  constructor(text: string) {
    super(
      `"${text}" is neither a day nor a range, nor a moment. Allowed: today, yesterday, 2026-11-25, 2026-11-25T14:00..2026-11-25T15:30, and for a moment 2026-11-25T14:32 or yesterday 14:32, with Z or +01:00 behind a time that is not local.`,
    );
    this.name = 'TimeArgumentError';
  }
}

const DAY = /^(\d{4})-?(\d{2})-?(\d{2})$/;
const MOMENT = /^(\d{4})-?(\d{2})-?(\d{2})(?:[T ](\d{2}):?(\d{2})(?::?(\d{2}))?)?(Z|[+-]\d{2}:\d{2})?$/;
const DAY_MS = 86_400_000;

/**
 * A day of the time zone, 23 or 25 hours long when its clocks change, or `from..to`; a range that ends with a day ends where that day
 * begins. @throws TimeArgumentError
 */
export function rangeOf(text: string, timezone: string, nowMs: number): TimeRange {
  const [from = '', to, ...more] = text.split('..');
  if (more.length > 0) throw new TimeArgumentError(text);
  if (to === undefined) return dayRange(from, timezone, nowMs);
  const range = { fromMs: momentOf(from, timezone), toMs: momentOf(to, timezone) };
  if (range.fromMs >= range.toMs) throw new TimeArgumentError(text);
  return range;
}

/** A day's beginning or a moment, also `yesterday 14:32`. @throws TimeArgumentError */
export function momentIn(text: string, timezone: string, nowMs: number): number {
  const [named, time] = text.split(' ', 2);
  if (named !== 'today' && named !== 'yesterday') return momentOf(text, timezone);
  const today = createLocalTime(timezone).day(nowMs);
  const date = named === 'today' ? today : dayAfter(today, -1);
  if (time === undefined || text !== `${named} ${time}`) throw new TimeArgumentError(text);
  return momentOf(`${date} ${time}`, timezone);
}

function dayRange(text: string, timezone: string, nowMs: number): TimeRange {
  const { day } = createLocalTime(timezone);
  // Noon is in the same day whatever the clocks do at night.
  const today = day(nowMs);
  const named: Readonly<Record<string, string>> = { today, yesterday: dayAfter(today, -1) };
  const date = named[text] ?? text;
  if (!DAY.test(date)) throw new TimeArgumentError(text);
  return { fromMs: momentOf(date, timezone), toMs: momentOf(dayAfter(date, 1), timezone) };
}

/** `2026-11-26` after `2026-11-25`. */
function dayAfter(date: string, days: number): string {
  const [, year, month, day] = DAY.exec(date) ?? [];
  const atMs = Date.UTC(Number(year), Number(month) - 1, Number(day)) + days * DAY_MS;
  return new Date(atMs).toISOString().slice(0, 10);
}

function momentOf(text: string, timezone: string): number {
  const [, year, month, day, hour = '00', minute = '00', second = '00', offset] = MOMENT.exec(text) ?? [];
  const written = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const asUtcMs = Date.parse(`${written}Z`);
  // A date like 02-30 must not become another one.
  if (Number.isNaN(asUtcMs) || new Date(asUtcMs).toISOString().slice(0, 19) !== written)
    throw new TimeArgumentError(text);
  return offset === undefined ? localMoment(asUtcMs, timezone) : Date.parse(`${written}${offset}`);
}

/** The first moment at which the clocks show it; where they skip it, the moment they do. */
function localMoment(asUtcMs: number, timezone: string): number {
  const offsets = [asUtcMs - DAY_MS, asUtcMs + DAY_MS].map((atMs) => offsetMs(atMs, timezone));
  const moments = offsets.map((offset) => asUtcMs - offset).sort((one, other) => one - other);
  const shown = moments.find((atMs) => atMs + offsetMs(atMs, timezone) === asUtcMs);
  return shown ?? asUtcMs - (offsets[0] ?? 0);
}

function offsetMs(atMs: number, timezone: string): number {
  const [, sign, hours, minutes] = /^UTC([+-])(\d{2}):(\d{2})/.exec(createLocalTime(timezone).offset(atMs)) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}
