/** One upload as the product does it; prints its own CPU in ms, process start aside. `upload-once <file> <key> <crc32>`; the store comes by environment. */
import { open, stat } from 'node:fs/promises';
import { parseObjectKey } from '../src/domain/ids.js';
import { createBufferPool } from '../src/object-store/buffer-pool.js';
import { createS3Store } from '../src/object-store/s3.js';
import { uploadObject } from '../src/object-store/upload-object.js';

const [, , path = '', key = '', crc32Hex = ''] = process.argv;
const env = (name: string): string => process.env[name] ?? '';
const store = createS3Store({
  endpoint: env('S3_ENDPOINT'),
  bucket: env('S3_BUCKET'),
  region: 'us-east-1',
  accessKeyId: env('AWS_ACCESS_KEY_ID'),
  secretAccessKey: env('AWS_SECRET_ACCESS_KEY'),
});
const file = await open(path, 'r');
const { size: sizeBytes } = await stat(path);
const before = process.cpuUsage();
await uploadObject({
  store,
  keys: { preferred: parseObjectKey(key), rival: parseObjectKey(key.replace('.mp4', '_rival.mp4')) },
  source: {
    sizeBytes,
    read: async (into: Uint8Array, offsetBytes: number) => {
      for (let read = 0; read < into.length; ) {
        const { bytesRead } = await file.read(into, read, into.length - read, offsetBytes + read);
        if (bytesRead === 0) throw new Error('the file ended early');
        read += bytesRead;
      }
    },
    close: async () => undefined,
  },
  expected: { sizeBytes, crc32Hex, sha256Hex: '0'.repeat(64) },
  metadata: {},
  checkpoint: null,
  onCheckpoint: async () => undefined,
  pool: createBufferPool(8),
  signal: AbortSignal.timeout(300_000),
});
const { user, system } = process.cpuUsage(before);
process.stdout.write(`${(user + system) / 1_000}\n`);
await file.close();
store.close();
