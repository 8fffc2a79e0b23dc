import { createHash, createHmac } from 'node:crypto';

/** A bucket and the key it is opened with, on a store that speaks S3 at `endpoint`. */
export interface BucketAddress {
  readonly endpoint: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const REGION = 'us-east-1';
const EMPTY_SHA256 = createHash('sha256').digest('hex');

/**
 * HeadBucket, signed: true only when the store serves, knows the key and has the bucket. SeaweedFS answers its health
 * page up to a second before that. Any other answer, or none, is false.
 */
export async function isBucketServed(address: BucketAddress, signal: AbortSignal): Promise<boolean> {
  const url = new URL(`/${address.bucket}`, address.endpoint);
  try {
    const answer = await fetch(url, { method: 'HEAD', headers: signedHeaders(address, url, new Date()), signal });
    return answer.ok;
  } catch {
    return false;
  }
}

/** AWS signature version 4 of a HEAD without query or body. */
function signedHeaders(address: BucketAddress, url: URL, now: Date): Record<string, string> {
  const time = `${now.toISOString().replaceAll(/[-:]|\.\d+/g, '')}`;
  const scope = `${time.slice(0, 8)}/${REGION}/s3/aws4_request`;
  const signed = 'host;x-amz-content-sha256;x-amz-date';
  const canonical = [
    ...['HEAD', url.pathname, '', `host:${url.host}`, `x-amz-content-sha256:${EMPTY_SHA256}`, `x-amz-date:${time}`],
    ...['', signed, EMPTY_SHA256],
  ].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', time, scope, createHash('sha256').update(canonical).digest('hex')].join('\n');
  const key = scope.split('/').reduce<Buffer | string>(hmac, `AWS4${address.secretAccessKey}`);
  const signature = hmac(key, toSign).toString('hex');
  return {
    'x-amz-date': time,
    'x-amz-content-sha256': EMPTY_SHA256,
    authorization: `AWS4-HMAC-SHA256 Credential=${address.accessKeyId}/${scope}, SignedHeaders=${signed}, Signature=${signature}`,
  };
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
