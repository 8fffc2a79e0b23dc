/** What a tool that knows nothing of us does to a bucket: bytes and names are kept, metadata is not. */
import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { pino } from 'pino';
import { expect, inject, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { DEFAULT_SPEC } from '../../src/domain/camera.js';
import type { GapClaim } from '../../src/domain/coverage.js';
import { parseCameraId, parseObjectKey, sessionIdOf } from '../../src/domain/ids.js';
import { gapObjectKeyOf, objectKeysOf } from '../../src/domain/object-key.js';
import type { SealedSegment } from '../../src/domain/segment.js';
import { createRecordingWalker } from '../../src/mp4/recording-index.js';
import { gapMetadataOf, metadataOf } from '../../src/object-store/coverage-metadata.js';
import type { ObjectStore } from '../../src/object-store/object-store.js';
import { createS3Store } from '../../src/object-store/s3.js';
import { readTimeline } from '../../src/playback/timeline.js';
import { createRemux } from '../../src/recorder/remux.js';
import { sealFile } from '../../src/recorder/sealer.js';
import { type ClosedFile, SessionProgress } from '../../src/recorder/session-progress.js';
import { openSpool } from '../../src/spool/open-spool.js';
import { makeRecordings, recordingKinds } from '../mp4/support/recordings.js';
import { tempDir } from '../support/temp-dir.js';
import { toolPath } from '../support/tools.js';
import { RECORDER } from './story.js';

const camera = parseCameraId('camera-1');
const log = pino({ level: 'silent' });
const soon = (): AbortSignal => AbortSignal.timeout(20_000);

interface Sealed {
  readonly segment: SealedSegment;
  readonly bytes: Uint8Array;
}

/** As the recorder seals what FFmpeg left; the first claims the ten minutes before it. */
async function sealedRecordings(): Promise<readonly Sealed[]> {
  const plain = recordingKinds['plain'];
  if (plain === undefined) throw new Error('no plain recording');
  const made = await makeRecordings(await tempDir('recordings'), plain);
  const session = sessionIdOf(Date.now(), 0.5);
  const spool = await openSpool(await tempDir('spool'), { log, reserveBytes: 4_096, recorderId: RECORDER });
  const dir = spool.layout.sessionDir(camera, session);
  await mkdir(dir, { recursive: true });
  for (const [index, path] of made.entries()) await copyFile(path, join(dir, `${String(index).padStart(6, '0')}.mp4`));
  const closed: ClosedFile[] = [];
  const spec = { ...DEFAULT_SPEC, segmentDurationSec: 4, source: { kind: 'secret', name: 'camera-1' } } as const;
  const policies = { lookEveryMs: 500, syncEveryMs: 5_000, probeLimitMs: 2_000 };
  const means = { clock: systemClock, log, createWalker: createRecordingWalker, policies };
  const progress = new SessionProgress(
    { id: session, dir, spec },
    { ...means, probeDisk: async () => 'in-time' },
    { progressed: () => undefined, closed: (file) => closed.push(file) },
  );
  await progress.finish();
  const sealed: Sealed[] = [];
  for (const file of closed) {
    const claimsBefore = ({ fromMs }: { readonly fromMs: number }): readonly GapClaim[] =>
      sealed.length > 0 ? [] : [{ cause: 'camera-stalled', fromMs: fromMs - 600_000, toMs: fromMs, by: RECORDER }];
    const deps = { spool, log, remux: createRemux(toolPath('ffmpeg')), claimsBefore };
    const job = { camera, session, segmentDurationSec: 4, file, closed: file.successor ? 'cut' : 'salvaged' } as const;
    const result = await sealFile(job, deps, soon());
    if (result.kind !== 'sealed') throw new Error(`it is ${result.kind}`);
    const source = await spool.read(result.segment.id);
    const bytes = Buffer.alloc(source.sizeBytes);
    await source.read(bytes, 0);
    await source.close();
    sealed.push({ segment: result.segment, bytes });
  }
  return sealed;
}

function newBucket(): ObjectStore {
  const bucket = `copy-${randomBytes(4).toString('hex')}`;
  const store = createS3Store({ ...inject('s3'), bucket, region: 'us-east-1' });
  onTestFinished(() => store.close());
  return store;
}

async function toFolder(bucket: ObjectStore, folder: string): Promise<void> {
  for await (const { key, sizeBytes } of bucket.list('', soon())) {
    await mkdir(join(folder, dirname(key)), { recursive: true });
    await writeFile(join(folder, key), await bucket.read(key, { offsetBytes: 0, sizeBytes }, soon()));
  }
}

async function fromFolder(folder: string, bucket: ObjectStore): Promise<void> {
  for (const file of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue;
    const path = join(file.parentPath, file.name);
    await bucket.putSmall(parseObjectKey(relative(folder, path)), await readFile(path), {}, soon());
  }
}

it('a bucket copied to a folder, and from there to a new bucket, tells the same story of every second', async () => {
  const [original, copy] = [newBucket(), newBucket()];
  await Promise.all([original, copy].map(async (bucket) => await bucket.ensureBucket(soon())));
  const sealed = await sealedRecordings();
  for (const { segment, bytes } of sealed) {
    await original.putSmall(objectKeysOf(segment).rival, bytes, metadataOf(segment), soon());
  }
  const [fromMs, toMs] = [sealed[0]?.segment.fromMs ?? 0, sealed.at(-1)?.segment.toMs ?? 0];
  const slot = { fromMs: Math.ceil(toMs / 4_000) * 4_000, toMs: Math.ceil(toMs / 4_000) * 4_000 + 4_000 };
  const claims = [{ cause: 'paused', fromMs: toMs, toMs: slot.toMs, by: RECORDER }] as const;
  const gap = { schema: 1, camera, recorder: RECORDER, ...slot, claims } as const;
  const body = Buffer.from(JSON.stringify(gap));
  await original.putSmall(gapObjectKeyOf(camera, slot.fromMs), body, gapMetadataOf(gap), soon());

  const folder = await tempDir('copied');
  await toFolder(original, folder);
  await fromFolder(folder, copy);

  const range = { fromMs: fromMs - 600_000, toMs: slot.toMs };
  const read = async (store: ObjectStore) => await readTimeline(camera, range, { store, nowMs: slot.toMs }, soon());
  const [told, retold] = [await read(original), await read(copy)];
  for await (const { key } of copy.list('', soon())) {
    expect((await copy.head(key, soon()))?.metadata).toEqual({});
  }
  expect(retold).toEqual(told);
  expect(told).toMatchObject({ objects: { segments: sealed.length, gaps: 1 }, unreadable: [] });
  const words = told.spans.map((span) => (span.kind === 'gap' ? span.cause : span.kind));
  // The recordings were made faster than a camera makes them, and may overlap.
  expect([...new Set(words)]).toEqual(['camera-stalled', 'footage', 'paused']);
});
