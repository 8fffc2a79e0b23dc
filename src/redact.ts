import type { Redacted } from './domain/ids.js';

// The last "@" before a "/", a blank or a quote ends the userinfo: a password may itself hold an "@".
const USERINFO = /([a-z][a-z0-9+.-]*:\/\/)[^\s"'`<>]*@/gi;
const MAX_LENGTH = 2_000;

/** The only way to text that may be logged, thrown or reported: userinfo of every URL is struck out, the length bounded (INV-7). */
export function redact(text: string): Redacted {
  const struck = text.replace(USERINFO, '$1***@');
  return (struck.length > MAX_LENGTH ? `${struck.slice(0, MAX_LENGTH)}…` : struck) as Redacted;
}
