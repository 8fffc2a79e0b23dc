/** A URL, taken apart where its userinfo ends. `userinfo` is as it was written: it holds the password (INV-7). */
export interface UrlParts {
  readonly kind: 'read';
  /** As it was written, without `://`. */
  readonly scheme: string;
  readonly userinfo: string | null;
  /** An IPv6 address in brackets. */
  readonly host: string;
  readonly port: string | null;
  /** Path and query, as they were written; `''` when there is none. */
  readonly path: string;
}

/** `unclear`: it can be read in several ways, and the wrong one would take a part of the password for a host. */
export type UrlReading = UrlParts | { readonly kind: 'unclear' } | { readonly kind: 'invalid' };

const SHAPE = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is;
const ADDRESS =
  /^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|\[(?:[0-9A-Fa-f]*:){2}[0-9A-Fa-f:.]*\])(?::(\d{1,5}))?((?:[/?].*)?)$/s;
const IP_ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[.*\])$/;
const HIGHEST_PORT = 65_535;

/**
 * The one place that decides where userinfo ends, in URLs as people write them: the password may hold `@`, `/`, `?` and `#`, which every
 * URL parser takes for its end. The rule: the userinfo may end at each `@` that has `host`, `host:port` or one of them with a path or
 * query behind it, and in front of it a user that holds no `/`, `?` or `#`; or there is none, when the URL begins with such an address.
 * Of several ways to read it the only one with an IP address for a host is meant; otherwise nobody can tell. Fragments are not known:
 * what stands before a `#` is no address. No `URL`: this works in the workflow sandbox too.
 */
export function readUrl(text: string): UrlReading {
  const [, scheme, rest = ''] = SHAPE.exec(text) ?? [];
  if (scheme === undefined) return { kind: 'invalid' };
  const readings = [-1, ...indexesOfAt(rest)].flatMap((at) => readingAt(scheme, rest, at));
  const onIpAddresses = readings.filter(({ host }) => IP_ADDRESS.test(host));
  const [reading, ...others] = onIpAddresses.length === 1 ? onIpAddresses : readings;
  if (reading === undefined) return { kind: 'invalid' };
  return others.length === 0 ? reading : { kind: 'unclear' };
}

/** Whether a URL may carry a user or a password; true in doubt. */
export function hasUserinfo(url: string): boolean {
  const reading = readUrl(url);
  return reading.kind === 'read' ? reading.userinfo !== null : url.includes('@');
}

function indexesOfAt(text: string): readonly number[] {
  return [...text.matchAll(/@/g)].map(({ index }) => index);
}

/** `at` is -1 for no userinfo. */
function readingAt(scheme: string, rest: string, at: number): readonly UrlParts[] {
  const userinfo = at < 0 ? null : rest.slice(0, at);
  const [user = ''] = userinfo?.split(':', 1) ?? [];
  const [, host, port = null, path = ''] = ADDRESS.exec(rest.slice(at + 1)) ?? [];
  if (host === undefined || /[/?#]/.test(user) || Number(port) > HIGHEST_PORT) return [];
  return [{ kind: 'read', scheme, userinfo, host, port, path }];
}
