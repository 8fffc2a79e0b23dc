import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { ObjectKey } from '../domain/ids.js';
import { createS3Client, type S3Settings } from './s3-client.js';

/** Signs links on this machine; the store is not asked. */
export class S3Links {
  readonly #settings: S3Settings;
  #signer: S3Client | undefined;

  constructor(settings: S3Settings) {
    this.#settings = settings;
  }

  async link(key: ObjectKey, validSec: number): Promise<string> {
    const { publicEndpoint, endpoint, bucket } = this.#settings;
    this.#signer ??= createS3Client({ ...this.#settings, endpoint: publicEndpoint ?? endpoint });
    return await getSignedUrl(this.#signer, new GetObjectCommand({ Bucket: bucket, Key: key }), {
      expiresIn: validSec,
    });
  }

  close(): void {
    this.#signer?.destroy();
  }
}
