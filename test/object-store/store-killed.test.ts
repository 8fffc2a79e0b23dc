import { expect, it, onTestFinished } from 'vitest';
import { parseObjectKey } from '../../src/domain/ids.js';
import type { UploadCheckpoint } from '../../src/domain/receipt.js';
import { startSeaweedfs } from '../../src/embedded/seaweedfs.js';
import { createBufferPool } from '../../src/object-store/buffer-pool.js';
import { createS3Store } from '../../src/object-store/s3.js';
import { uploadObject } from '../../src/object-store/upload-object.js';
import { tempDir } from '../support/temp-dir.js';
import { toolPath } from '../support/tools.js';
import { waitFor } from '../support/wait-for.js';
import { bytesOf, expectedOf, sourceOf } from './byte-source.js';
import { startFaultProxy } from './fault-proxy.js';

const PART_SIZE_BYTES = 5 * 1024 * 1024;
const COMPLETE = /^POST \S+\?uploadId=/;
const KEY = parseObjectKey('camera-1/20251214/01-30-00_camera-1.mp4');
const RIVAL = parseObjectKey('camera-1/20251214/01-30-00_camera-1_20251214T013000Z-7f3a-0.mp4');

it('goes on with the same upload, and the parts it had, after the store was killed in a part, and at its end', async () => {
  const options = {
    weedPath: toolPath('weed'),
    dir: await tempDir('store-killed'),
    accessKeyId: 'key',
    secretAccessKey: 'secret',
    bucket: 'recordings',
  };
  const first = await startSeaweedfs(options);
  onTestFinished(() => first.kill());
  const proxy = await startFaultProxy(first.endpoint);
  onTestFinished(proxy.close);
  const store = createS3Store({ ...first, endpoint: proxy.endpoint, region: 'us-east-1', maxAttempts: 1 });
  onTestFinished(() => store.close());
  const bytes = bytesOf(4 * PART_SIZE_BYTES);
  const saved: UploadCheckpoint[] = [];
  const kinds: string[] = [];
  const upload = async (onPart: () => unknown) =>
    await uploadObject({
      store,
      keys: { preferred: KEY, rival: RIVAL },
      source: sourceOf(bytes),
      expected: expectedOf(bytes),
      metadata: {},
      checkpoint: saved[0] ?? null,
      onCheckpoint: async (checkpoint) => void (checkpoint !== null && saved.push(checkpoint)),
      pool: createBufferPool(1),
      partsInFlight: 1,
      partSizeBytes: PART_SIZE_BYTES,
      onProgress: (_bytes, kind) => {
        kinds.push(kind);
        onPart();
      },
      signal: AbortSignal.timeout(20_000),
    });

  let killing: Promise<unknown> | undefined;
  const failing = upload(() => {
    if (kinds.length === 2) killing = first.kill();
  });
  await expect(failing).rejects.toMatchObject({ code: 'store-unreachable' });
  await killing;
  expect(kinds).toEqual(['sent', 'sent']);

  const second = await startSeaweedfs({ ...options, ports: first.ports });
  onTestFinished(() => second.kill());
  expect(second.endpoint).toBe(first.endpoint);
  const atEnd = proxy.inject({ kind: 'buffer', matches: COMPLETE, onFire: () => void (killing = second.kill()) });
  const failingAgain = upload(() => {});
  await expect(failingAgain).rejects.toMatchObject({ code: 'store-unreachable' });
  await killing;
  expect(atEnd.fired()).toBe(1);
  expect(kinds.slice(2, 4)).toEqual(['kept', 'kept']);

  const third = await startSeaweedfs({ ...options, ports: first.ports });
  onTestFinished(() => third.kill());
  const sent = kinds.length;
  expect(await upload(() => {})).toMatchObject({ proof: 'full-crc32', sizeBytes: bytes.length });
  // It was complete, and nothing had to be looked at, or each part was there.
  expect(new Set(kinds.slice(sent))).toEqual(kinds.length === sent ? new Set() : new Set(['kept']));
  expect(saved).toHaveLength(1);
  // Just started it shows objects that it does not give yet: 500.
  const range = { offsetBytes: 0, sizeBytes: bytes.length + 1 };
  const stored = await waitFor(async () => await store.read(KEY, range, AbortSignal.timeout(10_000)), {
    what: 'the object to be given',
    deadlineMs: 15_000,
  });
  expect(bytes.equals(stored)).toBe(true);
});
