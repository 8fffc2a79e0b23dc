import { redact } from '../../redact.js';
import type { SessionOutcome } from '../outcome.js';
import { EXIT_CODES, LOG_RULES, NOISE } from './log-rules.js';

interface EndedProcess {
  readonly logText: string;
  readonly code: number | null;
  readonly signal: string | null;
}

/** FFmpeg catches SIGTERM and SIGINT, finishes its file and says so only here. */
const SIGNALLED = 255;

/** With the host name, of which nobody knows whether it is one: it may be a part of a password that was written badly (INV-7). */
const UNRESOLVED = /Failed to resolve hostname .*?(: [^:]*)?$/i;

/** Judges an exit nobody asked for. Exit code 0 is never success. */
export function classifyExit(ended: EndedProcess): SessionOutcome {
  if (ended.signal !== null) return { kind: 'died', detail: redact(`ended by ${ended.signal}`) };
  const text = ended.logText.replace(NOISE, '');
  const fatal = LOG_RULES.find(({ pattern }) => pattern.test(text));
  if (fatal !== undefined) return { kind: fatal.kind, detail: redact(lineOf(text, fatal.pattern)) };
  const byCode = ended.code === null ? undefined : EXIT_CODES.get(ended.code);
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
  return line
    .replace(/^(?:\[[^\]]*\]\s*)+/, '')
    .replace(UNRESOLVED, "cannot resolve the camera's host name$1")
    .trim();
}
