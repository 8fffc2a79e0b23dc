import { inspect } from 'node:util';
import { describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import type { FailureCode } from '../../src/domain/failures.js';
import { parseObjectKey } from '../../src/domain/ids.js';
import type { ObjectStore } from '../../src/object-store/object-store.js';
import { createS3Store, type S3Settings } from '../../src/object-store/s3.js';
import { failureCodeOf, storeErrorOf } from '../../src/object-store/s3-errors.js';
import type { RequestObservation } from '../../src/object-store/s3-requests.js';
import { privateAuthority } from '../support/certificates.js';
import { type Answer, answering } from './answering-store.js';
import { startFaultProxy } from './fault-proxy.js';

const KEY = parseObjectKey('camera-1/20251214/01-30-00_camera-1.mp4');
const signal = AbortSignal.timeout(20_000);

describe('failureCodeOf', () => {
  const rows: readonly (readonly [number | null, string, FailureCode])[] = [
    [null, 'TimeoutError', 'store-unreachable'],
    [500, 'InternalError', 'store-failing'],
    [502, 'Unknown', 'store-failing'],
    [503, 'ServiceUnavailable', 'store-busy'],
    [503, 'ErrTooManyRequest', 'store-busy'],
    [503, 'SlowDown', 'store-busy'],
    [429, 'Unknown', 'store-busy'],
    [400, 'IncompleteBody', 'store-rejected-bytes'],
    [400, 'BadDigest', 'store-rejected-bytes'],
    [400, 'RequestTimeout', 'store-unreachable'],
    [499, 'ClientDisconnected', 'store-unreachable'],
    [404, 'NoSuchUpload', 'store-upload-gone'],
    [400, 'InvalidPart', 'store-upload-gone'],
    [400, 'InvalidPartOrder', 'store-upload-gone'],
    [400, 'EntityTooSmall', 'store-upload-gone'],
    [404, 'NoSuchBucket', 'store-bucket-missing'],
    [403, 'SignatureDoesNotMatch', 'store-credentials'],
    [403, 'InvalidAccessKeyId', 'store-credentials'],
    [403, 'RequestTimeTooSkewed', 'store-clock-skew'],
    [403, 'AccessDenied', 'store-forbidden'],
    [403, 'Unknown', 'store-forbidden'],
    [418, 'toString', 'store-unexpected'],
  ];
  it.each(rows)('takes %s %s for %s', (status, name, code) => {
    expect(failureCodeOf({ status, name, message: '', isUnreadable: false })).toBe(code);
  });
});

describe('an S3 store that refuses', () => {
  it.each([
    { what: 'a wrong secret', change: { secretAccessKey: 'wrong' } },
    { what: 'an unknown key', change: { accessKeyId: 'nobody' } },
  ])('says so of $what, though the answer to a HEAD says nothing', async ({ change }) => {
    const s3 = inject('s3');
    const store = opened({ ...s3, ...change });
    for (const asking of [() => store.head(KEY, signal), () => store.ensureBucket(signal)]) {
      await expect(asking()).rejects.toMatchObject({ code: 'store-credentials' });
    }
    await expect(store.createUpload(KEY, {}, signal)).rejects.toMatchObject({
      code: 'store-credentials',
      message: expect.stringContaining(`begin ${KEY}: 403`),
    });
  });

  it.each([-20, 20])(
    'is asked again when a clock was wrong by %d minutes, and again when it is set right',
    async (minutes) => {
      onTestFinished(() => void vi.useRealTimers());
      const store = opened(inject('s3'));
      const askings = [
        async () => await store.head(KEY, signal),
        async () => await store.createUpload(KEY, {}, signal),
        async () => await store.ensureBucket(signal),
      ];
      for (const asking of askings) {
        vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + minutes * 60_000 });
        await asking();
        vi.useRealTimers();
        await asking();
      }
    },
  );

  it('says that the bucket is missing when it may not be created', async () => {
    const endpoint = await answering((request) => (request.method === 'HEAD' ? [404] : [403, 'AccessDenied']));
    const store = opened({ endpoint });
    for (const asking of [
      () => store.createUpload(KEY, {}, signal),
      () => store.putSmall(KEY, Buffer.from('x'), {}, signal),
      () => store.ensureBucket(signal),
    ]) {
      await expect(asking()).rejects.toMatchObject({ code: 'store-bucket-missing' });
    }
  });

  it('says that it is forbidden when the bucket is there', async () => {
    const endpoint = await answering((request) =>
      request.method === 'HEAD' && request.url === '/recordings' ? [200] : [403, 'AccessDenied'],
    );
    const store = opened({ endpoint });
    await expect(store.createUpload(KEY, {}, signal)).rejects.toMatchObject({ code: 'store-forbidden' });
    await expect(store.head(KEY, signal)).rejects.toMatchObject({ code: 'store-forbidden' });
  });

  const HTML = '<!doctype html><html><body><br>no S3</body></html>';
  it.each<readonly [string, Answer, FailureCode]>([
    ['redirects for good', [301, 'PermanentRedirect'], 'store-elsewhere'],
    ['redirects for now, without a word', [307, undefined, ''], 'store-elsewhere'],
    ['is in another region', [400, 'AuthorizationHeaderMalformed'], 'store-elsewhere'],
    ['is a web server', [405, undefined, 'Method not allowed'], 'store-not-s3'],
    ['is a web server with a page for all', [200, undefined, HTML], 'store-not-s3'],
    ['speaks TLS', [400, undefined, 'Client sent an HTTP request to an HTTPS server.'], 'store-not-s3'],
    ['allows small bodies only', [413, undefined, HTML], 'store-body-limit'],
    ['is down behind its proxy', [502, undefined, HTML], 'store-failing'],
  ])('tells a store that %s from an outage, also when it is asked with a HEAD', async (_, answer, code) => {
    const endpoint = await answering(() => answer);
    const store = opened({ endpoint });
    await expect(store.createUpload(KEY, {}, signal)).rejects.toMatchObject({ code });
    await expect(store.head(KEY, signal)).rejects.toMatchObject({ code });
  });

  it('does not take a page that is not found for a bucket that is not there', async () => {
    const endpoint = await answering(() => [404, undefined, HTML]);
    const store = opened({ endpoint });
    for (const asking of [() => store.createUpload(KEY, {}, signal), () => store.ensureBucket(signal)]) {
      await expect(asking()).rejects.toMatchObject({ code: 'store-not-s3' });
    }
  });

  it('trusts a private authority that it was told of, and says what is wrong with others', async () => {
    const [ours, foreign] = [privateAuthority(), privateAuthority()];
    const proxy = await startFaultProxy(await answering(() => [404]), ours.server);
    onTestFinished(proxy.close);
    const { endpoint } = proxy;
    expect(await opened({ endpoint, ca: ours.ca }).head(KEY, signal)).toBeUndefined();
    const otherName = endpoint.replace('127.0.0.1', 'localhost');
    for (const change of [{ endpoint }, { endpoint, ca: foreign.ca }, { endpoint: otherName, ca: ours.ca }]) {
      await expect(opened(change).head(KEY, signal)).rejects.toMatchObject({ code: 'store-untrusted' });
    }
    const plain = { endpoint: endpoint.replace('https', 'http') };
    await expect(opened(plain).head(KEY, signal)).rejects.toMatchObject({ code: 'store-unreachable' });
    const tls = { endpoint: (await answering(() => [404])).replace('http', 'https') };
    await expect(opened(tls).head(KEY, signal)).rejects.toMatchObject({ code: 'store-not-s3' });
  });

  it('is unreachable when nobody listens', async () => {
    const endpoint = await answering(() => [200]);
    const gone = new URL(endpoint);
    gone.port = '1';
    const store = opened({ endpoint: gone.origin });
    await expect(store.head(KEY, signal)).rejects.toMatchObject({
      code: 'store-unreachable',
      message: expect.stringMatching(/^head camera-1.*ECONNREFUSED/),
    });
  });

  it('tries a request that failed inside the store again, and reports how often and how it ended', async () => {
    let asked = 0;
    const endpoint = await answering(() => (++asked < 3 ? [500, 'InternalError'] : [404, 'NoSuchUpload']));
    const seen: RequestObservation[] = [];
    const store = opened({ endpoint, maxAttempts: 3 }, (observation) => void seen.push(observation));
    const upload = { key: KEY, uploadId: 'u', partSizeBytes: 1 };
    expect(await store.listParts(upload, signal)).toBeUndefined();
    expect(seen).toMatchObject([{ operation: 'ListParts', outcome: 'not-there', attempts: 3 }]);
    expect(seen[0]?.elapsedMs).toBeGreaterThan(0);
  });

  it('reports the keys it did not delete, though it answers 200', async () => {
    const body = `<DeleteResult><Error><Key>${KEY}</Key><Code>AccessDenied</Code><Message>no</Message></Error></DeleteResult>`;
    const endpoint = await answering(() => [200, '', body]);
    expect(await opened({ endpoint }).delete([KEY], signal)).toEqual([{ key: KEY, error: 'AccessDenied: no' }]);
  });

  const listing = (keys: readonly string[], time: string): string => {
    const contents = keys.map((key) => `<Contents><Key>${key}</Key><Size>1</Size>${time}</Contents>`);
    return `<ListBucketResult>${contents.join('')}</ListBucketResult>`;
  };

  it('leaves out keys that no segment or gap could have', async () => {
    const time = '<LastModified>2025-12-14T01:30:02.000Z</LastModified>';
    const endpoint = await answering(() => [200, '', listing(['folder/', 'a//b', 'a/b.mp4'], time)]);
    const found: unknown[] = [];
    for await (const object of opened({ endpoint }).list('', signal)) found.push(object);
    expect(found).toEqual([{ key: 'a/b.mp4', sizeBytes: 1, lastModifiedMs: Date.UTC(2025, 11, 14, 1, 30, 2) }]);
  });

  it('does not take an object without a time for one from 1970', async () => {
    const endpoint = await answering(() => [200, '', listing(['a/b.mp4'], '')]);
    const listed = opened({ endpoint }).list('', signal)[Symbol.asyncIterator]();
    await expect(listed.next()).rejects.toMatchObject({ code: 'store-unexpected' });
  });

  it('strikes credentials out of what it throws', () => {
    const cause = new Error('connect to http://user:hunter2@store:8333 failed');
    const error = storeErrorOf(`head ${KEY}`, 'store-unreachable', cause);
    expect(error.message).toBe(`head ${KEY}: connect to http://***@store:8333 failed`);
  });

  it('carries no part of the HTTP exchange, where the signed headers are', () => {
    const thrown = Object.assign(new Error('no'), { $response: { headers: { authorization: 'signed' } } });
    const error = storeErrorOf(`head ${KEY}`, 'store-failing', thrown);
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain("authorization: 'signed'");
    expect(inspect(thrown, { depth: 10 })).toContain("authorization: 'signed'");
    expect(error.cause).toMatchObject({ message: 'no' });
  });

  it('does not take a composite checksum for one of the whole', async () => {
    const endpoint = await answering(() => [200], {
      'x-amz-checksum-crc32': 'JgYpuw==-2',
      'x-amz-checksum-type': 'COMPOSITE',
      etag: '"e"',
    });
    expect(await opened({ endpoint }).head(KEY, signal)).toMatchObject({ crc32Hex: null });
  });
});

function opened(settings: Partial<S3Settings>, onRequest?: (observation: RequestObservation) => void): ObjectStore {
  const defaults = { bucket: 'recordings', region: 'us-east-1', accessKeyId: 'key', secretAccessKey: 'secret' };
  const store = createS3Store({ endpoint: '', maxAttempts: 1, ...defaults, ...settings }, onRequest);
  onTestFinished(() => store.close());
  return store;
}
