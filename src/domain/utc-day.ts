import { type Brand, InvalidIdError } from './ids.js';
import type { TimeRange } from './time-range.js';

/** `20251214`: a day of UTC, as object keys spell it. Sorts by time. */
export type UtcDay = Brand<string, 'UtcDay'>;

/** Every day of UTC is as long. */
export const DAY_MS = 86_400_000;

/** @throws InvalidIdError, also for a day that no calendar has */
export function parseUtcDay(text: string): UtcDay {
  const startMs = /^\d{8}$/.test(text) ? Date.parse(text.replace(/(....)(..)(..)/, '$1-$2-$3')) : Number.NaN;
  if (Number.isNaN(startMs) || utcDayOf(startMs) !== text) throw new InvalidIdError('day', text, 'like 20251214');
  return text as UtcDay;
}

/** The day in which a moment lies. */
export function utcDayOf(atMs: number): UtcDay {
  return new Date(atMs).toISOString().slice(0, 10).replaceAll('-', '') as UtcDay;
}

/** From its first moment to that of the next. */
export function rangeOfDay(day: UtcDay): TimeRange {
  const fromMs = Date.parse(day.replace(/(....)(..)(..)/, '$1-$2-$3'));
  return { fromMs, toMs: fromMs + DAY_MS };
}

/** Every day that has a moment in the range, oldest first. */
export function daysIn({ fromMs, toMs }: TimeRange): readonly UtcDay[] {
  const first = Math.floor(fromMs / DAY_MS);
  const count = Math.max(0, Math.ceil(toMs / DAY_MS) - first);
  return Array.from({ length: count }, (_, index) => utcDayOf((first + index) * DAY_MS));
}
