import { readUrl } from '../../domain/url-reading.js';

/** A camera URL that is safe to hand to FFmpeg. Holds the password: never log it, never put it into argv or an error (INV-7). */
export interface CameraUrl {
  readonly scheme: 'rtsp' | 'rtsps';
  /** Userinfo percent-encoded; no control character, blank, quote or backslash in it. */
  readonly href: string;
  /** Without port and brackets. */
  readonly host: string;
}

/** Says what is wrong with a camera URL without repeating any of it. */
export class CameraUrlError extends Error {
  readonly code = 'invalid-camera-url';
  constructor(reason: string) {
    super(`camera URL: ${reason}`);
    this.name = 'CameraUrlError';
  }
}

const UNSAFE = /[\s"'`<>\\^{|}\p{Cc}]/gu;

/**
 * Takes the URL as people write it: the password may be percent-encoded or not, and may itself hold `@`, `/`, `#` or `?`, as far as
 * `readUrl` can tell where it ends.
 * @throws CameraUrlError
 */
export function parseCameraUrl(text: string): CameraUrl {
  if (/\p{Cc}/u.test(text)) throw new CameraUrlError('control characters are not allowed');
  const scheme = /^(rtsps?):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme !== 'rtsp' && scheme !== 'rtsps') throw new CameraUrlError('must begin with rtsp:// or rtsps://');
  const reading = readUrl(text);
  if (reading.kind === 'invalid') throw new CameraUrlError('has no valid host');
  if (reading.kind === 'unclear') {
    throw new CameraUrlError('can be read in several ways: percent-encode user and password, and any "@" of the path');
  }
  const { userinfo, host, port, path } = reading;
  const login = userinfo === null ? '' : `${encodeUserinfo(userinfo)}@`;
  const address = port === null ? host : `${host}:${port}`;
  return {
    scheme,
    href: `${scheme}://${login}${address}${path.replace(UNSAFE, encodeStrictly)}`,
    host: host.replace(/^\[|\]$/g, ''),
  };
}

function encodeUserinfo(userinfo: string): string {
  const colon = userinfo.indexOf(':');
  if (colon < 0) return encodeOnce(userinfo);
  return `${encodeOnce(userinfo.slice(0, colon))}:${encodeOnce(userinfo.slice(colon + 1))}`;
}

/** What is already percent-encoded stays as it means. */
function encodeOnce(text: string): string {
  return encodeStrictly(decodeIfEncoded(text));
}

function decodeIfEncoded(text: string): string {
  if (!/%[0-9a-f]{2}/i.test(text)) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    // A stray "%" (or bytes that are no UTF-8): then it was meant literally.
    return text;
  }
}

/** `encodeURIComponent` leaves `!'()*` alone; FFmpeg decodes before it answers the camera's challenge, so encoding them is safe. */
function encodeStrictly(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}
