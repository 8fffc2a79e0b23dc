/** A SeaweedFS whose disk is full for real: what uploads are told, and that the one under way goes on by itself once there is space. What
 * deleting objects frees is up to its volumes (docs/operations.md); here somebody makes room on the disk.
 */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { type ObjectKey, parseObjectKey } from '../../src/domain/ids.js';
import type { Receipt, UploadCheckpoint } from '../../src/domain/receipt.js';
import { startSeaweedfs } from '../../src/embedded/seaweedfs.js';
import { createBufferPool } from '../../src/object-store/buffer-pool.js';
import { type ObjectStore, StoreError } from '../../src/object-store/object-store.js';
import { createS3Store } from '../../src/object-store/s3.js';
import { uploadObject } from '../../src/object-store/upload-object.js';
import { bytesOf, expectedOf, sourceOf } from '../object-store/byte-source.js';
import { mountDisk } from '../support/faults/own-disk.js';
import { toolPath } from '../support/tools.js';

const PART_SIZE_BYTES = 5 * 1024 * 1024;
const BYTES = bytesOf(4 * PART_SIZE_BYTES);
const EXPECTED = expectedOf(BYTES);
/** More than ever fit beside it on 256 MB. */
const MOST_OBJECTS = 20;
const OTHER_FILE_BYTES = 120_000_000;
const RECOVERY_MS = 120_000;
const RETRY_MS = 1_000;

it('a full store keeps what it has, and takes the rest of the upload under way once there is room', async () => {
  const { dir } = mountDisk(onTestFinished);
  const other = join(dir, 'other');
  await writeFile(other, Buffer.alloc(OTHER_FILE_BYTES, 1));
  const server = await startSeaweedfs({
    ...{ weedPath: toolPath('weed'), dir: join(dir, 'weed'), bucket: 'recordings' },
    ...{ accessKeyId: 'key', secretAccessKey: 'secret' },
  });
  onTestFinished(() => server.kill());
  const store = createS3Store({ ...server, region: 'us-east-1', maxAttempts: 1 });
  onTestFinished(() => store.close());

  const keys: ObjectKey[] = [];
  let waiting: Waiting | undefined;
  while (waiting === undefined && keys.length < MOST_OBJECTS) {
    const next = waitingAt(store, keys.length);
    const outcome = await next.attempt();
    if (outcome === 'store-failing') waiting = next;
    else keys.push(next.key);
  }
  if (waiting === undefined) throw new Error(`${keys.length} objects did not fill the disk`);
  say(`full with ${keys.length} objects of ${BYTES.length} bytes`);
  expect([await waiting.attempt(), await waiting.attempt()]).toEqual(['store-failing', 'store-failing']);
  for (const key of keys) expect(await isWhole(store, key)).toBe(true);

  await rm(other);
  const startedAtMs = performance.now();
  let outcome = await waiting.attempt();
  while (outcome === 'store-failing' && performance.now() - startedAtMs < RECOVERY_MS) {
    await delay(RETRY_MS);
    outcome = await waiting.attempt();
  }
  say(
    `${OTHER_FILE_BYTES} bytes of another file deleted; uploading again after ${((performance.now() - startedAtMs) / 1_000).toFixed(0)} s`,
  );
  expect(outcome).toMatchObject({ proof: 'full-crc32', sizeBytes: BYTES.length });
  for (const key of [...keys, waiting.key]) expect(await isWhole(store, key)).toBe(true);
  expect(waiting.begun()).toBe(1);
});

interface Waiting {
  readonly key: ObjectKey;
  /** The receipt, or the code of what it failed with. */
  attempt(): Promise<Receipt | string>;
  /** How many uploads it has begun. */
  begun(): number;
}

function waitingAt(store: ObjectStore, index: number): Waiting {
  const stem = `camera-1/20251214/01-${String(index).padStart(2, '0')}-00_camera-1`;
  const [key, rival] = [parseObjectKey(`${stem}.mp4`), parseObjectKey(`${stem}_rival.mp4`)];
  const saved: UploadCheckpoint[] = [];
  const attempt = async (): Promise<Receipt | string> => {
    try {
      return await uploadObject({
        ...{ store, source: sourceOf(BYTES), expected: EXPECTED, metadata: {}, pool: createBufferPool(2) },
        ...{ keys: { preferred: key, rival }, partsInFlight: 2, partSizeBytes: PART_SIZE_BYTES },
        checkpoint: saved.at(-1) ?? null,
        onCheckpoint: async (checkpoint) => void (checkpoint !== null && saved.push(checkpoint)),
        signal: AbortSignal.timeout(60_000),
      });
    } catch (error) {
      if (error instanceof StoreError) return error.code;
      throw error;
    }
  };
  return { key, attempt, begun: () => saved.length };
}

async function isWhole(store: ObjectStore, key: ObjectKey): Promise<boolean> {
  return BYTES.equals(
    await store.read(key, { offsetBytes: 0, sizeBytes: BYTES.length + 1 }, AbortSignal.timeout(20_000)),
  );
}

function say(line: string): void {
  process.stdout.write(`figure: ${line}\n`);
}
