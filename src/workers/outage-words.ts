import { failureTexts, isFailureCode } from '../domain/failures.js';
import type { Redacted } from '../domain/ids.js';
import { redact } from '../redact.js';
import { errorText } from './error-text.js';

/** Texts of Node.js, of the AWS SDK, of gRPC and of Rust's tonic, which says the same in many more words. In order of precedence. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/ENOTFOUND|EAI_AGAIN|dns error|failed to lookup address|Name or service not known/i, 'its name was not found.'],
  [/ECONNREFUSED|connection refused/i, 'connection refused.'],
  [/EHOSTUNREACH|ENETUNREACH|no route to host|network is unreachable/i, 'there is no way to its network.'],
  [/certificate|\bTLS\b|\bSSL\b|InvalidCertificate/i, 'its certificate is not trusted, or it does not speak TLS.'],
  [/ECONNRESET|EPIPE|broken pipe|socket hang up|connection reset/i, 'the connection broke off.'],
  [/UNAUTHENTICATED|PERMISSION_DENIED/, 'it refuses the key.'],
  [/ETIMEDOUT|TimeoutError|timed? ?out|DEADLINE_EXCEEDED|took longer than/i, 'no answer in time.'],
];

/** Why something does not answer, for people; the log has the original. What is not known is quoted. */
export function outageWords(error: unknown): Redacted {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  // That it does not answer is known already; why is in the text.
  if (isFailureCode(code) && code !== 'store-unreachable') return redact(failureTexts[code].what);
  const text = errorText(error);
  const known = WORDS.find(([pattern]) => pattern.test(text))?.[1];
  return known === undefined ? text : redact(known);
}
