import type { FailureCode } from '../domain/failures.js';
import { redact } from '../redact.js';
import { StoreError } from './object-store.js';

/** What an answer says, as far as it says anything: a refused HEAD has a status and nothing else. */
export interface StoreAnswer {
  /** The S3 error code (`NoSuchKey`), else the name the SDK gave the error. */
  readonly name: string;
  /** Null when there was no answer at all. */
  readonly status: number | null;
  readonly message: string;
  /** There was an answer, and it is no XML. */
  readonly isUnreadable: boolean;
}

const CODES_BY_NAME: Readonly<Record<string, FailureCode>> = {
  AccessDenied: 'store-forbidden',
  AuthorizationHeaderMalformed: 'store-elsewhere',
  BadDigest: 'store-rejected-bytes',
  ClientDisconnected: 'store-unreachable',
  EntityTooSmall: 'store-upload-gone',
  ErrRequestBytesExceed: 'store-busy',
  ErrTooManyRequest: 'store-busy',
  EntityTooLarge: 'store-body-limit',
  IllegalLocationConstraintException: 'store-elsewhere',
  IncompleteBody: 'store-rejected-bytes',
  InvalidAccessKeyId: 'store-credentials',
  InvalidDigest: 'store-rejected-bytes',
  InvalidPart: 'store-upload-gone',
  InvalidPartOrder: 'store-upload-gone',
  NoSuchBucket: 'store-bucket-missing',
  NoSuchUpload: 'store-upload-gone',
  RequestTimeTooSkewed: 'store-clock-skew',
  RequestTimeout: 'store-unreachable',
  ServiceUnavailable: 'store-busy',
  SignatureDoesNotMatch: 'store-credentials',
  SlowDown: 'store-busy',
};

/** OpenSSL's and Node's own, of a certificate that will not do. */
const UNTRUSTED =
  /\((?:\w*CERT\w*|UNABLE_TO_\w+|ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED)\)$/;
/** Of one that speaks no TLS, or none that we speak. */
const NO_TLS = /\((?:EPROTO|ERR_SSL_\w+)\)$/;

/**
 * Whether trying again helps is said once, in `failures.ts`. The text of an answer is not looked at: stores word it wrongly. Where there
 * was none, the text is ours: the system code at its end.
 */
export function failureCodeOf(answer: StoreAnswer): FailureCode {
  if (answer.status === null) {
    if (UNTRUSTED.test(answer.message)) return 'store-untrusted';
    return NO_TLS.test(answer.message) ? 'store-not-s3' : 'store-unreachable';
  }
  if (Object.hasOwn(CODES_BY_NAME, answer.name)) return CODES_BY_NAME[answer.name] ?? 'store-unexpected';
  if (answer.status === 401 || answer.status === 403) return 'store-forbidden';
  if (answer.status >= 300 && answer.status < 400) return 'store-elsewhere';
  if (answer.status === 413) return 'store-body-limit';
  if (answer.isUnreadable && answer.status < 500) return 'store-not-s3';
  if (answer.status === 429 || answer.status === 503) return 'store-busy';
  if (answer.status >= 500) return 'store-failing';
  return 'store-unexpected';
}

/** Reads what the SDK threw. A dead connection has no status, and its name may be a misleading `TimeoutError`. */
export function answerOf(thrown: unknown): StoreAnswer {
  if (!(thrown instanceof Error)) {
    return { name: 'Unknown', status: null, message: String(thrown), isUnreadable: false };
  }
  const systemCode = 'code' in thrown && typeof thrown.code === 'string' ? ` (${thrown.code})` : '';
  const status = statusOf(thrown);
  const isUnreadable = status !== null && NO_XML.test(thrown.message);
  const message = isUnreadable ? 'the answer is no XML' : `${thrown.message.trim()}${systemCode}`;
  return { name: thrown.name, status, message, isUnreadable };
}

/** The SDK's words, with advice for programmers. */
const NO_XML = /XML parse error|Deserialization error/;

/** @param doing what was asked and of which key, as in `upload part 3 of camera-1/…`. */
export function storeErrorOf(doing: string, code: FailureCode, cause: unknown): StoreError {
  const { name, status, message } = answerOf(cause);
  const answer = status === null ? message : `${status} ${name}: ${message}`;
  return new StoreError(code, redact(`${doing}: ${answer}`), { cause: withoutExchange(cause) });
}

/** The SDK hangs the whole HTTP exchange on its errors, signed headers included; nothing of it may travel on (INV-7). */
function withoutExchange(thrown: unknown): Error {
  const { name, message } = answerOf(thrown);
  const cause = new Error(redact(message));
  cause.name = name;
  if (thrown instanceof Error && thrown.stack !== undefined) cause.stack = redact(thrown.stack);
  return cause;
}

function statusOf(error: Error): number | null {
  if (!('$metadata' in error)) return null;
  const metadata: unknown = error.$metadata;
  if (metadata === null || typeof metadata !== 'object' || !('httpStatusCode' in metadata)) return null;
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : null;
}
