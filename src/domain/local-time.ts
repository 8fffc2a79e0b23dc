/** Times as people at the cameras read them. Storage speaks UTC; only this file speaks a time zone. Deterministic for one zone and its rules. */
export interface LocalTime {
  readonly timezone: string;
  /** `2026-11-25` */
  day(atMs: number): string;
  /** `14:03:12` */
  clock(atMs: number): string;
  /** UTC ms of the day's first moment, which is not midnight where the clock is set forward then. */
  startOfDay(atMs: number): number;
  /** `UTC+01:00` at that time: it changes with daylight saving. */
  offset(atMs: number): string;
  /** `14:03:12`; with the day in front when that is not today's, and the offset behind when it is not the one of now. */
  moment(atMs: number, nowMs: number): string;
  /** `14:00–14:15`; seconds only where they are not 0, day and offset as in `moment`. */
  range(fromMs: number, toMs: number, nowMs: number): string;
}

/** `timezone`: an IANA name that is known to be right. @throws RangeError otherwise */
export function createLocalTime(timezone: string): LocalTime {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: timezone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'longOffset',
  });
  const partsOf = (atMs: number): Readonly<Record<string, string>> =>
    Object.fromEntries(format.formatToParts(atMs).map(({ type, value }) => [type, value]));
  const day = (atMs: number): string => {
    const { year, month, day: date } = partsOf(atMs);
    return `${year}-${month}-${date}`;
  };
  const clock = (atMs: number): string => {
    const { hour, minute, second } = partsOf(atMs);
    return `${hour}:${minute}:${second}`;
  };
  // "GMT" alone is UTC itself.
  const offset = (atMs: number): string => {
    const name = partsOf(atMs)['timeZoneName'] ?? '';
    return name === 'GMT' ? 'UTC+00:00' : name.replace('GMT', 'UTC');
  };
  const placed = (words: string, atMs: number, nowMs: number): string =>
    [
      ...(day(atMs) === day(nowMs) ? [] : [day(atMs)]),
      words,
      ...(offset(atMs) === offset(nowMs) ? [] : [offset(atMs)]),
    ].join(' ');
  return {
    timezone,
    day,
    clock,
    startOfDay: (atMs) => firstSecond(atMs, (earlierMs) => day(earlierMs) === day(atMs)),
    offset,
    moment: (atMs, nowMs) => placed(clock(atMs), atMs, nowMs),
    range: (fromMs, toMs, nowMs) => {
      const words = `${withoutZeroSeconds(clock(fromMs))}–${withoutZeroSeconds(clock(toMs))}`;
      return placed(words, fromMs, nowMs);
    },
  };
}

/** No day is longer, on the one the clock is set back. */
const LONGEST_DAY_SEC = 26 * 3_600;

/** The earliest whole second before `atMs` from which on `isSame` holds. */
function firstSecond(atMs: number, isSame: (earlierMs: number) => boolean): number {
  let same = Math.floor(atMs / 1_000);
  let other = same - LONGEST_DAY_SEC;
  while (same - other > 1) {
    const middle = Math.floor((same + other) / 2);
    if (isSame(middle * 1_000)) same = middle;
    else other = middle;
  }
  return same * 1_000;
}

/** `45 s`, `12 min`, `3 h 5 min`, `2 d 4 h`: as exact as a person needs. */
export function durationWords(durationMs: number): string {
  const seconds = Math.max(0, Math.round(durationMs / 1_000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** `1.4 GB`: decimal, as disks are sold. */
export function byteWords(sizeBytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'] as const;
  const power = Math.min(units.length - 1, sizeBytes < 1 ? 0 : Math.floor(Math.log10(sizeBytes) / 3));
  const value = sizeBytes / 1_000 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power] ?? 'B'}`;
}

function withoutZeroSeconds(clock: string): string {
  return clock.endsWith(':00') ? clock.slice(0, -3) : clock;
}
