/** Small objects that are read and replaced whole. */
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { boundedBy } from '../clock.js';
import type { ObjectKey } from '../domain/ids.js';
import { redact } from '../redact.js';
import { type SmallObject, StoreError, tooLarge } from './object-store.js';
import { storeErrorOf } from './s3-errors.js';
import { bareEtag } from './s3-listing.js';
import { bytesUnless } from './s3-reading.js';
import type { S3Requests } from './s3-requests.js';

/** One GET. A body that stops coming is given up after `bodyTimeoutMs`. */
export async function readSmall(
  requests: S3Requests,
  wanted: { readonly key: ObjectKey; readonly mostBytes: number; readonly bodyTimeoutMs: number },
  signal: AbortSignal,
): Promise<SmallObject | undefined> {
  const { key, mostBytes } = wanted;
  const doing = `read ${key}`;
  const answered = await requests.tryAsk('GetObject', doing, signal, () =>
    requests.client.send(new GetObjectCommand({ Bucket: requests.bucket, Key: key }), { abortSignal: signal }),
  );
  if (answered.kind === 'refused') {
    if (answered.answer.name === 'NoSuchKey') return undefined;
    throw answered.error;
  }
  const { Body, ContentLength = 0, ETag } = answered.output;
  if (Body === undefined) throw new StoreError('store-unexpected', redact(`${doing}: no body`));
  // The SDK forgets the signal once the headers are in, so the body is watched here.
  const ending = boundedBy(signal, wanted.bodyTimeoutMs);
  const isTooLarge = ContentLength > mostBytes;
  try {
    const body = await bytesUnless(isTooLarge ? AbortSignal.abort(tooLarge(key, ContentLength)) : ending, Body);
    if (body.length === ContentLength) return { body, etag: bareEtag(ETag) };
    throw new Error(`the body ended after ${body.length} of ${ContentLength} bytes`);
  } catch (error) {
    signal.throwIfAborted();
    throw isTooLarge ? tooLarge(key, ContentLength) : storeErrorOf(doing, 'store-unreachable', error);
  }
}

/** One PUT with a condition. */
export async function replaceSmall(
  requests: S3Requests,
  wanted: { readonly key: ObjectKey; readonly body: Uint8Array; readonly etag: string | null },
  signal: AbortSignal,
): Promise<'stored' | 'changed'> {
  const { key, body, etag } = wanted;
  const command = new PutObjectCommand({
    Bucket: requests.bucket,
    Key: key,
    Body: body,
    ContentType: 'application/json',
    ChecksumAlgorithm: 'CRC32',
    ...(etag === null ? { IfNoneMatch: '*' } : { IfMatch: `"${etag}"` }),
  });
  const answered = await requests.tryAsk('PutObject', `put ${key}`, signal, () =>
    requests.client.send(command, { abortSignal: signal }),
  );
  if (answered.kind === 'ok') return 'stored';
  const { status, name } = answered.answer;
  // What was to be replaced is gone; or, from some stores, somebody else is just doing it.
  const isGone = etag !== null && name === 'NoSuchKey';
  if (status === 412 || status === 409 || isGone) return 'changed';
  throw answered.error;
}
