import { ListMultipartUploadsCommand, ListObjectsV2Command, ListPartsCommand } from '@aws-sdk/client-s3';
import { InvalidIdError, type ObjectKey, parseObjectKey } from '../domain/ids.js';
import type { UploadCheckpoint } from '../domain/receipt.js';
import { redact } from '../redact.js';
import { type ObjectStore, type StoredPart, StoreError } from './object-store.js';
import { hexOfBase64 } from './s3-checksum.js';
import type { S3Requests } from './s3-requests.js';

type Listed<Method extends 'list' | 'listUploads'> = ReturnType<ObjectStore[Method]>;

/** All objects below `prefix`, page by page. */
export async function* listObjects(requests: S3Requests, prefix: string, signal: AbortSignal): Listed<'list'> {
  let token: string | undefined;
  do {
    const command = new ListObjectsV2Command({ Bucket: requests.bucket, Prefix: prefix, ContinuationToken: token });
    const page = await requests.ask('ListObjectsV2', `list ${prefix}`, signal, () =>
      requests.client.send(command, { abortSignal: signal }),
    );
    for (const found of page.Contents ?? []) {
      const key = ourKey(found.Key);
      if (key === undefined) continue;
      const { Size: sizeBytes, LastModified } = found;
      // No time must not read as 1970: retention deletes what is old.
      if (sizeBytes === undefined || LastModified === undefined) {
        throw new StoreError('store-unexpected', redact(`list ${prefix}: ${key} without size or time`));
      }
      yield { key, sizeBytes, lastModifiedMs: LastModified.getTime() };
    }
    token = page.NextContinuationToken;
  } while (token !== undefined);
}

/** The common prefixes one step below `prefix`, page by page. */
export async function listFolders(
  requests: S3Requests,
  prefix: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const found: string[] = [];
  let token: string | undefined;
  do {
    const options = { Bucket: requests.bucket, Prefix: prefix, Delimiter: '/', ContinuationToken: token };
    const page = await requests.ask('ListObjectsV2', `list folders of ${prefix}`, signal, () =>
      requests.client.send(new ListObjectsV2Command(options), { abortSignal: signal }),
    );
    for (const { Prefix } of page.CommonPrefixes ?? []) if (Prefix !== undefined) found.push(Prefix);
    token = page.NextContinuationToken;
  } while (token !== undefined);
  return found;
}

/** One page of the unfinished uploads below `prefix`. */
export async function* listUploads(requests: S3Requests, prefix: string, signal: AbortSignal): Listed<'listUploads'> {
  const command = new ListMultipartUploadsCommand({ Bucket: requests.bucket, Prefix: prefix });
  const page = await requests.ask('ListMultipartUploads', `list uploads of ${prefix}`, signal, () =>
    requests.client.send(command, { abortSignal: signal }),
  );
  for (const found of page.Uploads ?? []) {
    const key = ourKey(found.Key);
    if (key === undefined || found.UploadId === undefined) continue;
    yield { key, uploadId: found.UploadId, initiatedAtMs: found.Initiated?.getTime() ?? null };
  }
}

/** What the store holds of an upload; `undefined` when it knows no such upload. */
export async function listParts(
  requests: S3Requests,
  upload: UploadCheckpoint,
  signal: AbortSignal,
): Promise<readonly StoredPart[] | undefined> {
  const parts: StoredPart[] = [];
  let marker: string | undefined;
  do {
    const { key: Key, uploadId: UploadId } = upload;
    const command = new ListPartsCommand({ Bucket: requests.bucket, Key, UploadId, PartNumberMarker: marker });
    const answered = await requests.tryAsk('ListParts', `list the parts of ${Key}`, signal, () =>
      requests.client.send(command, { abortSignal: signal }),
    );
    if (answered.kind === 'refused') {
      if (answered.error.code === 'store-upload-gone') return undefined;
      throw answered.error;
    }
    for (const part of answered.output.Parts ?? []) {
      const { PartNumber: number = 0, Size: sizeBytes = 0, ChecksumCRC32 } = part;
      const checksum = ChecksumCRC32 === undefined ? {} : { crc32Hex: hexOfBase64(ChecksumCRC32) };
      parts.push({ number, sizeBytes, etag: bareEtag(part.ETag), ...checksum });
    }
    marker = answered.output.IsTruncated === true ? answered.output.NextPartNumberMarker : undefined;
  } while (marker !== undefined);
  return parts;
}

/** Without the quotes that HTTP puts around it; '' when there is none. */
export function bareEtag(etag: string | undefined): string {
  return (etag ?? '').replaceAll('"', '');
}

/** The bucket is the user's and may hold what other programs made. */
function ourKey(key: string | undefined): ObjectKey | undefined {
  try {
    return parseObjectKey(key ?? '');
  } catch (error) {
    if (error instanceof InvalidIdError) return undefined;
    throw error;
  }
}
