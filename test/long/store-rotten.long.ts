/** A store whose disk turned one byte: what HEAD says of it, and what reading it back says. */
import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { parseCameraId, parseRecorderId } from '../../src/domain/ids.js';
import { objectKeysOf } from '../../src/domain/object-key.js';
import { startSeaweedfs } from '../../src/embedded/seaweedfs.js';
import { createBufferPool } from '../../src/object-store/buffer-pool.js';
import { StoreError } from '../../src/object-store/object-store.js';
import { readBack } from '../../src/object-store/read-back.js';
import { createS3Store } from '../../src/object-store/s3.js';
import { uploadObject } from '../../src/object-store/upload-object.js';
import { bytesOf, expectedOf, sourceOf } from '../object-store/byte-source.js';
import { sealedSegment } from '../support/memory-spool.js';
import { tempDir } from '../support/temp-dir.js';
import { toolPath } from '../support/tools.js';

const BYTES = bytesOf(20_000_000);
const HEADER_BYTES = 100;
const ROTTEN_AT_BYTES = 12_000_000;
const base = sealedSegment(parseCameraId('camera-1'), parseRecorderId('rot'), 0, Date.UTC(2025, 11, 14, 1, 30));
const recordingBytes = BYTES.length - HEADER_BYTES;
const segment = {
  ...{ ...base, ...expectedOf(BYTES) },
  recording: {
    ...{ offsetBytes: HEADER_BYTES, sizeBytes: recordingBytes, completeBytes: recordingBytes },
    sha256Hex: expectedOf(BYTES.subarray(HEADER_BYTES)).sha256Hex,
  },
};

it('one byte that a real store lost on its disk is found, though HEAD shows the right checksum', async () => {
  const dir = await tempDir('store-rotten');
  const server = await startSeaweedfs({
    ...{ weedPath: toolPath('weed'), dir, bucket: 'recordings', accessKeyId: 'key', secretAccessKey: 'secret' },
  });
  onTestFinished(() => server.kill());
  const store = createS3Store({ ...server, region: 'us-east-1' });
  onTestFinished(() => store.close());
  const signal = AbortSignal.timeout(300_000);
  const { preferred: key, rival } = objectKeysOf(segment);
  await uploadObject({
    ...{ store, keys: { preferred: key, rival }, source: sourceOf(BYTES), expected: expectedOf(BYTES), metadata: {} },
    ...{ checkpoint: null, onCheckpoint: async () => {}, pool: createBufferPool(4), signal },
  });
  const look = async () =>
    await readBack({ store, key, expected: segment, pause: async () => {}, signal }).catch((error: unknown) => error);
  expect(await look()).toEqual({ kind: 'whole' });

  await spoilOnDisk(join(dir, 'data'), BYTES.subarray(ROTTEN_AT_BYTES, ROTTEN_AT_BYTES + 64));
  expect(await store.head(key, signal)).toMatchObject({ crc32Hex: segment.crc32Hex, sizeBytes: BYTES.length });
  const startedAtMs = performance.now();
  const seen = await look();
  process.stdout.write(`figure: found in ${((performance.now() - startedAtMs) / 1_000).toFixed(1)} s\n`);
  // It breaks off where it finds out itself; read in ranges smaller than its chunks it gives the wrong bytes.
  expect([{ code: 'store-unreadable' }, { kind: 'damaged' }]).toContainEqual(wordOf(seen));
});

function wordOf(seen: unknown): unknown {
  if (seen instanceof StoreError) return { code: seen.code };
  return typeof seen === 'object' && seen !== null && 'kind' in seen ? { kind: seen.kind } : seen;
}

/** Turns one byte of the volume that holds these. */
async function spoilOnDisk(dir: string, bytes: Uint8Array): Promise<void> {
  const names = (await readdir(dir, { recursive: true })).filter((name) => name.endsWith('.dat'));
  let spoilt = 0;
  for (const path of names.map((name) => join(dir, name))) {
    const at = (await readFile(path)).indexOf(bytes);
    if (at === -1) continue;
    const file = await open(path, 'r+');
    await file.write(Uint8Array.of((bytes[0] ?? 0) ^ 1), 0, 1, at);
    await file.close();
    spoilt += 1;
  }
  expect(spoilt).toBe(1);
}
