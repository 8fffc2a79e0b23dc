import { redact } from '../../redact.js';
import type { FailureKind, SessionOutcome } from '../outcome.js';

export interface EndedProcess {
  readonly logText: string;
  readonly code: number | null;
  readonly signal: string | null;
}

interface Rule {
  readonly kind: FailureKind;
  readonly pattern: RegExp;
}

/** In order of precedence: what the camera said beats what followed from it. Texts of FFmpeg 5.1 to 9.0. */
const RULES: readonly Rule[] = [
  { kind: 'no-space', pattern: /No space left on device|Disk quota exceeded/i },
  {
    kind: 'unauthorized',
    pattern: /\b401\b[^\n]*(?:Unauthorized|authorization)|\b403\b[^\n]*(?:Forbidden|access denied)/i,
  },
  { kind: 'too-many-sessions', pattern: /failed: 453|Not Enough Bandwidth|\b503\b[^\n]*Unavailable/i },
  { kind: 'not-found', pattern: /\b404\b[^\n]*Not Found/i },
  {
    kind: 'unsupported',
    pattern:
      /failed: 461|Unsupported Transport|Could not find tag for codec|codec not currently supported|matches no streams|does not contain any stream|Unrecognized option|Option [^\n]* not found|Invalid argument[^\n]*option|not on whitelist/i,
  },
  {
    kind: 'unreachable',
    pattern:
      /Connection refused|No route to host|Network is unreachable|Host is (?:down|unreachable)|Failed to resolve hostname|Name or service not known|Temporary failure in name resolution/i,
  },
  { kind: 'timed-out', pattern: /timed out|Operation timed out/i },
  {
    kind: 'stream-ended',
    pattern: /Connection reset|End of file|Broken pipe|Input\/output error|Server returned [45]/i,
  },
];

/** Low eight bits of the error FFmpeg 7.1 and newer exit with, for the logs that say nothing (8 is any refusal, and so says nothing either). */
const CODES: ReadonlyMap<number, FailureKind> = new Map([
  [145, 'unreachable'],
  [146, 'timed-out'],
  [228, 'no-space'],
]);

/** FFmpeg catches SIGTERM and SIGINT, finishes its file and says so only here. */
const SIGNALLED = 255;

/** FFmpeg 9.0 says so every few seconds to a camera that refuses its keepalive. It is no reason for anything. */
const NOISE = /^.*CSeq \d+ expected, \d+ received.*\n?/gm;

/** Judges an exit nobody asked for. Exit code 0 is never success. */
export function classifyExit(ended: EndedProcess): SessionOutcome {
  if (ended.signal !== null) return { kind: 'died', detail: redact(`ended by ${ended.signal}`) };
  const text = ended.logText.replace(NOISE, '');
  const fatal = RULES.find(({ pattern }) => pattern.test(text));
  if (fatal !== undefined) return { kind: fatal.kind, detail: redact(lineOf(text, fatal.pattern)) };
  const byCode = ended.code === null ? undefined : CODES.get(ended.code);
  if (byCode !== undefined) return { kind: byCode, detail: redact(`exit code ${ended.code}`) };
  if (ended.code === SIGNALLED) return { kind: 'died', detail: redact('ended by a signal that was not ours') };
  if (ended.code === 0) return { kind: 'stream-ended', detail: redact('the camera ended the stream') };
  const last = lastLineOf(text);
  return { kind: last === '' ? 'died' : 'stream-ended', detail: redact(last || `exit code ${ended.code}`) };
}

function lineOf(text: string, pattern: RegExp): string {
  const line = text.split('\n').findLast((candidate) => pattern.test(candidate));
  return tidy(line ?? lastLineOf(text));
}

function lastLineOf(text: string): string {
  return tidy(text.trimEnd().split('\n').at(-1) ?? '');
}

/** `[rtsp @ 0x55…] [error] words` → `words`: addresses differ every time and would make equal reasons look unlike. */
function tidy(line: string): string {
  return line.replace(/^(?:\[[^\]]*\]\s*)+/, '').trim();
}
