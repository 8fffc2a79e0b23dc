import { ApplicationFailure } from '@temporalio/common';
import { failureTexts, isFailureCode } from '../domain/failures.js';
import { redact } from '../redact.js';

/**
 * How a failure is told to Temporal: its code is the type, `failures.ts` says whether and when it is tried again.
 * No stack and no cause goes along: both may hold what must not be in a history (INV-7).
 */
export function toApplicationFailure(error: unknown, slowRetryMs: number): ApplicationFailure {
  if (error instanceof ApplicationFailure) return error;
  const message = redact(error instanceof Error ? error.message : String(error));
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unexpected';
  if (!isFailureCode(code)) return withoutStack(ApplicationFailure.retryable(message, code));
  const { retry, what } = failureTexts[code];
  return withoutStack(
    ApplicationFailure.create({
      message: `${what} (${message})`,
      type: code,
      nonRetryable: retry === 'never',
      ...(retry === 'slow' ? { nextRetryDelay: slowRetryMs } : {}),
    }),
  );
}

function withoutStack(failure: ApplicationFailure): ApplicationFailure {
  failure.stack = `${failure.name}: ${failure.message}`;
  return failure;
}
