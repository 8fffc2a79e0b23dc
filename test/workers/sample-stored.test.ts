import { pino } from 'pino';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { type ObjectKey, parseCameraId, type SegmentId } from '../../src/domain/ids.js';
import { objectKeysOf } from '../../src/domain/object-key.js';
import type { SealedSegment } from '../../src/domain/segment.js';
import { metadataOf } from '../../src/object-store/coverage-metadata.js';
import { MemoryStore } from '../../src/object-store/memory.js';
import { StoreError } from '../../src/object-store/object-store.js';
import { redact } from '../../src/redact.js';
import { createLink } from '../../src/workers/link.js';
import { StoredSampler } from '../../src/workers/sample-stored.js';
import { UploadLedger } from '../../src/workers/upload-ledger.js';
import { randomFrom } from '../long/chaos/random.js';
import { expectedOf } from '../object-store/byte-source.js';
import { MemorySpool, SEGMENT_BYTES } from '../support/memory-spool.js';
import { segmentOf } from '../support/worker-harness.js';

const camera = parseCameraId('camera-1');
const SIGNAL = AbortSignal.timeout(20_000);

/** A store that shows what it was given, and gives what a test says. */
class BentStore extends MemoryStore {
  readonly given = new Map<ObjectKey, () => Uint8Array>();
  readonly reads: ObjectKey[] = [];
  override async read(...[key, range, signal]: Parameters<MemoryStore['read']>): Promise<Uint8Array> {
    this.reads.push(key);
    const bytes = this.given.get(key)?.() ?? (await super.read(key, range, signal));
    return bytes.subarray(0, range.sizeBytes);
  }
}

/** Segments in the store, of which those in `kept` are in the spool as well. */
async function scene(options: { readonly stored: number; readonly kept: number }) {
  const store = new BentStore();
  const spool = new MemorySpool('samples');
  const segments = Array.from({ length: options.stored }, (_, index) => whole(segmentOf(camera, spool, index)));
  for (const [index, segment] of segments.entries()) {
    const key = objectKeysOf(segment).preferred;
    await store.putSmall(key, SEGMENT_BYTES, metadataOf(segment), SIGNAL);
    if (index >= options.kept) continue;
    spool.add(segment);
    await spool.recordReceipt(segment.id, { key, sizeBytes: segment.sizeBytes, proof: 'full-crc32', atMs: 0 });
  }
  const slept: number[] = [];
  const clock = { ...systemClock, sleep: async (ms: number) => void slept.push(ms) };
  const log = pino({ level: 'silent' });
  const ledger = new UploadLedger({ clock, log, store: createLink('store', clock, log) });
  const resent: SegmentId[] = [];
  const drawn = randomFrom(1);
  const sampler = new StoredSampler({
    ...{ spool, store, ledger, clock, log, cameras: () => [camera], everyMs: 1_000 },
    random: () => drawn.between(0, 9_999) / 10_000,
    onLost: (segment) => void resent.push(segment),
  });
  const counts = () => {
    const { verifiedObjects = 0, damagedObjects = 0 } = ledger.uploads.get(camera) ?? {};
    return { verifiedObjects, damagedObjects };
  };
  const pass = async (times = 1): Promise<void> => {
    for (let turn = 0; turn < times; turn += 1) await sampler.pass(SIGNAL);
  };
  return {
    store,
    spool,
    segments,
    ledger,
    resent,
    slept,
    counts,
    pass,
    keyOf: (index: number) => keyAt(segments, index),
  };
}

function whole(segment: SealedSegment): SealedSegment {
  const { sha256Hex } = expectedOf(SEGMENT_BYTES.subarray(segment.recording.offsetBytes));
  return { ...segment, recording: { ...segment.recording, sha256Hex } };
}

function keyAt(segments: readonly SealedSegment[], index: number): ObjectKey {
  const segment = segments[index];
  if (segment === undefined) throw new Error(`there is no segment ${index}`);
  return objectKeysOf(segment).preferred;
}

test('objects of the spool and of the bucket are read back whole, in turn and slowly, and counted', async () => {
  const { store, counts, pass, slept, keyOf } = await scene({ stored: 3, kept: 1 });
  await pass(40);
  expect(counts()).toEqual({ verifiedObjects: 40, damagedObjects: 0 });
  expect(new Set(store.reads)).toEqual(new Set([0, 1, 2].map(keyOf)));
  expect(slept.slice(1)).toEqual(Array.from({ length: 40 }, () => (SEGMENT_BYTES.length / (8 * 1024 * 1024)) * 1_000));
});

test('an empty bucket is no failure', async () => {
  const { counts, pass } = await scene({ stored: 0, kept: 0 });
  await pass(4);
  expect(counts()).toEqual({ verifiedObjects: 0, damagedObjects: 0 });
});

test.each([
  ['other bytes', () => SEGMENT_BYTES.map((byte) => byte ^ 1), /^its CRC-32 is [0-9a-f]{8}, not/],
  ['fewer bytes', () => SEGMENT_BYTES.subarray(0, 500), /^it ends at byte 500 of 1000$/],
])(
  'an object that gives %s is an alarm, and its segment is sealed again, not to be sent there',
  async (_, given, why) => {
    const { store, spool, segments, ledger, counts, resent, pass, keyOf } = await scene({ stored: 1, kept: 1 });
    store.given.set(keyOf(0), given);
    await pass();
    expect(ledger.damagedObjects).toMatchObject([
      { key: keyOf(0), why: expect.stringMatching(why), remedy: 'sent again' },
    ]);
    expect(resent).toEqual([segments[0]?.id]);
    expect([...spool.segments.values()]).toMatchObject([{ kind: 'sealed' }]);
    expect(await spool.damagedKeys(resent[0] as SegmentId)).toEqual([keyOf(0)]);
    await pass(8);
    expect(counts()).toEqual({ verifiedObjects: 0, damagedObjects: 1 });
    expect(ledger.damagedObjects).toMatchObject([{ key: keyOf(0), remedy: 'sent again' }]);
  },
);

test('bytes that are right when they are read once more were changed on the way', async () => {
  const { store, counts, pass, keyOf } = await scene({ stored: 1, kept: 1 });
  let reads = 0;
  store.given.set(keyOf(0), () => (++reads === 1 ? SEGMENT_BYTES.map((byte) => byte ^ 1) : SEGMENT_BYTES));
  await pass();
  expect(counts()).toEqual({ verifiedObjects: 1, damagedObjects: 0 });
});

test.each([
  ['lost', false],
  ['stored again', true],
] as const)(
  'an object whose recording is no longer here is told as %s (at its other key: %s)',
  async (remedy, hasOther) => {
    const { store, segments, ledger, resent, pass, keyOf } = await scene({ stored: 1, kept: 0 });
    store.given.set(keyOf(0), () => SEGMENT_BYTES.map((byte) => byte ^ 1));
    if (hasOther && segments[0] !== undefined) {
      await store.putSmall(objectKeysOf(segments[0]).rival, SEGMENT_BYTES, metadataOf(segments[0]), SIGNAL);
    }
    for (let turn = 0; ledger.damagedObjects.length === 0 && turn < 4; turn += 1) await pass();
    expect(ledger.damagedObjects).toMatchObject([{ key: keyOf(0), remedy }]);
    expect(resent).toEqual([]);
  },
);

test.each([
  ['store-failing', 3],
  // A read that breaks off is tried three times at once.
  ['store-unreachable', 9],
] as const)(
  'an object that is never given (%s), while others are, is damaged after the third try',
  async (code, reads) => {
    const { store, ledger, counts, pass, keyOf } = await scene({ stored: 2, kept: 1 });
    store.given.set(keyOf(0), () => {
      throw new StoreError(code, redact('read: 500 InternalError'));
    });
    for (let turn = 0; ledger.damagedObjects.length === 0 && turn < 12; turn += 1) await pass();
    expect(ledger.damagedObjects).toMatchObject([
      { key: keyOf(0), why: expect.stringContaining('500'), remedy: 'sent again' },
    ]);
    expect(store.reads.filter((key) => key === keyOf(0))).toHaveLength(reads);
    expect(counts().verifiedObjects).toBeGreaterThan(0);
  },
);

test('a store that is away fails the pass, and no object is blamed', async () => {
  const { store, ledger, counts, pass, keyOf } = await scene({ stored: 1, kept: 1 });
  const head = store.head.bind(store);
  let heads = 0;
  const away = (): never => {
    throw new StoreError('store-unreachable', redact('ECONNREFUSED'));
  };
  store.given.set(keyOf(0), away);
  store.head = async (key, signal) => (++heads % 2 === 0 ? away() : await head(key, signal));
  for (let turn = 0; turn < 5; turn += 1) await expect(pass()).rejects.toMatchObject({ code: 'store-unreachable' });
  expect([ledger.damagedObjects, counts().damagedObjects]).toEqual([[], 0]);
});

test('what other programs put beside our objects is passed over, and so is what is deleted while it is read', async () => {
  const { store, counts, pass, keyOf } = await scene({ stored: 1, kept: 0 });
  await store.putSmall(keyAtHand('camera-1/20251214/02-00-00_camera-1.mp4'), Buffer.from('film'), {}, SIGNAL);
  await store.putSmall(keyAtHand('camera-1/readme.txt'), Buffer.from('text'), {}, SIGNAL);
  store.given.set(keyOf(0), () => {
    throw new StoreError('store-unexpected', redact('read: 404 NoSuchKey'));
  });
  const head = store.head.bind(store);
  let heads = 0;
  store.head = async (key, signal) => (key === keyOf(0) && ++heads % 2 === 0 ? undefined : await head(key, signal));
  await pass(6);
  expect(counts()).toEqual({ verifiedObjects: 0, damagedObjects: 0 });
});

function keyAtHand(text: string): ObjectKey {
  return text as ObjectKey;
}
