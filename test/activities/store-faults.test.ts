/** What can be wrong with a store, one after the other: what the workflow is told, what is counted, and that it goes on by itself. */
import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { findStoredIn } from '../../src/activities/find-stored.js';
import { sendTo } from '../../src/activities/send-segment.js';
import { createUploadActivities } from '../../src/activities/upload.js';
import { systemClock } from '../../src/clock.js';
import { crc32Hex } from '../../src/domain/crc32.js';
import { type FailureCode, failureTexts } from '../../src/domain/failures.js';
import { parseCameraId } from '../../src/domain/ids.js';
import { objectKeysOf } from '../../src/domain/object-key.js';
import type { Receipt } from '../../src/domain/receipt.js';
import type { SealedSegment } from '../../src/domain/segment.js';
import { createBufferPool } from '../../src/object-store/buffer-pool.js';
import { createStoreMetrics } from '../../src/object-store/metrics.js';
import type { ObjectStore } from '../../src/object-store/object-store.js';
import { createS3Store, type S3Settings } from '../../src/object-store/s3.js';
import { createLink } from '../../src/workers/link.js';
import { UploadLedger } from '../../src/workers/upload-ledger.js';
import { bytesOf, sourceOf } from '../object-store/byte-source.js';
import { type Fault, type FaultProxy, startFaultProxy } from '../object-store/fault-proxy.js';
import { collect } from '../spool/segments.js';
import { runActivity } from '../support/activity-run.js';
import { privateAuthority } from '../support/certificates.js';
import { MemorySpool, sealedSegment } from '../support/memory-spool.js';

const camera = parseCameraId('camera-1');
const SLOW_MS = 300_000;
/** One part, and more than a socket holds at once. */
const BYTES = bytesOf(3_000_000);
const CREATE = /^POST \S+\?uploads/;
const UPLOAD_PART = /^PUT \S+partNumber=/;
const COMPLETE = /^POST \S+\?uploadId=/;
const HEAD_BUCKET = /^HEAD \/[^/?]+\/? /;
/** No resolver is asked: a label has 63 characters at most. */
const NO_HOST = `http://${'x'.repeat(64)}.invalid`;
const authority = privateAuthority();

interface Row {
  readonly what: string;
  readonly faults?: readonly Fault[];
  /** How the recorder is set while the fault lasts. */
  readonly settings?: Partial<S3Settings>;
  readonly tls?: boolean;
  /** Null: it costs no attempt. */
  readonly code: FailureCode | null;
  readonly says?: string;
  /** Default `full-crc32`. */
  readonly proof?: Receipt['proof'];
}

const always = { times: Number.POSITIVE_INFINITY };
const refusing = (status: string, code: string): Fault => ({
  ...{ kind: 'answer', matches: /./, ...always },
  answer: answerOf(status, `<Error><Code>${code}</Code><Message>text</Message></Error>`),
});

const HEAD_OBJECT = /^HEAD \S+\.mp4/;
const withoutChecksum = (head: string): string => head.replaceAll(/\r\nx-amz-checksum-[^\r]*/gi, '');
const withoutMd5 = (head: string): string =>
  withoutChecksum(head).replace(/\r\netag:[^\r]*/i, '\r\nETag: "of its own"');
/** Shows no checksum of the whole, whatever it was told when the upload was begun. */
const checksumless: Fault = { kind: 'edit-answer', matches: HEAD_OBJECT, edit: withoutChecksum, ...always };

const rows: readonly Row[] = [
  { what: 'is down', faults: [{ kind: 'down', matches: /./ }], code: 'store-unreachable' },
  {
    what: 'goes down in the middle of a part',
    faults: [{ kind: 'down', matches: UPLOAD_PART, afterBytes: 1_000_000 }],
    code: 'store-unreachable',
  },
  {
    what: 'takes 1 KB a second',
    faults: [{ kind: 'slow', bytesPerSec: 1_000, matches: UPLOAD_PART, ...always }],
    settings: { timeouts: { partMs: 1_000 } },
    code: 'store-unreachable',
  },
  {
    what: 'resets a connection',
    faults: [{ kind: 'reset', matches: UPLOAD_PART, afterBytes: 1_000_000 }],
    code: 'store-unreachable',
    says: 'ECONNRESET',
  },
  {
    what: 'answers everything with 500, as while it restarts',
    faults: [refusing('500 Internal Server Error', 'InternalError')],
    code: 'store-failing',
  },
  {
    what: 'is full: an upload can be begun, its parts are refused with 500',
    faults: [{ ...refusing('500 Internal Server Error', 'InternalError'), matches: UPLOAD_PART }],
    code: 'store-failing',
  },
  { what: 'asks to slow down', faults: [refusing('503 Slow Down', 'SlowDown')], code: 'store-busy' },
  { what: 'loses the answer to Complete', faults: [{ kind: 'lose-answer', matches: COMPLETE }], code: null },
  { what: 'shows no checksum of the whole', faults: [checksumless], code: null, proof: 'part-etags' },
  {
    what: 'shows no checksum, and ETags that are no MD5',
    faults: [{ ...checksumless, edit: withoutMd5 }],
    code: null,
    proof: 'read-back',
  },
  {
    what: 'does not say that it will keep a checksum of the whole',
    faults: [{ kind: 'edit-answer', matches: CREATE, edit: withoutChecksum }, checksumless],
    code: null,
    proof: 'part-etags',
  },
  {
    what: 'refuses what it does not know of checksums',
    faults: [{ ...refusing('501 Not Implemented', 'NotImplemented'), matches: CREATE, times: 1 }],
    code: null,
    proof: 'part-etags',
  },
  { what: 'does not know the secret', settings: { secretAccessKey: 'wrong' }, code: 'store-credentials' },
  { what: 'does not know the key', settings: { accessKeyId: 'nobody' }, code: 'store-credentials' },
  {
    what: 'has no bucket, and may not make one',
    faults: [
      { kind: 'answer', matches: HEAD_BUCKET, answer: answerOf('404 Not Found', ''), ...always },
      { ...refusing('403 Forbidden', 'AccessDenied'), matches: CREATE },
    ],
    code: 'store-bucket-missing',
  },
  {
    what: 'does not let this key write',
    faults: [{ ...refusing('403 Forbidden', 'AccessDenied'), matches: CREATE }],
    code: 'store-forbidden',
  },
  {
    what: 'says that the clocks differ',
    faults: [refusing('403 Forbidden', 'RequestTimeTooSkewed')],
    code: 'store-clock-skew',
  },
  { what: 'is not in the name service', settings: { endpoint: NO_HOST }, code: 'store-unreachable', says: 'ENOTFOUND' },
  {
    what: 'sends us elsewhere',
    faults: [{ ...refusing('307 Temporary Redirect', 'TemporaryRedirect') }],
    code: 'store-elsewhere',
  },
  { what: 'has a certificate of its own authority', tls: true, code: 'store-untrusted' },
  {
    what: 'has a certificate of an authority that we were told of',
    tls: true,
    settings: { ca: authority.ca },
    code: null,
  },
  {
    what: 'is behind a proxy that buffers whole requests',
    faults: [{ kind: 'buffer', matches: /./, ...always }],
    code: null,
  },
  {
    what: 'is behind a proxy that allows small bodies only',
    faults: [
      {
        kind: 'answer',
        matches: UPLOAD_PART,
        answer: answerOf('413 Payload Too Large', '<html><br></html>'),
        ...always,
      },
    ],
    code: 'store-body-limit',
  },
  {
    what: 'is a web server, as far as we see',
    faults: [{ kind: 'answer', matches: /./, answer: answerOf('404 Not Found', '<html><br></html>'), ...always }],
    code: 'store-not-s3',
  },
];

describe('a store that', () => {
  it.each(rows)('$what: $code', async (row) => {
    const { proxy, upload, metric, failures, spool, segment, isStored, left } = await scene(row);
    const fired = (row.faults ?? []).map((fault) => proxy.inject(fault));
    const outcome = await upload(row.settings);
    expect(fired.filter((fault) => fault.fired() === 0)).toEqual([]);
    const stored = { sizeBytes: BYTES.length, proof: row.proof ?? 'full-crc32' };
    if (row.code === null) expect(outcome).toMatchObject(stored);
    else await expectTold(row, row.code, outcome, metric);

    expect(failures()).toBe(row.code === null ? 0 : 1);

    // Nothing is lost, and the next attempt succeeds.
    expect(spool.reclaimed).toEqual([]);
    proxy.heal();
    const last = row.tls === true ? { ca: authority.ca } : {};
    expect(await upload(last)).toMatchObject(stored);
    expect(await spool.find(segment.id)).toMatchObject({ kind: 'stored' });
    expect(await isStored()).toBe(true);
    expect(await left()).toEqual([]);
  });

  it('has another clock: the second try of a request knows how much, and times are the store’s', async () => {
    const { upload, isStored } = await scene({});
    onTestFinished(() => void vi.useRealTimers());
    const storeTimeMs = Date.now();
    vi.useFakeTimers({ toFake: ['Date'], now: storeTimeMs - 20 * 60_000 });
    const receipt = await upload({ maxAttempts: 3 });
    vi.useRealTimers();
    expect(receipt).toMatchObject({ proof: 'full-crc32' });
    expect(Math.abs(Number('atMs' in receipt && receipt.atMs) - storeTimeMs)).toBeLessThan(60_000);
    expect(await isStored()).toBe(true);
  });

  it('forgot the upload, which somebody aborted: it begins anew', async () => {
    const { preferred: key, upload, spool, segment, isStored, left } = await scene({});
    const { uploadId } = await direct.createUpload(key, {}, soon());
    const checkpoint = { key, uploadId, partSizeBytes: 8 * 1024 * 1024 };
    await spool.recordCheckpoint(segment.id, checkpoint);
    await direct.abort(checkpoint, soon());
    expect(await upload({})).toMatchObject({ key, proof: 'full-crc32' });
    expect(await isStored()).toBe(true);
    expect(await left()).toEqual([]);
  });

  it('answers with a storm of 500s: the upload ends with the storm, and nothing is sent twice', async () => {
    const { proxy, upload, isStored } = await scene({});
    proxy.inject({ ...refusing('500 Internal Server Error', 'InternalError'), times: 7 });
    const types: unknown[] = [];
    for (let attempt = 0; attempt < 8; attempt += 1) {
      const outcome = await upload({});
      if ('proof' in outcome) break;
      types.push(outcome.type);
    }
    expect(types).toEqual(Array.from({ length: 7 }, () => 'store-failing'));
    expect(proxy.requests.filter((line) => UPLOAD_PART.test(line))).toHaveLength(1);
    expect(await isStored()).toBe(true);
  });
});

type Scene = Awaited<ReturnType<typeof scene>>;

/** The failure as the Web UI shows it: a code, a sentence for people, what was being done; and when it is tried again. */
async function expectTold(row: Row, code: FailureCode, outcome: unknown, metric: Scene['metric']): Promise<void> {
  const { retry, what } = failureTexts[code];
  expect(outcome).toMatchObject({
    type: code,
    nonRetryable: false,
    nextRetryDelay: retry === 'slow' ? SLOW_MS : undefined,
    message: expect.stringContaining(what),
  });
  if (row.says !== undefined) expect(outcome).toMatchObject({ message: expect.stringContaining(row.says) });
  expect(await metric('object_store_request_duration_seconds', { outcome: code })).toBeGreaterThanOrEqual(1);
}

const settings = { ...inject('s3'), region: 'us-east-1', bucket: `faults-${randomBytes(4).toString('hex')}` };
const direct = createS3Store(settings);
let scenes = 0;
beforeAll(async () => {
  await direct.ensureBucket(soon());
});
afterAll(() => direct.close());

/** One sealed segment in a spool, a key of its own on the real store, and a proxy between them. */
async function scene({ tls = false }: Pick<Row, 'tls'>) {
  const proxy: FaultProxy = await startFaultProxy(settings.endpoint, tls ? authority.server : undefined);
  onTestFinished(proxy.close);
  const spool = spoolOf(BYTES);
  const segment = segmentWith(spool, BYTES);
  const { preferred } = objectKeysOf(segment);
  spool.add(segment);
  const registry = new Registry();
  const metrics = createStoreMetrics(registry);
  const log = pino({ level: 'silent' });
  const ledger = new UploadLedger({ clock: systemClock, log, store: createLink('store', systemClock, log) });
  /** One attempt. @returns the receipt, or the failure that Temporal is told */
  const upload = async (changes: Partial<S3Settings> = {}) => {
    const store: ObjectStore = createS3Store(
      { ...settings, endpoint: proxy.endpoint, maxAttempts: 1, ...changes },
      metrics.observeRequest,
    );
    const { uploadSegment } = createUploadActivities({
      ...{ spool, observer: ledger, heartbeatEveryMs: 1_000, slowRetryMs: SLOW_MS, waitForOtherMs: 1_000 },
      send: sendTo(store, createBufferPool(4), { onPart: metrics.countPart }),
      atOnce: 4,
      findStored: findStoredIn(store),
    });
    const { outcome } = runActivity(async () => await uploadSegment({ segment: segment.id }));
    return await outcome.catch((failure: ActivityFailed) => failure).finally(() => store.close());
  };
  const metric = async (name: string, labels: Readonly<Record<string, string>>): Promise<number> => {
    const found = (await registry.getMetricsAsJSON()).find((entry) => entry.name === name);
    const values: readonly { labels: Record<string, unknown>; value: number; metricName?: string }[] =
      found?.values ?? [];
    const counts = values.filter((entry) => entry.metricName?.endsWith('_count') === true);
    const of = counts.filter((entry) =>
      Object.entries(labels).every(([label, value]) => entry.labels[label] === value),
    );
    return of.reduce((sum, entry) => sum + entry.value, 0);
  };
  const isStored = async (): Promise<boolean> => {
    const objects = await collect(direct.list(preferred, soon()));
    if (objects.length !== 1 || objects[0] === undefined) return false;
    return BYTES.equals(await direct.read(objects[0].key, { offsetBytes: 0, sizeBytes: BYTES.length + 1 }, soon()));
  };
  const left = async () => await collect(direct.listUploads(preferred, soon()));
  const failures = (): number => ledger.uploads.get(camera)?.failures ?? 0;
  return { proxy, preferred, spool, segment, upload, metric, failures, isStored, left };
}

interface ActivityFailed {
  readonly type: string;
}

function spoolOf(bytes: Buffer): MemorySpool {
  const spool = new MemorySpool('faults');
  spool.read = async () => sourceOf(bytes);
  return spool;
}

function segmentWith(spool: MemorySpool, bytes: Buffer): SealedSegment {
  const segment = sealedSegment(camera, spool.recorder, ++scenes, Date.UTC(2025, 11, 14, 1, 30));
  return { ...segment, sizeBytes: bytes.length, crc32Hex: crc32Hex(crc32(bytes)) };
}

function answerOf(status: string, body: string): string {
  return [`HTTP/1.1 ${status}`, `content-length: ${body.length}`, 'connection: close', '', body].join('\r\n');
}

function soon(): AbortSignal {
  return AbortSignal.timeout(20_000);
}
