import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import { inject } from 'vitest';
import { expectedOf } from '../../src/activities/send-segment.js';
import { crc32Hex } from '../../src/domain/crc32.js';
import type { ObjectKey } from '../../src/domain/ids.js';
import { objectKeysOf } from '../../src/domain/object-key.js';
import type { SealedSegment } from '../../src/domain/segment.js';
import { createBufferPool } from '../../src/object-store/buffer-pool.js';
import { metadataOf } from '../../src/object-store/coverage-metadata.js';
import type { ObjectStore } from '../../src/object-store/object-store.js';
import { planParts } from '../../src/object-store/part-plan.js';
import { createS3Store, type S3Settings } from '../../src/object-store/s3.js';
import { isRangeEqual } from '../../src/object-store/stored-equality.js';
import { uploadObject } from '../../src/object-store/upload-object.js';
import type { SpooledSegment } from '../../src/spool/spool.js';
import { sealRequest, spoolIn } from '../spool/segments.js';
import { bytesOf } from './byte-source.js';
import { type Fault, type FaultProxy, startFaultProxy } from './fault-proxy.js';

const PROGRAM = fileURLToPath(new URL('./killed-upload.mjs', import.meta.url));
const DIST = new URL('../../dist/', import.meta.url).href;
const HEADER_BYTES = 10_000;
const COMPARED_BYTES = 16 * 1024 * 1024;
const MINUTE_MS = 60_000;

interface Options {
  /** Where its end is registered. */
  readonly register: (close: () => Promise<void>) => unknown;
  readonly dir: string;
  readonly sizeBytes: number;
  readonly partSizeBytes: number;
  readonly partsInFlight: number;
}

/** Sealed segments of one size, each to be uploaded by processes of their own through one proxy that counts. */
export interface KillableUploads {
  readonly proxy: FaultProxy;
  /** The store itself. */
  readonly direct: ObjectStore;
  /** A segment of the wanted size, sealed in a spool of its own. */
  sealed(): Promise<KillableUpload>;
  /** One that is sealed already. */
  of(root: string, segment: SealedSegment): KillableUpload;
}

export interface KillableUpload {
  readonly key: ObjectKey;
  /** Resolves when the process was killed at the fault. @throws when it ended before */
  killedAt(fault: Fault): Promise<{ readonly sentBytes: number }>;
  /** Goes on from what is in the spool, with nothing else of the process that was killed, to the end. */
  finished(): Promise<{ readonly sentBytes: number }>;
  found(): Promise<SpooledSegment | undefined>;
  isStoredWhole(): Promise<boolean>;
}

/** The built program is what is killed: build it before. */
export async function killableUploads(options: Options): Promise<KillableUploads> {
  const settings = { ...inject('s3'), region: 'us-east-1', bucket: `kills-${randomBytes(4).toString('hex')}` };
  const direct = createS3Store(settings);
  options.register(async () => direct.close());
  await direct.ensureBucket(AbortSignal.timeout(10_000));
  const proxy = await startFaultProxy(settings.endpoint);
  options.register(proxy.close);
  const recording = bytesOf(options.sizeBytes - HEADER_BYTES);
  let count = 0;
  const of = (root: string, segment: SealedSegment): KillableUpload => {
    const { preferred: key } = objectKeysOf(segment);
    const through = { ...settings, endpoint: proxy.endpoint };
    return {
      key,
      killedAt: async (fault) => {
        proxy.takeSentBytes();
        const running = started(options, through, root, segment);
        proxy.inject({ ...fault, onFire: () => void running.child.kill('SIGKILL') });
        const { signal } = await running.end;
        proxy.heal();
        if (signal !== 'SIGKILL') throw new Error(`it ended before: ${running.said()}`);
        return { sentBytes: proxy.takeSentBytes() };
      },
      finished: async () => {
        proxy.takeSentBytes();
        await finish(options, through, root, segment);
        return { sentBytes: proxy.takeSentBytes() };
      },
      found: async () => await (await spoolIn(root)).find(segment.id),
      isStoredWhole: async () => await isWhole(direct, key, root, segment),
    };
  };
  return {
    proxy,
    direct,
    of,
    sealed: async () => {
      const root = join(options.dir, `spool-${++count}`);
      return of(root, await sealIn(root, recording, count * MINUTE_MS));
    },
  };
}

async function sealIn(root: string, recording: Buffer, fromMs: number): Promise<SealedSegment> {
  const spool = await spoolIn(root);
  const header = Buffer.alloc(HEADER_BYTES, 'header');
  const request = sealRequest(spool.layout, { fromMs, header: header.toString() });
  await mkdir(dirname(request.recordingPath), { recursive: true });
  await writeFile(request.recordingPath, recording);
  const sizeBytes = header.length + recording.length;
  const segment: SealedSegment = {
    ...request.segment,
    sizeBytes,
    crc32Hex: crc32Hex(crc32(recording, crc32(header))),
    recording: {
      offsetBytes: header.length,
      sizeBytes: recording.length,
      completeBytes: recording.length,
      sha256Hex: createHash('sha256').update(recording).digest('hex'),
    },
  };
  await spool.seal({ ...request, segment });
  return segment;
}

interface Running {
  readonly child: ChildProcess;
  readonly end: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  said(): string;
}

function started(options: Options, store: object, root: string, segment: SealedSegment): Running {
  const { partSizeBytes, partsInFlight } = options;
  const input = { dist: DIST, root, segment: segment.id, store, partSizeBytes, partsInFlight };
  const child = spawn(process.execPath, [PROGRAM, JSON.stringify(input)], { stdio: ['ignore', 'ignore', 'pipe'] });
  options.register(async () => void child.kill('SIGKILL'));
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += String(chunk);
  });
  const end = once(child, 'close').then(([code, signal]) => ({ code, signal }));
  return { child, end, said: () => said };
}

/** As `killed-upload.mjs` does it. */
async function finish(options: Options, settings: S3Settings, root: string, { id }: SealedSegment): Promise<void> {
  const { partSizeBytes, partsInFlight } = options;
  const spool = await spoolIn(root);
  const found = await spool.find(id);
  if (found === undefined) throw new Error(`${id} is not in its spool`);
  const source = await spool.read(id);
  const store = createS3Store(settings);
  const receipt = await uploadObject({
    ...{ store, source, partSizeBytes, partsInFlight, pool: createBufferPool(partsInFlight) },
    keys: objectKeysOf(found.segment),
    expected: expectedOf(found.segment),
    metadata: metadataOf(found.segment),
    checkpoint: found.kind === 'uploading' ? found.checkpoint : null,
    onCheckpoint: async (checkpoint) => await spool.recordCheckpoint(id, checkpoint),
    signal: AbortSignal.timeout(300_000),
  }).finally(() => store.close());
  await source.close();
  await spool.recordReceipt(id, receipt);
}

async function isWhole(store: ObjectStore, key: ObjectKey, root: string, { id }: SealedSegment): Promise<boolean> {
  const source = await (await spoolIn(root)).read(id);
  try {
    for (const { offsetBytes, sizeBytes } of planParts(source.sizeBytes, COMPARED_BYTES)) {
      const range = { store, key, source, offsetBytes, sizeBytes };
      if (!(await isRangeEqual(range, AbortSignal.timeout(20_000)))) return false;
    }
    return (await store.head(key, AbortSignal.timeout(20_000)))?.sizeBytes === source.sizeBytes;
  } finally {
    await source.close();
  }
}
