import { randomBytes } from 'node:crypto';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { parseObjectKey } from '../../src/domain/ids.js';
import type { UploadCheckpoint } from '../../src/domain/receipt.js';
import { createBufferPool } from '../../src/object-store/buffer-pool.js';
import type { ObjectStore } from '../../src/object-store/object-store.js';
import { createS3Store, type S3Settings } from '../../src/object-store/s3.js';
import { type UploadObjectRequest, uploadObject } from '../../src/object-store/upload-object.js';
import { collectGarbage } from '../support/collect-garbage.js';
import { bytesOf, expectedOf, sourceOf } from './byte-source.js';
import { type FaultProxy, startFaultProxy } from './fault-proxy.js';

const PART_SIZE_BYTES = 5 * 1024 * 1024;
const PARTS_IN_FLIGHT = 2;
const BYTES = bytesOf(6 * PART_SIZE_BYTES + 4_321);
const EXPECTED = expectedOf(BYTES);
/** Request heads and bodies beside the parts. */
const OVERHEAD_BYTES = 50_000;
const UPLOAD_PART = /^PUT \S+partNumber=/;
const COMPLETE = /^POST \S+\?uploadId=/;

describe('an upload to a real store over a bad network', () => {
  it('sends every byte once when nothing goes wrong', async () => {
    const { proxy, upload, storedBytes } = await scene();
    await upload({});
    expect(proxy.takeSentBytes()).toBeLessThan(BYTES.length + OVERHEAD_BYTES);
    expect(BYTES.equals(await storedBytes())).toBe(true);
  });

  it('sends again at most the parts in flight after the network was gone', async () => {
    const { proxy, upload, restarted, storedBytes } = await scene({ maxAttempts: 1 });
    const fault = proxy.inject({ kind: 'down', matches: UPLOAD_PART, skip: 4, afterBytes: PART_SIZE_BYTES / 2 });
    let checkpoint: UploadCheckpoint | null = null;
    let safeBytes = 0;
    const first = upload({
      onCheckpoint: async (last) => void (checkpoint = last),
      onProgress: (bytes) => void (safeBytes += bytes),
    });
    await expect(first).rejects.toMatchObject({ code: 'store-unreachable' });
    expect(fault.fired()).toBe(1);
    expect(safeBytes).toBeGreaterThanOrEqual((4 - PARTS_IN_FLIGHT) * PART_SIZE_BYTES);
    const firstBytes = proxy.takeSentBytes();
    proxy.heal();

    await upload({ checkpoint, store: restarted() });
    const secondBytes = proxy.takeSentBytes();
    expect(secondBytes).toBeLessThan(BYTES.length - safeBytes + OVERHEAD_BYTES);
    expect(firstBytes + secondBytes).toBeLessThan(BYTES.length + PARTS_IN_FLIGHT * PART_SIZE_BYTES + OVERHEAD_BYTES);
    expect(BYTES.equals(await storedBytes())).toBe(true);
  });

  it('goes on by itself when a connection dies in the middle of a part', async () => {
    const { proxy, upload, storedBytes } = await scene();
    const fault = proxy.inject({ kind: 'reset', matches: UPLOAD_PART, skip: 1, afterBytes: PART_SIZE_BYTES / 2 });
    await upload({});
    expect(fault.fired()).toBe(1);
    expect(proxy.takeSentBytes()).toBeLessThan(BYTES.length + PART_SIZE_BYTES + OVERHEAD_BYTES);
    expect(BYTES.equals(await storedBytes())).toBe(true);
  });

  it.each([
    { lost: 'every answer', times: 3 },
    { lost: 'the first answer', times: 1 },
  ])('makes one object, and leaves no upload, when $lost to Complete is lost', async ({ times }) => {
    const { proxy, upload, direct, storedBytes, prefix } = await scene();
    const fault = proxy.inject({ kind: 'lose-answer', matches: COMPLETE, times });
    expect(await upload({})).toMatchObject({ proof: 'full-crc32' });
    expect(fault.fired()).toBe(times);
    expect(proxy.requests.filter((line) => UPLOAD_PART.test(line))).toHaveLength(7);
    expect(BYTES.equals(await storedBytes())).toBe(true);
    expect(await all(direct.listUploads(prefix, soon()))).toEqual([]);
    expect(await all(direct.list(prefix, soon()))).toHaveLength(1);
  });

  it('sends nothing twice to the store when the answer to a part is lost and the upload is taken up again', async () => {
    const { proxy, upload, restarted } = await scene({ maxAttempts: 1 });
    const fault = proxy.inject({ kind: 'lose-answer', matches: UPLOAD_PART, skip: 6 });
    let checkpoint: UploadCheckpoint | null = null;
    const first = upload({ partsInFlight: 1, onCheckpoint: async (last) => void (checkpoint = last) });
    await expect(first).rejects.toMatchObject({ code: 'store-unreachable' });
    expect(fault.fired()).toBe(1);
    proxy.takeSentBytes();
    await upload({ checkpoint, store: restarted() });
    expect(proxy.takeSentBytes()).toBeLessThan(OVERHEAD_BYTES);
  });

  it.each([
    { kind: 'stall', afterBytes: 1_000_000, bounded: 'silenceMs' },
    { kind: 'stall-answer', afterBytes: 0, bounded: 'partMs' },
  ] as const)('gives up a store that went silent ($kind), in time, by $bounded', async (row) => {
    const { kind, afterBytes, bounded } = row;
    const { proxy, upload } = await scene({ maxAttempts: 1, timeouts: { [bounded]: 1_000 } });
    const fault = proxy.inject({ kind, matches: UPLOAD_PART, times: 99, afterBytes });
    const startedAtMs = performance.now();
    await expect(upload({})).rejects.toMatchObject({ code: 'store-unreachable' });
    expect(performance.now() - startedAtMs).toBeLessThan(6_000);
    expect(fault.fired()).toBe(PARTS_IN_FLIGHT);
  });

  it('gives up an answer that stops in the middle', async () => {
    const { proxy, upload, store, direct, key } = await scene({ timeouts: { requestMs: 1_500 } });
    await upload({ store: direct });
    const fault = proxy.inject({ kind: 'stall-answer', matches: /^GET/, afterBytes: 100_000 });
    const startedAtMs = performance.now();
    const collecting = setInterval(collectGarbage, 100);
    onTestFinished(() => clearInterval(collecting));
    const reading = store.read(key, { offsetBytes: 0, sizeBytes: PART_SIZE_BYTES }, soon());
    await expect(reading).rejects.toMatchObject({ code: 'store-unreachable' });
    expect(performance.now() - startedAtMs).toBeLessThan(3_000);
    expect(fault.fired()).toBe(1);
  });

  it('ends soon after its signal aborts, and can be taken up again', async () => {
    const { proxy, upload, storedBytes } = await scene();
    proxy.inject({ kind: 'stall', matches: UPLOAD_PART, skip: 3, times: 99, afterBytes: 1_000_000 });
    const controller = new AbortController();
    const reason = new Error('shutting down');
    let checkpoint: UploadCheckpoint | null = null;
    let safeParts = 0;
    const first = upload({
      signal: controller.signal,
      onCheckpoint: async (last) => void (checkpoint = last),
      onProgress: () => {
        safeParts++;
        if (safeParts === 3) controller.abort(reason);
      },
    });
    await expect(first).rejects.toBe(reason);
    proxy.heal();
    const kinds: string[] = [];
    await upload({ checkpoint, onProgress: (_bytes, kind) => void kinds.push(kind) });
    expect(kinds.filter((kind) => kind === 'kept')).toHaveLength(3);
    expect(BYTES.equals(await storedBytes())).toBe(true);
  });

  it('may run twice at once: both get a receipt for the one object', async () => {
    const { upload, direct, prefix, storedBytes } = await scene();
    const receipts = await Promise.all([upload({}), upload({})]);
    expect(receipts[0]).toMatchObject({ key: receipts[1]?.key, sizeBytes: BYTES.length });
    expect(BYTES.equals(await storedBytes())).toBe(true);
    expect(await all(direct.list(prefix, soon()))).toHaveLength(1);
    expect(await all(direct.listUploads(prefix, soon()))).toEqual([]);
  });
});

async function scene(changes: Partial<S3Settings> = {}) {
  const s3 = inject('s3');
  const proxy: FaultProxy = await startFaultProxy(s3.endpoint);
  onTestFinished(proxy.close);
  const settings = { ...s3, region: 'us-east-1' };
  const store = opened(createS3Store({ ...settings, ...changes, endpoint: proxy.endpoint }));
  /** A client without connections, as after a crash. */
  const restarted = () => opened(createS3Store({ ...settings, endpoint: proxy.endpoint }));
  const direct = opened(createS3Store(settings));
  const prefix = `faults-${randomBytes(4).toString('hex')}/`;
  const key = parseObjectKey(`${prefix}01-30-00_camera-1.mp4`);
  const upload = async (request: Partial<UploadObjectRequest>) =>
    await uploadObject({
      store,
      keys: { preferred: key, rival: parseObjectKey(`${prefix}rival.mp4`) },
      source: sourceOf(BYTES),
      expected: EXPECTED,
      metadata: { 'recording-sha256': EXPECTED.sha256Hex },
      checkpoint: null,
      onCheckpoint: async () => {},
      pool: createBufferPool(2 * PARTS_IN_FLIGHT),
      partsInFlight: PARTS_IN_FLIGHT,
      partSizeBytes: PART_SIZE_BYTES,
      signal: soon(),
      ...request,
    });
  const storedBytes = async () => await direct.read(key, { offsetBytes: 0, sizeBytes: BYTES.length + 1 }, soon());
  return { proxy, store, restarted, direct, prefix, key, upload, storedBytes };
}

function opened(store: ObjectStore): ObjectStore {
  onTestFinished(() => store.close());
  return store;
}

function soon(): AbortSignal {
  return AbortSignal.timeout(20_000);
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}
