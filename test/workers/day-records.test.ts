import { expect, it } from 'vitest';
import { parseCameraId } from '../../src/domain/ids.js';
import { objectKeysOf } from '../../src/domain/object-key.js';
import { parseUtcDay } from '../../src/domain/utc-day.js';
import { wrongDayNotices } from '../../src/http/wrong-day-notices.js';
import { createLogger } from '../../src/log.js';
import { MemoryStore } from '../../src/object-store/memory.js';
import { readDayRecord } from '../../src/playback/day-records.js';
import { DayRecords } from '../../src/workers/day-records.js';
import { at, store, wholeDay } from '../playback/story.js';
import { assignmentOf } from '../support/worker-harness.js';

const camera = parseCameraId('camera-1');
const DAY_MS = 86_400_000;

/** Three days of footage and the beginning of a fourth; the clock is set by hand. */
async function scene() {
  const time = { nowMs: at('2025-12-14T00:00:00Z') };
  const bucket = new MemoryStore({ nowMs: () => time.nowMs });
  const days = [0, 1, 2, 3].map((index) => wholeDay(camera, at('2025-12-14T00:00:00Z') + index * DAY_MS, 60));
  for (const segments of days) {
    for (const segment of segments) {
      time.nowMs = segment.toMs;
      await store(bucket, [segment]);
    }
  }
  const assignments = {
    list: async () => [{ ...assignmentOf(camera), spec: { ...assignmentOf(camera).spec, segmentDurationSec: 3_600 } }],
  };
  const log = createLogger({ level: 'silent', name: 'test' });
  const fresh = () =>
    new DayRecords({ spool: { assignments }, store: bucket, clock: { wallMs: () => time.nowMs }, log });
  const recorded = async (): Promise<readonly string[]> => {
    const keys: string[] = [];
    for await (const { key } of bucket.list('.coverage/', AbortSignal.timeout(1_000))) keys.push(key.slice(-13, -5));
    return keys;
  };
  return { time, bucket, days, fresh, recorded };
}

it('writes the record of a day when it has closed, once, and adds what comes late', async () => {
  const { time, bucket, days, fresh, recorded } = await scene();
  const records = fresh();
  const pass = async () => await records.pass(AbortSignal.timeout(10_000));
  time.nowMs = at('2025-12-17T01:59:00Z');
  await pass();
  expect(await recorded()).toEqual(['20251214', '20251215']);
  time.nowMs = at('2025-12-17T02:00:00Z');
  await pass();
  await pass();
  expect(await recorded()).toEqual(['20251214', '20251215', '20251216']);
  expect(records.wrong.get(camera)?.size).toBe(0);
  const lost = days[1]?.[7];
  if (lost === undefined) throw new Error('no segment');
  await bucket.delete([objectKeysOf(lost).preferred], AbortSignal.timeout(1_000));
  for (const _turn of [1, 2, 3]) await pass();
  expect([...(records.wrong.get(camera) ?? [])]).toEqual([['20251215', '1 missing']]);
  expect(wrongDayNotices(records.wrong)).toEqual([
    'camera-1: the record of 20251215 does not agree with the bucket (1 missing). See: camera-recorder coverage camera-1 20251215 --utc --check',
  ]);
  await store(bucket, [lost]);
  await pass();
  expect(wrongDayNotices(records.wrong)).toEqual([]);
});

it('adds footage that comes from a spool after days, soon, whichever day it is of', async () => {
  const { time, bucket, days, fresh, recorded } = await scene();
  const late = days[0]?.slice(5, 9) ?? [];
  await bucket.delete(
    late.map((one) => objectKeysOf(one).preferred),
    AbortSignal.timeout(1_000),
  );
  time.nowMs = at('2025-12-18T02:00:00Z');
  const records = fresh();
  const pass = async () => await records.pass(AbortSignal.timeout(10_000));
  await pass();
  expect(await recorded()).toHaveLength(4);
  const told = async () => {
    const found = await readDayRecord(bucket, camera, parseUtcDay('20251214'), AbortSignal.timeout(1_000));
    return found?.kind === 'record' ? found.record.totals.unexplainedMs : null;
  };
  expect(await told()).toBe(4 * 3_600_000);
  time.nowMs += DAY_MS;
  await store(bucket, late);
  await pass();
  expect(await told()).toBe(0);
  expect(records.wrong.get(camera)?.size).toBe(0);
});

it('asks little of the store when there is nothing to do', async () => {
  const { time, bucket, fresh } = await scene();
  time.nowMs = at('2025-12-18T02:00:00Z');
  const records = fresh();
  await records.pass(AbortSignal.timeout(10_000));
  const asked: string[] = [];
  const counting = new Proxy(bucket, {
    get: (target, name, receiver) => {
      asked.push(String(name));
      const found: unknown = Reflect.get(target, name, receiver);
      return typeof found === 'function' ? found.bind(target) : found;
    },
  });
  const again = new DayRecords({
    spool: { assignments: { list: async () => [assignmentOf(camera)] } },
    store: counting,
    clock: { wallMs: () => time.nowMs },
    log: createLogger({ level: 'silent', name: 'test' }),
  });
  await again.pass(AbortSignal.timeout(10_000));
  // Four days, at first.
  expect(asked).toEqual(['list', 'folders', ...Array.from({ length: 4 }, () => ['readSmall', 'list']).flat()]);
  asked.length = 0;
  await again.pass(AbortSignal.timeout(10_000));
  expect(asked).toEqual(['list', 'folders', 'readSmall', 'list', 'readSmall', 'list']);
});
