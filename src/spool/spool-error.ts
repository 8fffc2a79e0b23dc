import type { FailureCode } from '../domain/failures.js';
import type { Redacted } from '../domain/ids.js';

/** Thrown by everything in the spool; `failures.ts` says whether trying again helps. */
export class SpoolError extends Error {
  readonly code: Extract<FailureCode, 'segment-missing' | 'spool-failing' | 'no-space' | 'invalid-input'>;
  constructor(code: SpoolError['code'], message: Redacted, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SpoolError';
    this.code = code;
  }
}

/** The errno of a failed system call, or undefined. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** ENOSPC and EDQUOT: what giving up the reserve may help against. */
export function isNoSpace(error: unknown): boolean {
  const errno = errnoOf(error);
  return errno === 'ENOSPC' || errno === 'EDQUOT';
}

/** EIO, and EROFS: what a kernel makes of a file system in which it found an error. */
export function isDiskFailing(error: unknown): boolean {
  const errno = errnoOf(error);
  return errno === 'EIO' || errno === 'EROFS';
}
