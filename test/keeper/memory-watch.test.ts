import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compileFixtures, ffmpegRequest, startedFfmpeg, startKeeper } from './keeper-harness.js';

describe('a worker', () => {
  let built = '';
  beforeAll(async () => {
    built = await compileFixtures();
  });
  afterAll(() => rm(built, { recursive: true, force: true }));

  test('beyond its memory limit is replaced without the recordings noticing, no more often than allowed', async () => {
    const keeper = await startKeeper({
      built,
      memoryLimitBytes: 1,
      limits: { memory: { share: 0.8, replacements: { starts: 2, withinMs: 60_000 }, lookEveryMs: 50 } },
    });
    const first = await keeper.nextWorker();
    const request = ffmpegRequest(keeper, built);
    const ffmpeg = await first.spawn(request);
    await startedFfmpeg(request);
    await first.ready();
    expect(await first.nextLeave()).toBe('detach');
    const second = await keeper.nextWorker();
    await second.ready();
    expect(await second.nextLeave()).toBe('detach');
    const third = await keeper.nextWorker();
    await third.ready();
    await expect.poll(() => keeper.stderr(), { timeout: 10_000 }).toContain('the memory limit is too low');
    const told = await third.supervision(({ memory }) => memory?.isTooLow === true);
    expect(told.starts).toEqual({ first: 1, upgrade: 0, memory: 2, hung: 0, crashed: 0 });
    expect(told.memory?.usedBytes).toBeGreaterThan(0);
    expect([third.leaves, await third.list()]).toEqual([[], [ffmpeg]]);
    expect(keeper.stderr().match(/it is replaced/g)).toHaveLength(2);
    expect(keeper.stderr().match(/the memory limit is too low/g)).toHaveLength(1);
  });

  test('beyond its memory limit is left alone until it serves', async () => {
    const memory = { share: 0.8, replacements: { starts: 2, withinMs: 60_000 }, lookEveryMs: 20 };
    const keeper = await startKeeper({ built, memoryLimitBytes: 1, limits: { memory } });
    const worker = await keeper.nextWorker();
    // Told at each look: several have passed.
    for (let look = 0; look < 10; look += 1) await worker.supervision(({ memory: seen }) => seen === null);
    expect(worker.leaves).toEqual([]);
    await worker.ready();
    expect(await worker.nextLeave()).toBe('detach');
  });
});
