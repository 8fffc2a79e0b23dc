/** A camera URL that is safe to hand to FFmpeg. Holds the password: never log it, never put it into argv or an error (INV-7). */
export interface CameraUrl {
  readonly scheme: 'rtsp' | 'rtsps';
  /** Userinfo percent-encoded; no control character, blank, quote or backslash in it. */
  readonly href: string;
}

/** Says what is wrong with a camera URL without repeating any of it. */
export class CameraUrlError extends Error {
  readonly code = 'invalid-camera-url';
  constructor(reason: string) {
    super(`camera URL: ${reason}`);
    this.name = 'CameraUrlError';
  }
}

const SHAPE = /^(rtsps?):\/\/(.*)$/is;
const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;
const UNSAFE = /[\s"'`<>\\^{|}\p{Cc}]/gu;

/**
 * Takes the URL as people write it: the password may be percent-encoded or not, and may itself hold `@`, `/`, `#` or `?`.
 * @throws CameraUrlError
 */
export function parseCameraUrl(text: string): CameraUrl {
  if (/\p{Cc}/u.test(text)) throw new CameraUrlError('control characters are not allowed');
  const [, scheme = '', rest = ''] = SHAPE.exec(text) ?? [];
  if (scheme === '') throw new CameraUrlError('must begin with rtsp:// or rtsps://');
  const { userinfo, address } = splitUserinfo(rest);
  const [, host = '', path = ''] = /^([^/?#]*)(.*)$/s.exec(address) ?? [];
  if (!HOST.test(host)) throw new CameraUrlError('has no valid host');
  const login = userinfo === null ? '' : `${encodeUserinfo(userinfo)}@`;
  return {
    scheme: scheme.toLowerCase() === 'rtsps' ? 'rtsps' : 'rtsp',
    href: `${scheme.toLowerCase()}://${login}${host}${path.replace(UNSAFE, encodeStrictly)}`,
  };
}

function splitUserinfo(rest: string): { readonly userinfo: string | null; readonly address: string } {
  const authority = /^[^/?#]*/.exec(rest)?.[0] ?? '';
  // `user:pa/ss@host`: what stands before the first "/" is no host then, because "pa" is no port.
  const isCutShort = !authority.includes('@') && !HOST.test(authority);
  const at = isCutShort ? rest.lastIndexOf('@') : authority.lastIndexOf('@');
  return at < 0 ? { userinfo: null, address: rest } : { userinfo: rest.slice(0, at), address: rest.slice(at + 1) };
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
