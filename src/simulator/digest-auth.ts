import { createHash } from 'node:crypto';

const REALM = 'TP-Link IP-Camera';

/** A simulated camera's; in the clear, as the simulator must compare it. */
export interface Account {
  readonly user: string;
  readonly password: string;
}

/** The value of `WWW-Authenticate`. */
export function digestChallenge(nonce: string): string {
  return `Digest realm="${REALM}", algorithm=MD5, nonce="${nonce}"`;
}

/**
 * Whether `authorization` proves user and password (RFC 2069, without qop, as these cameras do). The user name in the header is not
 * looked at: the hash proves it, and clients differ in how they quote it.
 */
export function isAuthorized(
  account: Account,
  request: { readonly method: string; readonly authorization: string; readonly nonce: string },
): boolean {
  const { method, authorization, nonce } = request;
  if (fieldOf(authorization, 'nonce') !== nonce) return false;
  const secret = md5(`${account.user}:${REALM}:${account.password}`);
  const asked = md5(`${method}:${fieldOf(authorization, 'uri')}`);
  return fieldOf(authorization, 'response') === md5(`${secret}:${nonce}:${asked}`);
}

/** The value a client sends; the counterpart of `isAuthorized`, for raw clients. */
export function digestAuthorization(
  account: Account,
  request: { readonly method: string; readonly uri: string; readonly nonce: string },
): string {
  const secret = md5(`${account.user}:${REALM}:${account.password}`);
  const response = md5(`${secret}:${request.nonce}:${md5(`${request.method}:${request.uri}`)}`);
  const user = account.user.replace(/["\\]/g, '\\$&');
  return `Digest username="${user}", realm="${REALM}", nonce="${request.nonce}", uri="${request.uri}", response="${response}"`;
}

/** The last one: the user name comes first and may itself look like a field. */
function fieldOf(header: string, name: string): string | undefined {
  return [...header.matchAll(new RegExp(`[\\s,]${name}="([^"]*)"`, 'g'))].at(-1)?.[1];
}

function md5(text: string): string {
  return createHash('md5').update(text, 'utf8').digest('hex');
}
