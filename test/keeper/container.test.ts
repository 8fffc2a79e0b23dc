import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pidBehind, pidOneWords } from '../support/pid-one.js';
import { childrenOf } from '../support/recorder-process.js';
import { waitFor } from '../support/wait-for.js';
import { compileFixtures, ffmpegRequest, isAlive, startedFfmpeg, startKeeper } from './keeper-harness.js';

const launcher = pidOneWords();

const MEMORY_LIMITS = { share: 0.8, replacements: { starts: 2, withinMs: 60_000 }, notBeforeMs: 0 };

let built = '';
beforeAll(async () => {
  built = await compileFixtures();
});
afterAll(() => rm(built, { recursive: true, force: true }));

describe(`a keeper that is ${launcher.length > 0 ? 'PID 1' : 'any process: this machine gives no PID namespace'}`, () => {
  async function start(worker: 'obedient' | 'stubborn' = 'obedient') {
    const keeper = await startKeeper({ built, launcher, worker });
    const first = await keeper.nextWorker();
    const pid = await pidBehind(launcher, keeper.pid);
    if (launcher.length > 0) expect(namespacePid(pid)).toBe(1);
    return { keeper, pid, worker: first };
  }

  test('leaves no zombie of a worker or an FFmpeg that was killed', async () => {
    const { keeper, pid, worker } = await start();
    const ffmpeg = await worker.spawn(ffmpegRequest(keeper, built));
    const [workerPid, ffmpegPid] = [hostPid(pid, worker.pid), hostPid(pid, ffmpeg.pid)];
    process.kill(ffmpegPid, 'SIGKILL');
    await worker.nextExit();
    process.kill(workerPid, 'SIGKILL');
    const next = await keeper.nextWorker();
    expect(childrenOf(pid)).toEqual([hostPid(pid, next.pid)]);
  });

  test('takes what a crashed worker had started itself with it', async () => {
    const { keeper, pid, worker } = await start();
    const child = hostPid(hostPid(pid, worker.pid), await worker.bear());
    process.kill(hostPid(pid, worker.pid), 'SIGKILL');
    await keeper.nextWorker();
    await waitFor(() => !isAlive(child), { what: 'the orphan to be ended', deadlineMs: 5_000 });
  });

  test('stops in order on SIGTERM, with exit code 0 and nothing left', async () => {
    const { keeper, pid, worker } = await start();
    const ffmpeg = await worker.spawn(ffmpegRequest(keeper, built));
    const pids = [worker.pid, ffmpeg.pid].map((inside) => hostPid(pid, inside));
    process.kill(pid, 'SIGTERM');
    expect(await worker.nextLeave()).toBe('stop');
    expect(await keeper.exited).toEqual({ code: 0, signal: null });
    expect(pids.map(isAlive)).toEqual([false, false]);
  });

  test('is forced by a second SIGTERM, with exit code 143 and nothing left', async () => {
    const { keeper, pid, worker } = await start('stubborn');
    const request = ffmpegRequest(keeper, built, 'stubborn');
    const ffmpeg = await worker.spawn(request);
    const pids = [worker.pid, ffmpeg.pid].map((inside) => hostPid(pid, inside));
    await startedFfmpeg(request, { isKilled: false });
    process.kill(pid, 'SIGTERM');
    await worker.nextLeave();
    process.kill(pid, 'SIGTERM');
    expect(await keeper.exited).toEqual({ code: 143, signal: null });
    expect(pids.map(isAlive)).toEqual([false, false]);
  });
});

describe('a worker', () => {
  test('beyond its memory limit is replaced without the recordings noticing, no more often than allowed', async () => {
    const keeper = await startKeeper({
      built,
      memoryLimitBytes: 1,
      limits: { memory: { ...MEMORY_LIMITS, lookEveryMs: 50 } },
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

  test('beyond its memory limit is left alone until it serves, and until it has started its recordings', async () => {
    const memory = { ...MEMORY_LIMITS, lookEveryMs: 20, notBeforeMs: 400 };
    const keeper = await startKeeper({ built, memoryLimitBytes: 1, limits: { memory } });
    const worker = await keeper.nextWorker();
    // Told at each look: several have passed.
    for (let look = 0; look < 10; look += 1) await worker.supervision(({ memory: seen }) => seen === null);
    expect(worker.leaves).toEqual([]);
    const readyAtMs = performance.now();
    await worker.ready();
    expect(await worker.nextLeave()).toBe('detach');
    expect(performance.now() - readyAtMs).toBeGreaterThanOrEqual(memory.notBeforeMs);
  });
});

/** Of the child of a process that has this pid in its own namespace. */
function hostPid(parent: number, inside: number): number {
  const child = childrenOf(parent).find((pid) => namespacePid(pid) === inside);
  if (child === undefined) throw new Error(`${parent} has no child that is ${inside}`);
  return child;
}

function namespacePid(pid: number): number {
  const line = /^NSpid:\s+(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';
  return Number(line.split(/\s+/).at(-1));
}
