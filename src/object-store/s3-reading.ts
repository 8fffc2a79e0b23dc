import { GetObjectCommand, HeadObjectCommand, type HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { boundedBy } from '../clock.js';
import type { ObjectKey } from '../domain/ids.js';
import { redact } from '../redact.js';
import { type StoredObject, StoreError } from './object-store.js';
import { hexOfBase64 } from './s3-checksum.js';
import { hasHeaders } from './s3-client.js';
import { storeErrorOf } from './s3-errors.js';
import { bareEtag } from './s3-listing.js';
import type { S3Requests } from './s3-requests.js';

/** What the store says of an object, and what time it is there. */
export async function headObject(
  requests: S3Requests,
  key: ObjectKey,
  signal: AbortSignal,
): Promise<StoredObject | undefined> {
  const command = new HeadObjectCommand({ Bucket: requests.bucket, Key: key, ChecksumMode: 'ENABLED' });
  let storeTimeMs = Number.NaN;
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      if (hasHeaders(result.response)) storeTimeMs = Date.parse(result.response.headers['date'] ?? '');
      return result;
    },
    { step: 'deserialize', name: 'readStoreTime' },
  );
  const answered = await requests.tryAsk('HeadObject', `head ${key}`, signal, () =>
    requests.client.send(command, { abortSignal: signal }),
  );
  if (answered.kind === 'ok') return storedObjectOf(key, answered.output, storeTimeMs);
  if (answered.answer.status === 404) return undefined;
  throw answered.error;
}

function storedObjectOf(key: ObjectKey, output: HeadObjectCommandOutput, storeTimeMs: number): StoredObject {
  const { LastModified, ContentLength, ETag, ChecksumCRC32, ChecksumType, Metadata } = output;
  if (ETag === undefined) throw new StoreError('store-not-s3', redact(`head ${key}: no ETag`));
  if (LastModified === undefined || ContentLength === undefined || Number.isNaN(storeTimeMs)) {
    throw new StoreError('store-unexpected', redact(`head ${key}: no Last-Modified, Content-Length or Date`));
  }
  // A composite checksum (`…-2`) is one of checksums, and says nothing about the bytes by itself.
  const isWhole = ChecksumCRC32 !== undefined && ChecksumType !== 'COMPOSITE' && !ChecksumCRC32.includes('-');
  return {
    storeTimeMs,
    lastModifiedMs: LastModified.getTime(),
    sizeBytes: ContentLength,
    etag: bareEtag(ETag),
    crc32Hex: isWhole ? hexOfBase64(ChecksumCRC32) : null,
    metadata: Metadata ?? {},
  };
}

/** A range of an object. A body that stops coming is given up after `bodyTimeoutMs`. */
export async function readRange(
  requests: S3Requests,
  range: {
    readonly key: ObjectKey;
    readonly offsetBytes: number;
    readonly sizeBytes: number;
    readonly bodyTimeoutMs: number;
  },
  signal: AbortSignal,
): Promise<Uint8Array> {
  const { key, offsetBytes, sizeBytes } = range;
  if (sizeBytes === 0) return new Uint8Array();
  const doing = `read ${sizeBytes} bytes at ${offsetBytes} of ${key}`;
  const command = new GetObjectCommand({
    Bucket: requests.bucket,
    Key: key,
    Range: `bytes=${offsetBytes}-${offsetBytes + sizeBytes - 1}`,
  });
  const answered = await requests.tryAsk('GetObject', doing, signal, () =>
    requests.client.send(command, { abortSignal: signal }),
  );
  if (answered.kind === 'refused') {
    if (answered.answer.status === 416) return new Uint8Array();
    throw answered.error;
  }
  const { Body, ContentLength } = answered.output;
  if (Body === undefined) throw new StoreError('store-unexpected', redact(`${doing}: no body`));
  // The SDK forgets the signal once the headers are in, so the body is watched here.
  const ending = boundedBy(signal, range.bodyTimeoutMs);
  try {
    const bytes = await bytesUnless(ending, Body);
    if (bytes.length === ContentLength) return bytes;
    throw new Error(`the body ended after ${bytes.length} of ${ContentLength} bytes`);
  } catch (error) {
    signal.throwIfAborted();
    throw storeErrorOf(doing, 'store-unreachable', error);
  }
}

/** The body, unless `ending` aborts first: then it rejects. */
export async function bytesUnless(
  ending: AbortSignal,
  body: { transformToByteArray(): Promise<Uint8Array> },
): Promise<Uint8Array> {
  const stop = (): void => {
    // On Node the body is a stream, whatever the SDK's type says of browsers.
    if ('destroy' in body && typeof body.destroy === 'function') body.destroy(ending.reason);
  };
  ending.addEventListener('abort', stop, { once: true });
  try {
    if (ending.aborted) stop();
    return await body.transformToByteArray();
  } finally {
    ending.removeEventListener('abort', stop);
  }
}
