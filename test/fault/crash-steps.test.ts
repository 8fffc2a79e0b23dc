/**
 * Power goes off between any two steps of upload and deletion, on disk or in the store; whoever starts next
 * goes on, and INV-1…3 hold before and after. Sealing is crashed so in `test/spool/crash.test.ts`, announcing in `crash-announce.test.ts`.
 */
import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { sendTo } from '../../src/activities/send-segment.js';
import { createUploadActivities } from '../../src/activities/upload.js';
import { systemClock } from '../../src/clock.js';
import { crc32Hex } from '../../src/domain/crc32.js';
import type { ObjectKey } from '../../src/domain/ids.js';
import type { SealedSegment } from '../../src/domain/segment.js';
import { createBufferPool } from '../../src/object-store/buffer-pool.js';
import { MemoryStore } from '../../src/object-store/memory.js';
import type { Spool } from '../../src/spool/spool.js';
import { ItemRetries } from '../../src/workers/item-retries.js';
import { createLink } from '../../src/workers/link.js';
import { reclaimStored } from '../../src/workers/reclaim.js';
import { sweepUploads } from '../../src/workers/sweep-uploads.js';
import { UploadLedger } from '../../src/workers/upload-ledger.js';
import { type FailingDisk, failingDisk } from '../spool/failing-disk.js';
import { camera, closedRecording, collect, silent, spoolIn, temporaryFolder } from '../spool/segments.js';
import { runActivity } from '../support/activity-run.js';
import { TEST_POLICIES } from '../support/worker-harness.js';

const HEADER = Buffer.from('header');
/** Of two parts. */
const LARGE = randomBytes(8 * 1024 * 1024 + 1);
const SMALL = LARGE.subarray(0, 1_000);
const DAY_MS = 86_400_000;
const SOON = () => AbortSignal.timeout(20_000);

/** One spool and one store, which outlive every process that uses them. */
interface Machine {
  readonly root: string;
  readonly segment: SealedSegment;
  /** Of the whole segment. */
  readonly whole: Buffer;
  readonly store: MemoryStore;
  /** A process that opens the spool, and dies before its step of this number. */
  start(dieBefore: number): Promise<{ readonly spool: Spool; readonly disk: FailingDisk }>;
  /** Moves the store's clock. */
  later(byMs: number): void;
}

async function machineWith(recording: Buffer): Promise<Machine> {
  const whole = Buffer.concat([HEADER, recording]);
  const root = await temporaryFolder();
  let power = failingDisk();
  let nowMs = Date.now();
  const onRequest = async ({ when, operation }: { readonly when: string; readonly operation: string }) =>
    await power.step(`${operation}, ${when}`);
  const store = new MemoryStore({ onRequest, nowMs: () => nowMs });
  const first = await spoolIn(root);
  const request = await closedRecording(first.layout, { header: HEADER.toString() });
  await writeFile(request.recordingPath, recording);
  const segment: SealedSegment = {
    ...request.segment,
    sizeBytes: whole.length,
    crc32Hex: crc32Hex(crc32(whole)),
    recording: {
      offsetBytes: HEADER.length,
      sizeBytes: recording.length,
      completeBytes: recording.length,
      sha256Hex: createHash('sha256').update(recording).digest('hex'),
    },
  };
  await first.seal({ ...request, segment });
  return {
    root,
    segment,
    whole,
    store,
    start: async (dieBefore) => {
      power = failingDisk();
      const spool = await spoolIn(root, power);
      power.steps.length = 0;
      power.crashAt(dieBefore);
      return { spool, disk: power };
    },
    later: (byMs) => {
      nowMs += byMs;
    },
  };
}

type Procedure = (of: Machine, spool: Spool) => Promise<unknown>;

const upload: Procedure = async ({ store, segment }, spool) => {
  const nothing = (): void => undefined;
  const { uploadSegment } = createUploadActivities({
    spool,
    send: sendTo(store, createBufferPool(4)),
    atOnce: 4,
    findStored: async () => undefined,
    observer: { started: nothing, touched: nothing, stored: nothing, failed: nothing, ended: nothing },
    heartbeatEveryMs: 10_000,
    slowRetryMs: 1,
    waitForOtherMs: 1,
  });
  await runActivity(async () => await uploadSegment({ segment: segment.id })).outcome;
};

/** Ends uploads that were begun, and of which no checkpoint tells: a day later. */
const sweep: Procedure = async ({ store }, spool) => {
  const clock = { ...systemClock, wallMs: () => Date.now() + 2 * DAY_MS };
  const deps = {
    spool,
    store,
    clock,
    log: silent,
    cameras: [camera],
    abandonedAfterMs: DAY_MS,
    forsakenAfterMs: 30 * DAY_MS,
  };
  await sweepUploads({ ...deps, onSwept: () => undefined }, SOON());
};

const reclaim: Procedure = async ({ store }, spool) => {
  const link = createLink('store', systemClock, silent);
  const deps = {
    ...{ spool, store, link, clock: systemClock, log: silent, policies: TEST_POLICIES, keepLocalMs: -DAY_MS },
    ledger: new UploadLedger({ clock: systemClock, log: silent, store: link }),
    retries: new ItemRetries<SealedSegment['id']>({
      ...{ name: 'reclaim', everyMs: 1, clock: systemClock, log: silent, failed: () => undefined },
    }),
    onLost: () => undefined,
  };
  await reclaimStored(deps, SOON());
};

const NEVER = Number.POSITIVE_INFINITY;

/** Runs it with a death before each step, on a machine of its own each time. @returns the steps of a run that lives */
async function dieAtEachStep(
  prepare: () => Promise<Machine>,
  procedure: Procedure,
  check: (of: Machine) => Promise<void>,
): Promise<readonly string[]> {
  for (let step = 0; ; step += 1) {
    const of = await prepare();
    const { spool, disk } = await of.start(step);
    await procedure(of, spool).catch(() => undefined);
    if (!disk.hasCrashed) return told(disk.steps, of.segment);
    await expectNothingLost(of);
    await check(of);
  }
}

/** For people; parts are sent side by side, and told once. */
function told(steps: readonly string[], { id }: SealedSegment): readonly string[] {
  const isFirst = (step: string, position: number): boolean => steps.indexOf(step) === position;
  return steps
    .filter((step, position) => !step.startsWith('putPart') || isFirst(step, position))
    .map((step) => step.replaceAll(id, '<segment>'));
}

/** INV-1 and 2: the segment is whole in the spool, or was let go and is whole in the store; a receipt is never wrong. */
async function expectNothingLost(of: Machine): Promise<void> {
  const { spool } = await of.start(NEVER);
  const found = await spool.find(of.segment.id);
  if (found !== undefined) {
    expect(found.segment).toEqual(of.segment);
    const source = await spool.read(of.segment.id);
    const bytes = Buffer.alloc(source.sizeBytes);
    await source.read(bytes, 0);
    await source.close();
    expect(bytes.equals(of.whole)).toBe(true);
  }
  if (found === undefined) await expectStoredOnce(of);
}

/** INV-3: one object with the right bytes, and no upload that is left once the sweep was there. */
async function expectStoredOnce(of: Machine): Promise<void> {
  const { store, whole } = of;
  await sweep(of, (await of.start(NEVER)).spool);
  const objects = await collect(store.list('', SOON()));
  expect(objects).toHaveLength(1);
  const bytes = await store.read(objects[0]?.key as ObjectKey, { offsetBytes: 0, sizeBytes: whole.length }, SOON());
  expect(whole.equals(bytes)).toBe(true);
  expect(await collect(store.listUploads('', SOON()))).toEqual([]);
}

async function uploaded(): Promise<Machine> {
  const of = await machineWith(SMALL);
  await upload(of, (await of.start(NEVER)).spool);
  of.later(DAY_MS);
  return of;
}

describe('a process that dies before any step', () => {
  it('of an upload leaves one that the next goes on with: one object, one receipt', { timeout: 60_000 }, async () => {
    const steps = await dieAtEachStep(
      async () => await machineWith(LARGE),
      upload,
      async (of) => {
        const { spool } = await of.start(NEVER);
        if ((await spool.find(of.segment.id))?.kind === 'stored') await expectStoredOnce(of);
        await upload(of, spool);
        expect((await spool.find(of.segment.id))?.kind).toBe('stored');
        await expectStoredOnce(of);
      },
    );
    expect(steps).toMatchInlineSnapshot(`
      [
        "head, before",
        "head, after",
        "createUpload, before",
        "createUpload, after",
        "write <segment>.upload.json.tmp",
        "rename <segment>.upload.json.tmp <segment>.upload.json",
        "sync camera-1/",
        "putPart, before",
        "putPart, after",
        "complete, before",
        "complete, after",
        "head, before",
        "head, after",
        "remove <segment>.upload.json",
        "sync camera-1/",
        "write <segment>.receipt.json.tmp",
        "rename <segment>.receipt.json.tmp <segment>.receipt.json",
        "sync camera-1/",
        "remove <segment>.upload.json",
      ]
    `);
  });

  it('of a deletion leaves the segment stored and whole, or gone and in the store', { timeout: 60_000 }, async () => {
    const steps = await dieAtEachStep(uploaded, reclaim, async (of) => {
      const { spool } = await of.start(NEVER);
      await reclaim(of, spool);
      expect(await spool.find(of.segment.id)).toBeUndefined();
      await expectStoredOnce(of);
    });
    expect(steps).toMatchInlineSnapshot(`
      [
        "head, before",
        "head, after",
        "read, before",
        "read, after",
        "rename <segment>.receipt.json <segment>.reclaim.json",
        "sync camera-1/",
        "remove <segment>.json",
        "remove <segment>.recording.mp4",
        "remove <segment>.header",
        "remove <segment>.upload.json",
        "remove <segment>.receipt.json",
        "remove <segment>.damaged.json",
        "sync camera-1/",
        "remove <segment>.reclaim.json",
        "sync camera-1/",
      ]
    `);
  });

  it('of finding that the store lost it leaves it to be sent again', { timeout: 60_000 }, async () => {
    const lost = async (): Promise<Machine> => {
      const of = await uploaded();
      const objects = await collect(of.store.list('', SOON()));
      await of.store.delete(
        objects.map(({ key }) => key),
        SOON(),
      );
      return of;
    };
    const steps = await dieAtEachStep(lost, reclaim, async (of) => {
      const { spool } = await of.start(NEVER);
      await reclaim(of, spool);
      expect((await spool.find(of.segment.id))?.kind).toBe('sealed');
      await upload(of, spool);
      await expectStoredOnce(of);
    });
    expect(steps).toMatchInlineSnapshot(`
      [
        "head, before",
        "head, after",
        "remove <segment>.receipt.json",
        "sync camera-1/",
        "remove <segment>.upload.json",
      ]
    `);
  });
});
