import { isIP } from 'node:net';
import { type CameraId, parseCameraId } from '../domain/ids.js';
import { hasUserinfo, readUrl } from '../domain/url-reading.js';

/** How a text becomes a value: `parse` gives undefined for what is not allowed, `allowed` says what is. */
export interface ValueType<T> {
  readonly allowed: string;
  /** People put secrets where such a value belongs: one that is not allowed is not repeated. */
  readonly mayHoldSecret?: true;
  parse(text: string): T | undefined;
}

/** Whatever was given, unchanged. */
export const text: ValueType<string> = { allowed: 'a text', parse: (given) => given };

/** Of TCP. */
export const port: ValueType<number> = whole(0, 65_535, 'a port, 0 to 65535 (0 takes any free one)');

/** A whole number, both ends included. */
export function whole(min: number, max: number, allowed = `a whole number, ${min} to ${max}`): ValueType<number> {
  return {
    allowed,
    parse: (given) => (/^\d{1,15}$/.test(given) ? within(Number(given), min, max) : undefined),
  };
}

/** Seconds, with or without a fraction, as milliseconds. */
export function secondsAsMs(min: number, max: number): ValueType<number> {
  return {
    allowed: `seconds, ${min} to ${max}`,
    parse: (given) => scaled(within(parseDecimal(given), min, max), 1_000),
  };
}

/** Minutes, with or without a fraction, as milliseconds. */
export function minutesAsMs(min: number, max: number): ValueType<number> {
  return {
    allowed: `minutes, ${min} to ${max}`,
    parse: (given) => scaled(within(parseDecimal(given), min, max), 60_000),
  };
}

/** Days, with or without a fraction, as milliseconds. Nothing under a day is ever deleted. */
export const retentionDays: ValueType<number | 'forever'> = {
  allowed: 'days, 1 to 36500, or forever',
  parse: (given) => (given === 'forever' ? given : scaled(within(parseDecimal(given), 1, 36_500), 86_400_000)),
};

/** Bytes, or as many as there are. */
export const retentionBytes: ValueType<number | 'unlimited'> = {
  allowed: 'bytes, or with a unit: 90GiB; or unlimited',
  parse: (given) => (given === 'unlimited' ? given : byteSize.parse(given)),
};

/** The time scale of tests. */
export const fraction: ValueType<number> = {
  allowed: 'a number over 0, up to 1',
  parse: (given) => {
    const value = within(parseDecimal(given), 0, 1);
    return value === 0 ? undefined : value;
  },
};

/** A day divided by it leaves nothing, so that cuts fall on the clock. */
export const segmentSeconds: ValueType<number> = {
  allowed: 'whole seconds, 2 to 3600, that divide a day (60, 300, 600, 900, 1800, 3600)',
  parse: (given) => {
    const seconds = whole(2, 3_600).parse(given);
    return seconds !== undefined && 86_400 % seconds === 0 ? seconds : undefined;
  },
};

const BYTE_UNITS: Readonly<Record<string, number>> = { '': 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };

/** Bytes a second: below the least, one part would take minutes. */
export const byteRate: ValueType<number> = {
  allowed: 'bytes a second, 16KiB or more, like 2MiB',
  parse: (given) => within(byteSize.parse(given), 16 * 2 ** 10, Number.MAX_SAFE_INTEGER),
};

/** Whole bytes; units are powers of 1,024, and `5GB`, which may mean either, is refused. */
export const byteSize: ValueType<number> = {
  allowed: 'bytes, or with a unit: 500MiB, 20GiB',
  parse: (given) => {
    const [, digits = '', unit = ''] = /^(\d{1,15})\s*([KMGT]iB)?$/.exec(given) ?? [];
    return digits === '' ? undefined : within(Number(digits) * (BYTE_UNITS[unit] ?? 1), 0, Number.MAX_SAFE_INTEGER);
  },
};

/** Without the slashes at its end. One with user and password is refused: this URL is logged (INV-7). */
export const httpUrl: ValueType<string> = {
  allowed: 'an http:// or https:// URL without user and password, like http://localhost:8333',
  parse: (given) => {
    const isHttp = /^https?:\/\/[^\s]+$/i.test(given) && URL.canParse(given) && !hasUserinfo(given);
    return isHttp ? given.replace(/\/+$/, '') : undefined;
  },
};

/** With its user and password: the whole URL is the secret. */
export const rtspUrl: ValueType<string> = {
  allowed: 'an rtsp:// or rtsps:// URL with a host, like rtsp://user:password@192.168.1.97:554/stream1',
  parse: (given) => (isRtsp(given) && readUrl(given).kind === 'read' ? given : undefined),
};

/** A URL that only its writer can read: where the password ends cannot be told. */
export function isUnclearRtspUrl(given: string): boolean {
  return isRtsp(given) && readUrl(given).kind === 'unclear';
}

/** For the file and for workflow inputs, which may be read by many. */
export const openRtspUrl: ValueType<string> = {
  mayHoldSecret: true,
  allowed: 'an rtsp:// or rtsps:// URL without user and password (with one, it is a secret: CAMERA<n>_RTSP_URL)',
  parse: (given) => (rtspUrl.parse(given) !== undefined && !hasUserinfo(given) ? given : undefined),
};

/** Host and port of Temporal's frontend. */
export const hostAndPort: ValueType<string> = {
  allowed: 'host:port, like localhost:7233',
  parse: (given) => {
    const [, digits = ''] = /^(?:[A-Za-z0-9_.-]+|\[[0-9a-fA-F:]+\]):(\d{1,5})$/.exec(given) ?? [];
    return digits !== '' && within(Number(digits), 1, 65_535) !== undefined ? given : undefined;
  },
};

/** IPv4 or IPv6; a host name is refused: it might mean an address that nobody meant to open. */
export const ipAddress: ValueType<string> = {
  allowed: 'an IP address to listen on, like 127.0.0.1 or 0.0.0.0',
  parse: (given) => (isIP(given) === 0 ? undefined : given),
};

/** S3's own rule, which every store accepts. */
export const bucketName: ValueType<string> = {
  allowed: '3 to 63 of a-z, 0-9, "-" and ".", beginning and ending with a letter or digit, and no IP address',
  parse: (given) => {
    const isName = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(given) && !given.includes('..') && isIP(given) === 0;
    return isName ? given : undefined;
  },
};

/** Spelled as `Intl` spells it, however it was given. */
export const timezone: ValueType<string> = {
  allowed: 'an IANA time zone, like Europe/Berlin or UTC',
  parse: (given) => {
    try {
      return new Intl.DateTimeFormat('en', { timeZone: given }).resolvedOptions().timeZone;
    } catch {
      return undefined;
    }
  },
};

/** The rule of `parseCameraId`, as a mistake to report instead of an error. */
export const cameraId: ValueType<CameraId> = {
  allowed: '1 to 63 of a-z, 0-9 and "-", not at the ends',
  parse: (given) => {
    try {
      return parseCameraId(given);
    } catch {
      return undefined;
    }
  },
};

/** It becomes the name of a file in a folder: no slash, and no dot in front. */
export const secretName: ValueType<string> = {
  mayHoldSecret: true,
  allowed: 'a name of letters, digits, "_", "." and "-"',
  parse: (given) => (/^[A-Za-z0-9][A-Za-z0-9_.-]{0,126}$/.test(given) ? given : undefined),
};

/** These two words only; `1`, `yes` or `True` are refused rather than guessed at. */
export const yesOrNo: ValueType<boolean> = {
  allowed: 'true or false',
  parse: (given) => (given === 'true' ? true : given === 'false' ? false : undefined),
};

/** One of these words, letter case included. */
export function oneOf<const T extends string>(values: readonly T[]): ValueType<T> {
  return { allowed: values.join(', '), parse: (given) => values.find((value) => value === given) };
}

function parseDecimal(given: string): number | undefined {
  return /^\d{1,12}(?:\.\d{1,6})?$/.test(given) ? Number(given) : undefined;
}

function within(value: number | undefined, min: number, max: number): number | undefined {
  return value !== undefined && value >= min && value <= max ? value : undefined;
}

function scaled(value: number | undefined, by: number): number | undefined {
  return value === undefined ? undefined : Math.round(value * by);
}

// No control character either: FFmpeg gets the URL in a line of text.
function isRtsp(url: string): boolean {
  return /^rtsps?:\/\/[^\s\p{Cc}]+$/iu.test(url);
}
