import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { changeDayRecord, keepDayRecord } from '../../src/activities/day-records.js';
import { systemClock } from '../../src/clock.js';
import { withExpired } from '../../src/domain/day-record.js';
import { type CameraId, parseCameraId } from '../../src/domain/ids.js';
import { objectKeysOf } from '../../src/domain/object-key.js';
import { parseUtcDay } from '../../src/domain/utc-day.js';
import { MemoryStore } from '../../src/object-store/memory.js';
import type { ObjectStore } from '../../src/object-store/object-store.js';
import { createS3Store } from '../../src/object-store/s3.js';
import { readTimeline } from '../../src/playback/timeline.js';
import type { Assignment } from '../../src/spool/spool.js';
import { LastEnds } from '../../src/workers/last-ends.js';
import { at, claim, gapObject, segment, store, storeGap } from '../playback/story.js';
import { FakeRecorder } from '../support/fake-recorder.js';
import { MemorySpool } from '../support/memory-spool.js';
import { startSystem } from '../support/recorder-system.js';
import { waitFor } from '../support/wait-for.js';
import { assignmentOf } from '../support/worker-harness.js';

const SEGMENT_SEC = 15;
const soon = (): AbortSignal => AbortSignal.timeout(20_000);

async function asking(bucket: ObjectStore, assignments: readonly Assignment[]) {
  const recorder = new FakeRecorder();
  const spool = new MemorySpool('box');
  for (const assignment of assignments) await spool.assignments.save(assignment);
  const clock = { wallMs: () => at('12:00') };
  const lastEnds = new LastEnds({ spool, store: bucket, recorder, clock, log: pino({ level: 'silent' }) });
  const pass = async () => await lastEnds.pass(soon());
  return { pass, recorder, spool };
}

/** What the recorder is told, as a time. */
async function toldOf(camera: CameraId, bucket: ObjectStore): Promise<string | undefined> {
  const { pass, recorder } = await asking(bucket, [assignmentOf(camera)]);
  await pass();
  const endedAtMs = recorder.earlierEnds.get(camera);
  return endedAtMs === undefined ? undefined : new Date(endedAtMs).toISOString().slice(5, 19);
}

const buckets: readonly (readonly [string, () => ObjectStore])[] = [
  ['in memory', () => new MemoryStore()],
  [
    'SeaweedFS',
    () => {
      const bucket = createS3Store({ ...inject('s3'), region: 'us-east-1' });
      onTestFinished(() => bucket.close());
      return bucket;
    },
  ],
];

describe.each(buckets)('a camera without any past here, and a full bucket (%s)', (_, open) => {
  const freshCamera = (): CameraId => parseCameraId(`moved-${randomBytes(4).toString('hex')}`);

  it('its newest footage is when it was last recorded', async () => {
    const [bucket, camera] = [open(), freshCamera()];
    await store(bucket, [segment(camera, '08:00', '08:15'), segment(camera, '08:15', '08:29')]);
    expect(await toldOf(camera, bucket)).toBe('12-14T08:29:00');
  });

  it('weeks ago is found too, months ago is not asked for', async () => {
    const [bucket, weeks, months] = [open(), freshCamera(), freshCamera()];
    await store(bucket, [segment(weeks, '2025-11-14T08:00:00Z', '2025-11-14T08:15:00Z')]);
    await store(bucket, [segment(months, '2025-10-14T08:00:00Z', '2025-10-14T08:15:00Z')]);
    expect(await toldOf(weeks, bucket)).toBe('11-14T08:15:00');
    expect(await toldOf(months, bucket)).toBeUndefined();
  });

  it('a gap that is told of goes on where its claims end', async () => {
    const [bucket, camera] = [open(), freshCamera()];
    await store(bucket, [segment(camera, '08:00', '08:10')]);
    await storeGap(bucket, gapObject(camera, '08:15', '08:30', [claim('camera-unreachable', '08:10', '08:30')]));
    expect(await toldOf(camera, bucket)).toBe('12-14T08:30:00');
  });

  it('footage that has expired since is told of by its day’s record', async () => {
    const [bucket, camera] = [open(), freshCamera()];
    const footage = segment(camera, '2025-12-10T08:00:00Z', '2025-12-10T08:10:00Z');
    await store(bucket, [footage]);
    const of = { camera, day: parseUtcDay('20251210'), nowMs: at('2025-12-11T08:00:00Z') };
    expect((await keepDayRecord(bucket, of, soon())).kind).toBe('written');
    const { preferred } = objectKeysOf(footage);
    await changeDayRecord(
      bucket,
      of,
      (record) => withExpired(record, new Set([preferred]), Date.now() + 10_000),
      soon(),
    );
    await bucket.delete([preferred], soon());
    expect(await toldOf(camera, bucket)).toBe('12-10T08:10:00');
  });

  it('a camera that was removed is so until it records again: no other reason is given', async () => {
    const [bucket, camera] = [open(), freshCamera()];
    await storeGap(bucket, gapObject(camera, '08:15', '08:30', [claim('removed', '08:10', '08:30')]));
    expect(await toldOf(camera, bucket)).toBeUndefined();
  });

  it('what cannot be read is passed over', async () => {
    const [bucket, camera] = [open(), freshCamera()];
    await store(bucket, [segment(camera, '08:00', '08:15')]);
    const { preferred } = objectKeysOf(segment(camera, '09:00', '09:15'));
    await bucket.putSmall(preferred, Buffer.from('not an MP4, and long enough to be walked'), {}, soon());
    expect(await toldOf(camera, bucket)).toBe('12-14T08:15:00');
  });
});

describe('asking for the last end', () => {
  const [known, stopped, fresh] = ['known', 'stopped', 'fresh'].map(parseCameraId) as [CameraId, CameraId, CameraId];

  it('is for cameras that record and whose end is not known here, and once only', async () => {
    const asked: string[] = [];
    const bucket = new MemoryStore({
      onRequest: ({ target }) => void asked.push(target.replace('.coverage/', '').split('/')[0] ?? ''),
    });
    const { pass } = await asking(bucket, [
      { ...assignmentOf(known), lastEndedAtMs: at('11:00') },
      { ...assignmentOf(stopped), desired: 'stop', stopCause: 'paused' },
      assignmentOf(fresh),
    ]);
    await pass();
    expect(new Set(asked)).toEqual(new Set([fresh]));
    const before = asked.length;
    await pass();
    expect(asked.length).toBe(before);
  });

  it('is done again when the store did not answer, and the other cameras are not kept waiting', async () => {
    let isAway = true;
    const other = parseCameraId('other');
    const bucket = new MemoryStore({
      onRequest: ({ operation, target }) => {
        if (isAway && operation === 'list' && target.startsWith(fresh)) throw new Error('away');
      },
    });
    await store(bucket, [segment(fresh, '08:00', '08:15'), segment(other, '09:00', '09:15')]);
    const { pass, recorder } = await asking(bucket, [assignmentOf(fresh), assignmentOf(other)]);
    await expect(pass()).rejects.toThrow('away');
    expect([...recorder.earlierEnds]).toEqual([[other, at('09:15')]]);
    isAway = false;
    await pass();
    expect(recorder.earlierEnds.get(fresh)).toBe(at('08:15'));
  });
});

it('a new box with new Temporal and a new spool claims the time since the footage in the bucket', {
  timeout: 90_000,
}, async () => {
  const camera = parseCameraId('camera-1');
  const bucketName = `moved-${randomBytes(4).toString('hex')}`;
  const bucket = createS3Store({ ...inject('s3'), bucket: bucketName, region: 'us-east-1' });
  onTestFinished(() => bucket.close());
  await bucket.ensureBucket(soon());
  const endedAtMs = Math.floor(Date.now() / 1_000) * 1_000 - 26 * 3_600_000;
  const iso = (atMs: number): string => new Date(atMs).toISOString();
  await store(bucket, [segment(camera, iso(endedAtMs - 60_000), iso(endedAtMs))]);
  // The answer has to come before the first segment is sealed: not started right before a cut.
  const isAfterCut = (): boolean => Date.now() % (SEGMENT_SEC * 1_000) < 4_000;
  await waitFor(isAfterCut, { what: 'the clock to have passed a cut', deadlineMs: 20_000, pollMs: 100 });
  const env = { S3_BUCKET: bucketName };
  await startSystem({ register: onTestFinished, cameras: [{}], segmentSec: SEGMENT_SEC, env });
  const range = { fromMs: endedAtMs - 30_000, toMs: Date.now() + 60_000 };
  const spans = await waitFor(
    async () => {
      const options = { store: bucket, nowMs: systemClock.wallMs() };
      const timeline = await readTimeline(camera, range, options, soon());
      return timeline.objects.segments > 1 ? timeline.spans : null;
    },
    { what: 'footage of the new box', deadlineMs: 60_000, pollMs: 1_000 },
  );
  expect(spans.slice(0, 3)).toMatchObject([
    { kind: 'footage', toMs: endedAtMs },
    { kind: 'gap', cause: 'moved', fromMs: endedAtMs },
    { kind: 'footage' },
  ]);
});
