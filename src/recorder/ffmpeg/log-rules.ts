import type { FailureKind } from '../outcome.js';

interface LogRule {
  readonly kind: FailureKind;
  readonly pattern: RegExp;
}

/**
 * What FFmpeg says of an end that nobody asked for, versions 5.1 to 9.0. In order of precedence: what the camera said beats what
 * followed from it, and what FFmpeg says by itself. Each was seen in a log, and the logs are kept with the tests.
 */
export const LOG_RULES: readonly LogRule[] = [
  { kind: 'no-space', pattern: /No space left on device/i },
  { kind: 'no-space', pattern: /Disk quota exceeded/i },
  { kind: 'unauthorized', pattern: /\b401\b[^\n]*(?:Unauthorized|authorization)/i },
  { kind: 'unauthorized', pattern: /\b403\b[^\n]*(?:Forbidden|access denied)/i },
  { kind: 'too-many-sessions', pattern: /failed: 453|Not Enough Bandwidth/i },
  { kind: 'too-many-sessions', pattern: /\b503\b[^\n]*Unavailable/i },
  { kind: 'not-found', pattern: /\b404\b[^\n]*Not Found/i },
  { kind: 'unsupported', pattern: /failed: 461|Unsupported Transport/i },
  { kind: 'unsupported', pattern: /Could not find tag for codec|codec not currently supported/i },
  { kind: 'unsupported', pattern: /matches no streams/i },
  { kind: 'unsupported', pattern: /Unrecognized option/i },
  { kind: 'unsupported', pattern: /not on whitelist/i },
  { kind: 'unreachable', pattern: /Connection refused/i },
  { kind: 'unreachable', pattern: /No route to host/i },
  // Alpine’s C library says "Network unreachable", and "Host is unreachable" for "No route to host".
  { kind: 'unreachable', pattern: /(?:Network|Host) (?:is )?unreachable/i },
  { kind: 'unreachable', pattern: /Host is down/i },
  { kind: 'unreachable', pattern: /Failed to resolve hostname/i },
  { kind: 'timed-out', pattern: /timed out/i },
  { kind: 'stream-ended', pattern: /Connection reset/i },
  { kind: 'stream-ended', pattern: /End of file/i },
  { kind: 'stream-ended', pattern: /Input\/output error/i },
  { kind: 'stream-ended', pattern: /Server returned [45]/i },
  // All that FFmpeg 5.1 says of a camera that takes the connection and then is silent, ends it or resets it.
  { kind: 'timed-out', pattern: /pipe:4: Invalid data found/i },
];

/** Low eight bits of the error FFmpeg 7.1 and newer exit with, for the logs that say nothing (8 is any refusal, and so says nothing either). */
export const EXIT_CODES: ReadonlyMap<number, FailureKind> = new Map([
  [134, 'no-space'],
  [143, 'unreachable'],
  [145, 'unreachable'],
  [146, 'timed-out'],
  [155, 'unreachable'],
  [228, 'no-space'],
]);

/** FFmpeg 9.0 says so every few seconds to a camera that refuses its keepalive. It is no reason for anything. */
export const NOISE = /^.*CSeq \d+ expected, \d+ received.*\n?/gm;
