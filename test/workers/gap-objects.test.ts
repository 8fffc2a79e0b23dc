import { randomBytes } from 'node:crypto';
import { mkdir, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { changeDayRecord, keepDayRecord } from '../../src/activities/day-records.js';
import type { CameraCondition } from '../../src/domain/camera.js';
import type { GapClaim } from '../../src/domain/coverage.js';
import { withExpired } from '../../src/domain/day-record.js';
import { type CameraId, parseCameraId, sessionIdOf } from '../../src/domain/ids.js';
import { gapObjectKeyOf, objectKeysOf } from '../../src/domain/object-key.js';
import type { SealedSegment } from '../../src/domain/segment.js';
import { parseUtcDay } from '../../src/domain/utc-day.js';
import { MemoryStore } from '../../src/object-store/memory.js';
import type { ObjectStore } from '../../src/object-store/object-store.js';
import { createS3Store } from '../../src/object-store/s3.js';
import { readTimeline } from '../../src/playback/timeline.js';
import { createSpoolLayout } from '../../src/spool/layout.js';
import type { Assignment } from '../../src/spool/spool.js';
import { GapObjects } from '../../src/workers/gap-objects.js';
import { at, claim, RECORDER, segment, store } from '../playback/story.js';
import { FakeRecorder, recordingNow } from '../support/fake-recorder.js';
import { MemorySpool } from '../support/memory-spool.js';
import { tempDir } from '../support/temp-dir.js';
import { waitFor } from '../support/wait-for.js';
import { SPEC, startTestWorker } from '../support/worker-harness.js';

const camera = parseCameraId('camera-1');
const soon = (): AbortSignal => AbortSignal.timeout(10_000);

/** A recorder at a time of our choosing, on the morning of 2025-12-14, with segments of 15 minutes. */
class Morning {
  readonly spool: MemorySpool;
  readonly recorder = new FakeRecorder();
  readonly bucket: ObjectStore;
  nowMs = 0;
  #loop: GapObjects;

  constructor(bucket: ObjectStore = new MemoryStore(), root?: string) {
    this.bucket = bucket;
    this.spool = new MemorySpool(RECORDER, root);
    this.#loop = this.#started();
  }

  async assign(changes: Partial<Assignment> & { readonly openClaims: readonly GapClaim[] }): Promise<void> {
    await this.spool.assignments.save({
      schema: 1,
      camera,
      spec: { ...SPEC, segmentDurationSec: 900 },
      desired: 'record',
      stopCause: null,
      lastEndedAtMs: changes.openClaims[0]?.fromMs ?? null,
      notBeforeMs: null,
      taskToken: null,
      updatedAtMs: 0,
      ...changes,
    });
  }

  async pass(time: string): Promise<void> {
    this.nowMs = at(time);
    await this.#loop.pass(soon());
  }

  restart(): void {
    this.#loop = this.#started();
  }

  /** Times of the gap objects, of one camera. */
  async told(of: CameraId = camera): Promise<readonly string[]> {
    const times: string[] = [];
    for await (const { key } of this.bucket.list(`${of}/`, soon())) {
      if (key.endsWith('.gap.json')) times.push(key.slice(of.length + 10, of.length + 18));
    }
    return times;
  }

  /** `10:00:00 footage, 10:15:00 paused`: from the bucket alone. */
  async story(from: string, to: string, of: CameraId = camera): Promise<string> {
    const range = { fromMs: at(from), toMs: at(to) };
    const { spans } = await readTimeline(of, range, { store: this.bucket, nowMs: at('2026-01-01T00:00:00Z') }, soon());
    const word = (span: (typeof spans)[number]): string => (span.kind === 'gap' ? span.cause : span.kind);
    return spans.map((span) => `${new Date(span.fromMs).toISOString().slice(11, 19)} ${word(span)}`).join(', ');
  }

  #started(): GapObjects {
    const { spool, recorder, bucket } = this;
    const clock = { wallMs: () => this.nowMs };
    return new GapObjects({ spool, recorder, store: bucket, clock, log: pino({ level: 'silent' }) });
  }
}

function down(sinceMs: number): CameraCondition {
  return { kind: 'down', sinceMs, cause: 'camera-unreachable', retryAtMs: 0, detail: '' as never };
}

it('what was told of a slot and has expired is not told again', async () => {
  const morning = new Morning();
  await store(morning.bucket, [segment(camera, '10:00', '10:03')]);
  await morning.assign({ openClaims: [claim('camera-unreachable', '10:03', '10:04')] });
  await morning.pass('10:38');
  expect(await morning.told()).toEqual(['10-15-00']);
  const of = { camera, day: parseUtcDay('20251214'), nowMs: at('2025-12-15T01:00:00Z') };
  await keepDayRecord(morning.bucket, of, soon());
  const told = gapObjectKeyOf(camera, at('10:15'));
  await changeDayRecord(
    morning.bucket,
    of,
    (record) => withExpired(record, new Set([told]), Date.now() + 10_000),
    soon(),
  );
  await morning.bucket.delete([told], soon());
  morning.restart();
  await morning.pass('2025-12-15T01:00:00Z');
  const now = await morning.told();
  expect(now).not.toContain('10-15-00');
  expect(now).toContain('10-30-00');
});

describe('a slot without footage', () => {
  it('gets its object half a slot after it ended, once, and with it the rest of the slot before is explained', async () => {
    const morning = new Morning();
    await store(morning.bucket, [segment(camera, '10:00', '10:03')]);
    await morning.assign({ openClaims: [claim('camera-unreachable', '10:03', '10:04')] });
    await morning.pass('10:37');
    expect(await morning.told()).toEqual([]);
    await morning.pass('10:38');
    expect(await morning.told()).toEqual(['10-15-00']);
    expect(await morning.story('10:00', '10:30')).toBe('10:00:00 footage, 10:03:00 camera-unreachable');
    const puts = countPuts(morning.bucket);
    await morning.pass('10:38');
    morning.restart();
    await morning.pass('10:39');
    expect(puts()).toBe(0);
    await morning.pass('11:00');
    expect(await morning.told()).toEqual(['10-15-00', '10-30-00']);
    expect(await morning.story('10:00', '10:45')).toBe('10:00:00 footage, 10:03:00 camera-unreachable');
  });

  it('says what changed inside the gap, and the footage that ends it agrees', async () => {
    const morning = new Morning();
    const causes = [claim('camera-stalled', '10:03', '10:20'), claim('camera-refused', '10:20', '10:21')];
    await store(morning.bucket, [segment(camera, '10:00', '10:03')]);
    await morning.assign({ openClaims: causes });
    await morning.pass('10:53');
    const told = '10:00:00 footage, 10:03:00 camera-stalled, 10:20:00 camera-refused';
    expect(await morning.story('10:00', '10:45')).toBe(told);
    const [stalled] = causes;
    const gapsBefore = [...(stalled === undefined ? [] : [stalled]), claim('camera-refused', '10:20', '10:50')];
    await store(morning.bucket, [segment(camera, '10:50', '11:00', gapsBefore)]);
    expect(await morning.story('10:00', '11:00')).toBe(`${told}, 10:50:00 footage`);
  });

  it('is told of from the footage after it, sealed or stored, when that came first', async () => {
    const gapsBefore = [claim('recorder-restarted', '10:03', '10:50')];
    const stored = new Morning();
    await store(stored.bucket, [segment(camera, '10:00', '10:03'), segment(camera, '10:50', '11:00', gapsBefore)]);
    const sealed = new Morning();
    await store(sealed.bucket, [segment(camera, '10:00', '10:03')]);
    sealed.spool.add(segment(camera, '10:50', '11:00', gapsBefore));
    for (const morning of [stored, sealed]) {
      await morning.assign({ openClaims: [], lastEndedAtMs: at('11:00') });
      await morning.pass('11:10');
      expect(await morning.told()).toEqual(['10-15-00', '10-30-00']);
      expect(await morning.story('10:00', '10:45')).toBe('10:00:00 footage, 10:03:00 recorder-restarted');
    }
  });

  it('gets none while a file that is not sealed yet may hold footage of it', async () => {
    const root = await tempDir('gap-objects');
    const morning = new Morning(new MemoryStore(), root);
    const open = createSpoolLayout(root).sessionDir(camera, sessionIdOf(at('10:20'), 0));
    await mkdir(open, { recursive: true });
    await writeFile(join(open, '000000.mp4'), 'x');
    await utimes(join(open, '000000.mp4'), at('10:20') / 1_000, at('10:20') / 1_000);
    await morning.assign({ openClaims: [claim('camera-stalled', '10:00', '10:01')] });
    await morning.pass('11:10');
    expect(await morning.told()).toEqual(['10-00-00']);
    // It was empty: no segment came of it.
    await rm(open, { recursive: true });
    await morning.pass('11:10');
    expect(await morning.told()).toEqual(['10-00-00', '10-15-00', '10-30-00', '10-45-00']);
  });

  it('gets none when footage is in the spool, or nobody knows why there is none', async () => {
    const morning = new Morning();
    morning.spool.add(segment(camera, '10:00', '10:15'));
    await store(morning.bucket, [segment(camera, '09:30', '09:45'), segment(camera, '10:15', '10:30')]);
    await morning.assign({ openClaims: [], lastEndedAtMs: at('10:30') });
    await morning.pass('10:50');
    expect(await morning.told()).toEqual([]);
  });
});

describe('a camera that is stopped', () => {
  it.each([
    ['paused' as const, ['10-15-00', '10-30-00', '10-45-00', '11-00-00']],
    ['removed' as const, ['10-15-00']],
    ['moved' as const, []],
  ])('%s is told of at %j', async (stopCause, expected) => {
    const morning = new Morning();
    await store(morning.bucket, [segment(camera, '10:00', '10:03')]);
    await morning.assign({ desired: 'stop', stopCause, openClaims: [claim(stopCause, '10:03', '10:04')] });
    await morning.pass('10:40');
    await morning.pass('11:25');
    expect(await morning.told()).toEqual(expected);
    const rest = stopCause === 'moved' ? 'unexplained' : stopCause;
    expect(await morning.story('10:00', '11:15')).toBe(`10:00:00 footage, 10:03:00 ${rest}`);
  });
});

describe('a camera that never recorded', () => {
  it('is told of since it is known to be down, and a restart leaves no hole', async () => {
    const morning = new Morning();
    await morning.assign({ openClaims: [] });
    morning.recorder.recording.set(camera, down(at('10:05')));
    await morning.pass('10:23');
    morning.restart();
    morning.recorder.recording.set(camera, down(at('10:25')));
    await morning.pass('10:40');
    expect(await morning.told()).toEqual(['10-00-00', '10-15-00']);
    expect(await morning.story('09:00', '10:30')).toBe('10:05:00 camera-unreachable');
  });
});

it('a month without footage is told of in several passes', async () => {
  const morning = new Morning();
  await morning.assign({ openClaims: [claim('camera-unreachable', '2025-12-12T10:00:00Z', '2025-12-12T10:00:01Z')] });
  const counts: number[] = [];
  for (let pass = 0; pass < 3; pass += 1) {
    await morning.pass('12:08');
    counts.push((await morning.told()).length);
  }
  expect(counts).toEqual([96, 192, 200]);
});

it('a camera whose objects cannot be written does not keep the next one from being told of', async () => {
  const bucket = new MemoryStore();
  const morning = new Morning(bucket);
  const other = parseCameraId('camera-2');
  const openClaims = [claim('camera-stalled', '10:00', '10:01')];
  await morning.assign({ openClaims });
  await morning.assign({ openClaims, camera: other });
  const put = bucket.putSmall.bind(bucket);
  bucket.putSmall = async (key, ...rest) => {
    if (key.startsWith(`${camera}/`)) throw new Error('refused');
    await put(key, ...rest);
  };
  await expect(morning.pass('10:23')).rejects.toThrow('refused');
  expect([await morning.told(), await morning.told(other)]).toEqual([[], ['10-00-00']]);
  bucket.putSmall = put;
  await morning.pass('10:23');
  expect(await morning.told()).toEqual(['10-00-00']);
});

it('SeaweedFS keeps them, and its bucket alone explains the camera', async () => {
  const bucket = createS3Store({
    ...inject('s3'),
    region: 'us-east-1',
    bucket: `gaps-${randomBytes(4).toString('hex')}`,
  });
  onTestFinished(() => bucket.close());
  await bucket.ensureBucket(soon());
  const morning = new Morning(bucket);
  const { preferred } = objectKeysOf(segment(camera, '09:45', '10:00'));
  const before: SealedSegment = segment(camera, '09:45', '10:00');
  await store(bucket, [before]);
  await morning.assign({ desired: 'stop', stopCause: 'paused', openClaims: [claim('paused', '10:00', '10:01')] });
  await morning.pass('10:38');
  expect(await morning.told()).toEqual(['10-00-00', '10-15-00']);
  expect(await morning.story('09:45', '10:30')).toBe('09:45:00 footage, 10:00:00 paused');
  expect(await bucket.head(preferred, soon())).toBeDefined();
});

it('the worker tells of them by itself, once the store answers', async () => {
  const { address, namespace } = inject('temporal');
  const cut = parseCameraId(`gap-${randomBytes(4).toString('hex')}`);
  const bucket = new MemoryStore();
  let isAway = true;
  const ensure = bucket.ensureBucket.bind(bucket);
  bucket.ensureBucket = async (signal) => {
    if (isAway) throw new Error('away');
    return await ensure(signal);
  };
  const recorderId = `gaps-${randomBytes(4).toString('hex')}`;
  const spool = new MemorySpool(recorderId, await tempDir('gap-worker'));
  const slotMs = 2_000;
  const nowMs = Date.now();
  await spool.assignments.save({
    schema: 1,
    camera: cut,
    spec: { ...SPEC, segmentDurationSec: slotMs / 1_000 },
    desired: 'stop',
    stopCause: 'paused',
    lastEndedAtMs: nowMs,
    notBeforeMs: null,
    openClaims: [{ cause: 'paused', fromMs: nowMs, toMs: nowMs, by: spool.recorder }],
    taskToken: null,
    updatedAtMs: nowMs,
  });
  const worker = await startTestWorker({ address, namespace, recorderId, spool, store: bucket });
  worker.recorder.recording.set(cut, recordingNow());
  const keys = async (): Promise<readonly string[]> => {
    const found: string[] = [];
    for await (const { key } of bucket.list(`${cut}/`, soon())) found.push(key);
    return found;
  };
  await waitFor(() => typeof worker.worker.status().store?.detail === 'string', {
    what: 'the store to be missed',
    deadlineMs: 10_000,
  });
  expect(await keys()).toEqual([]);
  isAway = false;
  await waitFor(async () => (await keys()).length > 0, { what: 'a gap object', deadlineMs: 15_000 });
});

function countPuts(bucket: ObjectStore): () => number {
  const put = bucket.putSmall.bind(bucket);
  let count = 0;
  bucket.putSmall = async (...args) => {
    count += 1;
    await put(...args);
  };
  return () => count;
}
