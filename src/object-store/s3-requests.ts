import { HeadBucketCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import type { FailureCode } from '../domain/failures.js';
import type { StoreError } from './object-store.js';
import { answerOf, failureCodeOf, type StoreAnswer, storeErrorOf } from './s3-errors.js';

/** The S3 operations we use; a metric label. */
export const STORE_OPERATIONS = [
  'AbortMultipartUpload',
  'CompleteMultipartUpload',
  'CreateBucket',
  'CreateMultipartUpload',
  'DeleteObjects',
  'GetBucketLifecycleConfiguration',
  'GetObject',
  'HeadBucket',
  'HeadObject',
  'ListMultipartUploads',
  'ListObjectsV2',
  'ListParts',
  'PutObject',
  'UploadPart',
] as const;
/** No other is ever asked of the store. */
export type StoreOperation = (typeof STORE_OPERATIONS)[number];

/** One request, its repetitions by the SDK included. */
export interface RequestObservation {
  readonly operation: StoreOperation;
  /** `not-there` is an answer, not a failure. */
  readonly outcome: 'ok' | 'not-there' | 'aborted' | FailureCode;
  readonly elapsedMs: number;
  readonly attempts: number;
}

type Answered<Output> =
  | { readonly kind: 'ok'; readonly output: Output }
  | { readonly kind: 'refused'; readonly answer: StoreAnswer; readonly error: StoreError };

interface WithMetadata {
  readonly $metadata: { readonly attempts?: number | undefined };
}

/** Asks the store, and turns what it does not like into a `StoreError` that says what was being done. */
export class S3Requests {
  readonly client: S3Client;
  readonly bucket: string;
  readonly #onRequest: (observation: RequestObservation) => void;

  constructor(client: S3Client, bucket: string, onRequest: (observation: RequestObservation) => void) {
    this.client = client;
    this.bucket = bucket;
    this.#onRequest = onRequest;
  }

  /** @throws StoreError, or the signal's reason. */
  async ask<Output extends WithMetadata>(
    operation: StoreOperation,
    doing: string,
    signal: AbortSignal,
    send: () => Promise<Output>,
  ): Promise<Output> {
    const answered = await this.tryAsk(operation, doing, signal, send);
    if (answered.kind === 'refused') throw answered.error;
    return answered.output;
  }

  /** As `ask`, for those who expect to be refused. @throws the signal's reason. */
  async tryAsk<Output extends WithMetadata>(
    operation: StoreOperation,
    doing: string,
    signal: AbortSignal,
    send: () => Promise<Output>,
  ): Promise<Answered<Output>> {
    signal.throwIfAborted();
    const startedAtMs = performance.now();
    const observe = (outcome: RequestObservation['outcome'], seen: unknown): void =>
      this.#onRequest({ operation, outcome, elapsedMs: performance.now() - startedAtMs, attempts: attemptsOf(seen) });
    try {
      const output = await this.#send(operation, signal, send);
      observe('ok', output);
      return { kind: 'ok', output };
    } catch (thrown) {
      if (signal.aborted) {
        observe('aborted', thrown);
        throw signal.reason;
      }
      const refused = await this.#refused(operation, doing, signal, thrown);
      observe(isAbsence(refused) ? 'not-there' : refused.error.code, thrown);
      return refused;
    }
  }

  /**
   * The SDK learns the store's time from an answer that refuses another one, but after a clock was set right it does not try again by
   * itself. A HEAD does not say why it is refused.
   */
  async #send<Output>(operation: StoreOperation, signal: AbortSignal, send: () => Promise<Output>): Promise<Output> {
    try {
      return await send();
    } catch (thrown) {
      const { name, status } = answerOf(thrown);
      const mayBeOfTheClock = name === 'RequestTimeTooSkewed' || (isHead(operation) && status === 403);
      if (signal.aborted || !mayBeOfTheClock) throw thrown;
      return await send();
    }
  }

  async #refused(operation: StoreOperation, doing: string, signal: AbortSignal, thrown: unknown) {
    const answer = answerOf(thrown);
    const reason = (await this.#reasonOf(operation, answer, signal)) ?? {
      code: codeOf(operation, answer),
      cause: thrown,
    };
    return { kind: 'refused', answer, error: storeErrorOf(doing, reason.code, reason.cause) } as const;
  }

  /** What a refusal means when it does not say. */
  async #reasonOf(operation: StoreOperation, answer: StoreAnswer, signal: AbortSignal): Promise<Reason | undefined> {
    // The answer to a HEAD has no body, so no code.
    if (isHead(operation) && isRefusal(answer)) return await this.#reasonFromList(signal);
    if (answer.status !== 403) return undefined;
    // A store that would create the bucket by itself, but may not with this key, calls that `AccessDenied`.
    const mayLackBucket = operation === 'PutObject' || operation === 'CreateMultipartUpload';
    if (mayLackBucket && answer.name === 'AccessDenied') return await this.#reasonFromBucket(signal);
    return undefined;
  }

  async #reasonFromList(signal: AbortSignal): Promise<Reason | undefined> {
    try {
      const command = new ListObjectsV2Command({ Bucket: this.bucket, MaxKeys: 1 });
      await this.client.send(command, { abortSignal: signal });
      return undefined;
    } catch (cause) {
      return { code: codeOf('ListObjectsV2', answerOf(cause)), cause };
    }
  }

  async #reasonFromBucket(signal: AbortSignal): Promise<Reason | undefined> {
    try {
      await this.client.send(new HeadBucketCommand({ Bucket: this.bucket }), { abortSignal: signal });
      return undefined;
    } catch (cause) {
      return answerOf(cause).status === 404 ? { code: 'store-bucket-missing', cause } : undefined;
    }
  }
}

interface Reason {
  readonly code: FailureCode;
  readonly cause: unknown;
}

function isHead(operation: StoreOperation): boolean {
  return operation === 'HeadObject' || operation === 'HeadBucket';
}

/** What speaks S3 names its errors, but in answers to a HEAD; the SDK makes up these two names. */
function codeOf(operation: StoreOperation, answer: StoreAnswer): FailureCode {
  const code = failureCodeOf(answer);
  const isNamed = isHead(operation) || (answer.name !== 'Unknown' && answer.name !== 'NotFound');
  return code === 'store-unexpected' && !isNamed ? 'store-not-s3' : code;
}

/** Not "it is not there", and not an error of the store's own. */
function isRefusal({ status }: StoreAnswer): boolean {
  return status !== null && status >= 300 && status < 500 && status !== 304 && status !== 404 && status !== 412;
}

function isAbsence({ answer, error }: { readonly answer: StoreAnswer; readonly error: StoreError }): boolean {
  return answer.status === 404 && error.code !== 'store-bucket-missing' && error.code !== 'store-not-s3';
}

function attemptsOf(seen: unknown): number {
  if (seen === null || typeof seen !== 'object' || !('$metadata' in seen)) return 1;
  const metadata: unknown = seen.$metadata;
  if (metadata === null || typeof metadata !== 'object' || !('attempts' in metadata)) return 1;
  return typeof metadata.attempts === 'number' ? metadata.attempts : 1;
}
