import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  HeadBucketCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { ObjectKey } from '../domain/ids.js';
import type { UploadCheckpoint } from '../domain/receipt.js';
import { redact } from '../redact.js';
import { type ObjectStore, type StoredPart, StoreError, type UploadPart } from './object-store.js';
import { expiryRules, storeTime } from './s3-bucket.js';
import { base64OfHex } from './s3-checksum.js';
import { createS3Client, DEFAULT_TIMEOUTS, type S3Settings, type S3Timeouts } from './s3-client.js';
import type { StoreAnswer } from './s3-errors.js';
import { S3Links } from './s3-links.js';
import { bareEtag, listFolders, listObjects, listParts, listUploads } from './s3-listing.js';
import { headObject, readRange } from './s3-reading.js';
import { type RequestObservation, S3Requests } from './s3-requests.js';
import { readSmall, replaceSmall } from './s3-small.js';

export type { S3Settings, S3Timeouts } from './s3-client.js';

type Metadata = Readonly<Record<string, string>>;

/** S3 takes no more keys in one DeleteObjects. */
const DELETE_BATCH = 1_000;

/**
 * The user's bucket on any store that speaks S3. Nothing is asked yet. `close` it: it keeps connections.
 * @param onRequest is called once for each request when it has ended; it must not throw.
 */
export function createS3Store(
  settings: S3Settings,
  onRequest: (observation: RequestObservation) => void = () => {},
): ObjectStore {
  const requests = new S3Requests(createS3Client(settings), settings.bucket, onRequest);
  return new S3Store(requests, { ...DEFAULT_TIMEOUTS, ...settings.timeouts }, new S3Links(settings));
}

class S3Store implements ObjectStore {
  readonly #requests: S3Requests;
  readonly #timeouts: S3Timeouts;
  readonly #links: S3Links;
  /** As the store said when an upload was last begun. One that it does not keep refuses the end of an upload: the next is begun anew. */
  #checksWhole = true;

  constructor(requests: S3Requests, timeouts: S3Timeouts, links: S3Links) {
    this.#links = links;
    this.#requests = requests;
    this.#timeouts = timeouts;
  }

  readonly head: ObjectStore['head'] = (key, signal) => headObject(this.#requests, key, signal);

  readonly read: ObjectStore['read'] = (key, range, signal) =>
    readRange(this.#requests, { key, ...range, bodyTimeoutMs: this.#timeouts.requestMs }, signal);

  readonly list: ObjectStore['list'] = (prefix, signal) => listObjects(this.#requests, prefix, signal);

  readonly listUploads: ObjectStore['listUploads'] = (prefix, signal) => listUploads(this.#requests, prefix, signal);

  readonly listParts: ObjectStore['listParts'] = (upload, signal) => listParts(this.#requests, upload, signal);

  readonly folders: ObjectStore['folders'] = (prefix, signal) => listFolders(this.#requests, prefix, signal);

  readonly readSmall: ObjectStore['readSmall'] = (key, mostBytes, signal) =>
    readSmall(this.#requests, { key, mostBytes, bodyTimeoutMs: this.#timeouts.requestMs }, signal);

  readonly replaceSmall: ObjectStore['replaceSmall'] = (key, body, etag, signal) =>
    replaceSmall(this.#requests, { key, body, etag }, signal);

  readonly link: ObjectStore['link'] = (key, validSec) => this.#links.link(key, validSec);

  readonly timeMs: ObjectStore['timeMs'] = (signal) => storeTime(this.#requests, signal);

  readonly expiryRules: ObjectStore['expiryRules'] = (signal) => expiryRules(this.#requests, signal);

  async putSmall(key: ObjectKey, body: Uint8Array, metadata: Metadata, signal: AbortSignal): Promise<void> {
    const { client, bucket } = this.#requests;
    const command = new PutObjectCommand({
      Bucket: bucket,
      Key: key,
      Body: body,
      Metadata: { ...metadata },
      ContentType: contentTypeOf(key),
      ChecksumAlgorithm: 'CRC32',
    });
    await this.#requests.ask('PutObject', `put ${key}`, signal, () => client.send(command, { abortSignal: signal }));
  }

  async ensureBucket(signal: AbortSignal): Promise<'exists' | 'created'> {
    const { client, bucket } = this.#requests;
    const head = await this.#requests.tryAsk('HeadBucket', `look for bucket ${bucket}`, signal, () =>
      client.send(new HeadBucketCommand({ Bucket: bucket }), { abortSignal: signal }),
    );
    if (head.kind === 'ok') return 'exists';
    if (head.answer.status !== 404) throw head.error;
    const made = await this.#requests.tryAsk('CreateBucket', `create bucket ${bucket}`, signal, () =>
      client.send(new CreateBucketCommand({ Bucket: bucket }), { abortSignal: signal }),
    );
    if (made.kind === 'ok') return 'created';
    // Somebody else was faster.
    if (made.answer.status === 409) return 'exists';
    if (made.answer.status !== 403) throw made.error;
    throw new StoreError('store-bucket-missing', redact(made.error.message), { cause: made.error });
  }

  async createUpload(key: ObjectKey, metadata: Metadata, signal: AbortSignal): Promise<{ readonly uploadId: string }> {
    const base = {
      Bucket: this.#requests.bucket,
      Key: key,
      Metadata: { ...metadata },
      ContentType: contentTypeOf(key),
    };
    const doing = `begin ${key}`;
    // Said here or never: without it the finished object shows no checksum.
    const wish = { ...base, ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' } as const;
    const wished = await this.#begin(new CreateMultipartUploadCommand(wish), doing, signal);
    const begun =
      wished.kind === 'refused' && isUnknownRequest(wished.answer)
        ? await this.#begin(new CreateMultipartUploadCommand(base), doing, signal)
        : wished;
    if (begun.kind === 'refused') throw begun.error;
    const { UploadId: uploadId, ChecksumType } = begun.output;
    if (uploadId === undefined) throw new StoreError('store-not-s3', redact(`${doing}: no upload id`));
    this.#checksWhole = ChecksumType === 'FULL_OBJECT';
    return { uploadId };
  }

  async #begin(command: CreateMultipartUploadCommand, doing: string, signal: AbortSignal) {
    const { client } = this.#requests;
    return await this.#requests.tryAsk('CreateMultipartUpload', doing, signal, () =>
      client.send(command, { abortSignal: signal }),
    );
  }

  async putPart(
    upload: UploadCheckpoint,
    part: UploadPart,
    body: Uint8Array,
    signal: AbortSignal,
  ): Promise<StoredPart> {
    const { client } = this.#requests;
    const command = new UploadPartCommand({
      ...this.#target(upload),
      PartNumber: part.number,
      Body: body,
      ChecksumCRC32: base64OfHex(part.crc32Hex),
    });
    const options = { abortSignal: signal, requestTimeout: this.#timeouts.partMs };
    const stored = await this.#requests.ask('UploadPart', `upload part ${part.number} of ${upload.key}`, signal, () =>
      client.send(command, options),
    );
    return { number: part.number, sizeBytes: body.length, etag: bareEtag(stored.ETag) };
  }

  async complete(
    upload: UploadCheckpoint,
    parts: readonly StoredPart[],
    crc32Hex: string,
    signal: AbortSignal,
  ): Promise<'created' | 'ask-head'> {
    const { client } = this.#requests;
    const command = new CompleteMultipartUploadCommand({
      ...this.#target(upload),
      MultipartUpload: { Parts: parts.map((part) => this.#named(part)) },
      ...(this.#checksWhole ? { ChecksumCRC32: base64OfHex(crc32Hex), ChecksumType: 'FULL_OBJECT' } : {}),
      IfNoneMatch: '*',
    });
    const answered = await this.#requests.tryAsk('CompleteMultipartUpload', `complete ${upload.key}`, signal, () =>
      client.send(command, { abortSignal: signal }),
    );
    if (answered.kind === 'ok') return 'created';
    const { status } = answered.answer;
    // 409: some stores say so when two complete the same key at once.
    if (status === null || status === 404 || status === 409 || status === 412) return 'ask-head';
    throw answered.error;
  }

  async abort(upload: UploadCheckpoint, signal: AbortSignal): Promise<void> {
    const { client } = this.#requests;
    const command = new AbortMultipartUploadCommand(this.#target(upload));
    const answered = await this.#requests.tryAsk('AbortMultipartUpload', `abort ${upload.key}`, signal, () =>
      client.send(command, { abortSignal: signal }),
    );
    if (answered.kind === 'refused' && answered.error.code !== 'store-upload-gone') throw answered.error;
  }

  async delete(keys: readonly ObjectKey[], signal: AbortSignal): ReturnType<ObjectStore['delete']> {
    const { client, bucket } = this.#requests;
    const refused: { readonly key: ObjectKey; readonly error: string }[] = [];
    for (let from = 0; from < keys.length; from += DELETE_BATCH) {
      const batch = keys.slice(from, from + DELETE_BATCH);
      const command = new DeleteObjectsCommand({
        Bucket: bucket,
        Delete: { Objects: batch.map((Key) => ({ Key })), Quiet: true },
      });
      // Refused keys come with status 200.
      const { Errors } = await this.#requests.ask('DeleteObjects', `delete ${batch.length} objects`, signal, () =>
        client.send(command, { abortSignal: signal }),
      );
      const errors = new Map(
        (Errors ?? []).map(({ Key, Code, Message }) => [Key, `${Code ?? 'error'}: ${Message ?? ''}`]),
      );
      for (const key of batch) {
        const error = errors.get(key);
        if (error !== undefined) refused.push({ key, error });
      }
    }
    return refused;
  }

  close(): void {
    this.#links.close();
    this.#requests.client.destroy();
  }

  /** Where the whole has no checksum of its own, some stores make one of those of the parts, and want them again. */
  #named({ number, etag, crc32Hex }: StoredPart): CompletedPart {
    const part = { PartNumber: number, ETag: `"${etag}"` };
    return this.#checksWhole || crc32Hex === undefined ? part : { ...part, ChecksumCRC32: base64OfHex(crc32Hex) };
  }

  #target(upload: UploadCheckpoint) {
    return { Bucket: this.#requests.bucket, Key: upload.key, UploadId: upload.uploadId };
  }
}

/** The checksum of a whole multipart upload is from December 2024: older stores may refuse what they do not know. */
function isUnknownRequest({ name, status }: StoreAnswer): boolean {
  return status === 501 || (status === 400 && (name === 'InvalidRequest' || name === 'InvalidArgument'));
}

function contentTypeOf(key: ObjectKey): string {
  return key.endsWith('.json') ? 'application/json' : 'video/mp4';
}
