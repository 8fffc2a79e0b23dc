import type { IncomingMessage } from 'node:http';
import { expect, it, onTestFinished, vi } from 'vitest';
import { parseObjectKey } from '../../src/domain/ids.js';
import { createS3Store } from '../../src/object-store/s3.js';
import { answering } from './answering-store.js';
import { bytesOf, expectedOf } from './byte-source.js';

const KEY = parseObjectKey('camera-1/20251214/01-30-00_camera-1.mp4');
const PART_SIZE_BYTES = 5 * 1024 * 1024;

it('sends parts with our checksum only: not signed, not chunked, not asking first, over one connection', async () => {
  const requests: IncomingMessage[] = [];
  const endpoint = await answering((request) => {
    requests.push(request);
    return [200];
  });
  const credentials = { accessKeyId: 'key', secretAccessKey: 'not-on-the-wire' };
  const store = createS3Store({ endpoint, bucket: 'recordings', region: 'us-east-1', ...credentials });
  onTestFinished(() => store.close());
  const upload = { key: KEY, uploadId: 'upload', partSizeBytes: PART_SIZE_BYTES };
  const body = bytesOf(PART_SIZE_BYTES);
  const { crc32Hex } = expectedOf(body);
  for (const number of [1, 2, 3]) {
    const part = { number, offsetBytes: 0, sizeBytes: body.length, crc32Hex };
    await store.putPart(upload, part, body, AbortSignal.timeout(10_000));
  }
  expect(requests).toHaveLength(3);
  for (const { headers } of requests) {
    expect(headers).toMatchObject({
      'content-length': String(PART_SIZE_BYTES),
      'x-amz-checksum-crc32': Buffer.from(crc32Hex, 'hex').toString('base64'),
      'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
    });
    expect(headers).not.toHaveProperty('expect');
    expect(headers).not.toHaveProperty('x-amz-trailer');
    expect(headers).not.toHaveProperty('content-encoding');
    expect(headers).not.toHaveProperty('transfer-encoding');
    expect(JSON.stringify(headers)).not.toContain('not-on-the-wire');
  }
  expect(new Set(requests.map(({ socket }) => socket)).size).toBe(1);
});

it.each([
  { says: { 'x-amz-checksum-type': 'FULL_OBJECT' }, whole: 'yzU23w==', part: false },
  { says: { 'x-amz-checksum-type': 'COMPOSITE' }, whole: undefined, part: true },
])(
  'sends the checksum of the whole, or those of the parts, as the store says at the beginning (whole: $whole)',
  async (row) => {
    const requests: { headers: IncomingMessage['headers']; body: string }[] = [];
    const endpoint = await answering((request, body) => {
      requests.push({ headers: request.headers, body });
      const answer = '<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>';
      return [200, undefined, request.url?.includes('uploads') === true ? answer : '<CompleteMultipartUploadResult />'];
    }, row.says);
    const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' };
    const store = createS3Store({ endpoint, bucket: 'recordings', region: 'us-east-1', ...credentials });
    onTestFinished(() => store.close());
    const signal = AbortSignal.timeout(10_000);
    const { uploadId } = await store.createUpload(KEY, {}, signal);
    const part = { number: 1, sizeBytes: 9, etag: 'e', crc32Hex: 'cb3536df' };
    await store.complete({ key: KEY, uploadId, partSizeBytes: 9 }, [part], 'cb3536df', signal);
    const [, { headers, body } = { headers: {}, body: '' }] = requests;
    expect(headers['x-amz-checksum-crc32']).toBe(row.whole);
    expect(body.includes('<ChecksumCRC32>yzU23w==</ChecksumCRC32>')).toBe(row.part);
  },
);

it('asks the store it was given, whatever the environment says of AWS', async () => {
  const urls: (string | undefined)[] = [];
  const endpoint = await answering((request) => {
    urls.push(request.url);
    return [404];
  });
  onTestFinished(() => void vi.unstubAllEnvs());
  vi.stubEnv('AWS_USE_FIPS_ENDPOINT', 'true');
  vi.stubEnv('AWS_USE_DUALSTACK_ENDPOINT', 'true');
  vi.stubEnv('AWS_ENDPOINT_URL', 'http://127.0.0.1:1');
  vi.stubEnv('AWS_PROFILE', 'no-such-profile');
  const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' };
  const store = createS3Store({ endpoint, bucket: 'recordings', region: 'us-east-1', ...credentials });
  onTestFinished(() => store.close());
  expect(await store.head(KEY, AbortSignal.timeout(10_000))).toBeUndefined();
  expect(urls).toEqual([`/recordings/${KEY}`]);
});
