import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  compileFixtures,
  ffmpegRequest,
  fixture,
  gone,
  isAlive,
  startedFfmpeg,
  startKeeper,
  temporaryFolder,
  UNLIMITED,
} from './keeper-harness.js';

let built = '';
beforeAll(async () => {
  built = await compileFixtures();
});
afterAll(() => rm(built, { recursive: true, force: true }));

describe('a recording', () => {
  test('gets its URL through fd 4, and shows it in neither argv nor environment', async () => {
    const keeper = await startKeeper({ built });
    const worker = await keeper.nextWorker();
    const request = ffmpegRequest(keeper, built);
    const process = await worker.spawn(request);
    const started = await startedFfmpeg(request);

    expect(started.fd4).toBe(request.ffconcat);
    expect(started.pid).toBe(process.pid);
    expect(Object.keys(started.env).sort()).toEqual(['KEPT_FOR_SESSION', 'KEPT_FOR_SPOOL', 'PATH', 'TZ']);
    expect(started.env['TZ']).toBe('UTC');
    for (const file of ['cmdline', 'environ']) {
      expect(await readFile(`/proc/${process.pid}/${file}`, 'utf8')).not.toContain('hunter2');
    }
    expect(await readFile(join(request.cwd, 'ffmpeg.log'), 'utf8')).toBe('opened\n');
    expect(((await stat(join(request.cwd, 'ffmpeg.log'))).mode & 0o777).toString(8)).toBe('600');
    expect(((await stat(request.cwd)).mode & 0o777).toString(8)).toBe('700');
    expect(keeper.stderr()).not.toContain('hunter2');
  });

  test.each([
    ['info', false],
    ['debug', true],
  ])('that starts is logged at level %s: %s', async (logLevel, isLogged) => {
    const keeper = await startKeeper({ built, logLevel });
    const worker = await keeper.nextWorker();
    await worker.spawn(ffmpegRequest(keeper, built));
    await expect(worker.spawn(ffmpegRequest(keeper, built))).rejects.toThrow('already-recording');
    keeper.process.kill('SIGTERM');
    await worker.nextLeave();
    await expect.poll(() => keeper.stderr(), { timeout: 10_000 }).toContain('"stopping"');
    expect(keeper.stderr().includes('ffmpeg started')).toBe(isLogged);
    expect(keeper.stderr().includes('ffmpeg not started')).toBe(isLogged);
  });

  test('keeps its pid when the worker is killed, and the next worker is told of it', async () => {
    const keeper = await startKeeper({ built });
    const first = await keeper.nextWorker();
    const request = ffmpegRequest(keeper, built);
    const ffmpeg = await first.spawn(request);
    await startedFfmpeg(request);
    process.kill(first.pid, 'SIGKILL');

    const second = await keeper.nextWorker();
    expect(await second.list()).toEqual([ffmpeg]);
    expect(isAlive(ffmpeg.pid)).toBe(true);
    expect(second.pid).not.toBe(first.pid);
  });

  test('that ends while there is no worker is told to the next one, with its code', async () => {
    const burst = { starts: 1, withinMs: 60_000, waitMs: 60_000 };
    const keeper = await startKeeper({ built, limits: { restarts: { ...UNLIMITED, burst } } });
    const first = await keeper.nextWorker();
    const request = ffmpegRequest(keeper, built);
    const ffmpeg = await first.spawn(request);
    await startedFfmpeg(request);
    process.kill(first.pid, 'SIGKILL');
    await expect.poll(() => keeper.stderr(), { timeout: 10_000 }).toContain('waiting before the next');
    process.kill(ffmpeg.pid, 'SIGTERM');
    await gone(ffmpeg.pid);
    process.kill(keeper.pid, 'SIGHUP');
    const second = await keeper.nextWorker();
    expect(await second.nextExit()).toEqual({ session: request.session, code: 255, signal: null });
  });

  test('whose end a worker dies of is told again to the next one', async () => {
    const keeper = await startKeeper({ built, worker: 'dies-on-exit' });
    const first = await keeper.nextWorker();
    await first.spawn(ffmpegRequest(keeper, built, 'ends'));
    await expect.poll(() => keeper.stderr().match(/"code":3,/g)?.length, { timeout: 10_000 }).toBeGreaterThan(1);
  });

  test('is told as ended once, with its code, and then forgotten', async () => {
    const keeper = await startKeeper({ built });
    const first = await keeper.nextWorker();
    const request = ffmpegRequest(keeper, built, 'ends');
    await first.spawn(request);
    expect(await first.nextExit()).toEqual({ session: request.session, code: 7, signal: null });
    process.kill(first.pid, 'SIGKILL');
    const second = await keeper.nextWorker();
    expect(await second.list()).toEqual([]);
    expect(second.exits).toEqual([]);
  });

  test('is refused to a camera that has one, and answered with itself when asked for again', async () => {
    const keeper = await startKeeper({ built });
    const worker = await keeper.nextWorker();
    const request = ffmpegRequest(keeper, built);
    const [ffmpeg, again] = await Promise.all([worker.spawn(request), worker.spawn(request)]);
    expect(again).toEqual(ffmpeg);
    await expect(worker.spawn(ffmpegRequest(keeper, built))).rejects.toThrow('already-recording');
    await worker.spawn(ffmpegRequest(keeper, built, 'obedient', 'camera-2'));
    expect(await worker.list()).toHaveLength(2);
  });

  test.each([
    ['/nowhere/ffmpeg', 'no-program'],
    ['no-such-program-anywhere', 'no-program'],
  ])('with the program %s fails with %s', async (program, code) => {
    const keeper = await startKeeper({ built });
    const worker = await keeper.nextWorker();
    await expect(worker.spawn({ ...ffmpegRequest(keeper, built), argv: [program] })).rejects.toThrow(code);
  });

  test('that does not read fd 4 does the keeper no harm', async () => {
    const keeper = await startKeeper({ built });
    const worker = await keeper.nextWorker();
    const request = { ...ffmpegRequest(keeper, built), argv: ['true'], ffconcat: 'x'.repeat(4_000_000) };
    await worker.spawn(request);
    expect(await worker.nextExit()).toMatchObject({ code: 0 });
    expect(await worker.list()).toEqual([]);
  });

  test('is sent SIGTERM at most once', async () => {
    const keeper = await startKeeper({ built });
    const worker = await keeper.nextWorker();
    const request = ffmpegRequest(keeper, built, 'stubborn');
    const ffmpeg = await worker.spawn(request);
    await startedFfmpeg(request);
    expect([await worker.signal(ffmpeg, 'SIGTERM'), await worker.signal(ffmpeg, 'SIGTERM')]).toEqual([true, true]);
    await expect
      .poll(() => readFile(join(request.cwd, 'signals.txt'), 'utf8').catch(() => ''), { timeout: 10_000 })
      .toBe('SIGTERM\n');
    expect(await worker.signal(ffmpeg, 'SIGKILL')).toBe(true);
    expect(await worker.nextExit()).toEqual({ session: request.session, code: null, signal: 'SIGKILL' });
    expect(await worker.signal(ffmpeg, 'SIGKILL')).toBe(false);
    expect(await readFile(join(request.cwd, 'signals.txt'), 'utf8')).toBe('SIGTERM\n');
  });

  test('ends by itself when the keeper is killed, and so does the worker', async () => {
    const keeper = await startKeeper({ built });
    const worker = await keeper.nextWorker();
    const request = ffmpegRequest(keeper, built);
    const ffmpeg = await worker.spawn(request);
    await startedFfmpeg(request);
    process.kill(keeper.pid, 'SIGKILL');
    await gone(ffmpeg.pid);
    await gone(worker.pid);
  });
});

/**
 * What a process noted of its keeper's death: the kernel sends one SIGTERM for each of its threads, all of them before the keeper
 * is gone. None is on its way any more when a later signal has come.
 */
async function signalsAfterDeath(cwd: string, pid: number): Promise<string> {
  const noted = () => readFile(join(cwd, 'signals.txt'), 'utf8').catch(() => '');
  const isPending = async () => {
    const [, mask = ''] = /^ShdPnd:\s*(\w+)$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? [];
    return (BigInt(`0x${mask}`) & (1n << 14n)) !== 0n;
  };
  await expect
    .poll(async () => (await noted()).includes('SIGTERM') && !(await isPending()), { timeout: 10_000 })
    .toBe(true);
  process.kill(pid, 'SIGWINCH');
  await expect.poll(noted, { timeout: 10_000 }).toContain('SIGWINCH');
  return noted();
}

describe('what a killed keeper left', () => {
  test('is held by the next one until it is gone: its camera waits for that, and nothing else does', async () => {
    const first = await startKeeper({ built });
    const request = ffmpegRequest(first, built, 'stubborn');
    const ffmpeg = await (await first.nextWorker()).spawn(request);
    await startedFfmpeg(request);
    process.kill(first.pid, 'SIGKILL');
    await first.exited;
    const signalsOfKernel = await signalsAfterDeath(request.cwd, ffmpeg.pid);

    const limits = { ffmpegStopTimeoutMs: 4_000 };
    const second = await startKeeper({ built, folder: first.folder, limits });
    const worker = await second.nextWorker();
    expect(await worker.list()).toMatchObject([{ session: request.session, camera: request.camera, pid: ffmpeg.pid }]);
    await expect(worker.spawn(ffmpegRequest(second, built))).rejects.toThrow('already-recording');
    await worker.spawn(ffmpegRequest(second, built, 'obedient', 'camera-2'));
    expect([isAlive(ffmpeg.pid), worker.exits]).toEqual([true, []]);

    expect(await worker.nextExit()).toEqual({ session: request.session, code: null, signal: null });
    expect(isAlive(ffmpeg.pid)).toBe(false);
    // Nothing of ours: one more SIGTERM might abort the writing of its file.
    expect(await readFile(join(request.cwd, 'signals.txt'), 'utf8')).toBe(signalsOfKernel);
    await worker.spawn(ffmpegRequest(second, built));
  });

  test('is ended when the worker asks, and with the next keeper', async () => {
    const first = await startKeeper({ built });
    const requests = ['camera-1', 'camera-2'].map((camera) => ffmpegRequest(first, built, 'stubborn', camera));
    const worker = await first.nextWorker();
    for (const request of requests) await worker.spawn(request);
    for (const request of requests) await startedFfmpeg(request);
    process.kill(first.pid, 'SIGKILL');
    await first.exited;

    const second = await startKeeper({ built, folder: first.folder, limits: { ffmpegStopTimeoutMs: 60_000 } });
    const next = await second.nextWorker();
    const [one, two] = await next.list();
    if (one === undefined || two === undefined) throw new Error('two were left');
    expect(await next.signal(one, 'SIGKILL')).toBe(true);
    expect(await next.nextExit()).toMatchObject({ session: one.session });
    process.kill(second.pid, 'SIGTERM');
    await next.nextLeave();
    process.kill(second.pid, 'SIGTERM');
    expect(await second.exited).toEqual({ code: 143, signal: null });
    expect(isAlive(two.pid)).toBe(false);
  });

  test('of workers is gone before the next one starts', async () => {
    const first = await startKeeper({ built, worker: 'outlives-keeper' });
    const left = await first.nextWorker();
    process.kill(first.pid, 'SIGKILL');
    await first.exited;
    expect(isAlive(left.pid)).toBe(true);
    const second = await startKeeper({ built, folder: first.folder, limits: { leftWorkerTimeoutMs: 200 } });
    await second.nextWorker();
    expect(isAlive(left.pid)).toBe(false);
  });

  test('on another spool is none of its business', async () => {
    const first = await startKeeper({ built, worker: 'outlives-keeper' });
    const left = await first.nextWorker();
    const request = ffmpegRequest(first, built);
    await left.spawn(request);
    const { pid } = await startedFfmpeg(request);
    const second = await startKeeper({ built, limits: { leftWorkerTimeoutMs: 0 } });
    expect(await (await second.nextWorker()).list()).toEqual([]);
    expect([isAlive(left.pid), isAlive(pid)]).toEqual([true, true]);
  });
});

describe('a worker', () => {
  test('is replaced on SIGHUP without the recordings noticing', async () => {
    const keeper = await startKeeper({ built });
    const first = await keeper.nextWorker();
    const request = ffmpegRequest(keeper, built);
    const ffmpeg = await first.spawn(request);
    await startedFfmpeg(request);
    process.kill(keeper.pid, 'SIGHUP');
    expect(await first.nextLeave()).toBe('detach');
    const second = await keeper.nextWorker();
    expect(await second.list()).toEqual([ffmpeg]);
    expect(isAlive(first.pid)).toBe(false);
  });

  test('that does not leave for its successor is killed', async () => {
    const keeper = await startKeeper({ built, worker: 'stubborn', limits: { detachTimeoutMs: 200 } });
    const first = await keeper.nextWorker();
    process.kill(keeper.pid, 'SIGHUP');
    await keeper.nextWorker();
    expect(isAlive(first.pid)).toBe(false);
  });

  test('without a pulse is killed and replaced', async () => {
    const keeper = await startKeeper({ built, limits: { pulseTimeoutMs: 1_500 } });
    const first = await keeper.nextWorker();
    first.tell({ kind: 'hang' });
    const second = await keeper.nextWorker();
    expect(isAlive(first.pid)).toBe(false);
    expect(keeper.stderr()).toContain('no pulse');
    expect(await second.list()).toEqual([]);
  });

  test('is kept also when nobody reads what the keeper says', async () => {
    const keeper = await startKeeper({ built });
    const first = await keeper.nextWorker();
    keeper.process.stderr?.destroy();
    process.kill(first.pid, 'SIGKILL');
    const second = await keeper.nextWorker();
    process.kill(second.pid, 'SIGKILL');
    const third = await keeper.nextWorker();
    expect(await third.list()).toEqual([]);
  });

  test('in a crash loop is started at the rate allowed, not more often', async () => {
    const folder = await temporaryFolder();
    const deaths = join(folder, 'deaths');
    const keeper = await startKeeper({
      built,
      workerArgv: [fixture(built, 'dying-worker'), deaths, '1'],
      limits: {
        restarts: { ...UNLIMITED, burst: { starts: 3, withinMs: 60_000, waitMs: 60_000 } },
      },
    });
    await expect.poll(() => keeper.stderr(), { timeout: 10_000 }).toContain('worker keeps ending');
    expect((await readFile(deaths, 'utf8')).trim().split('\n')).toHaveLength(3);
    // A person may have repaired it: SIGHUP does not wait.
    process.kill(keeper.pid, 'SIGHUP');
    await expect
      .poll(async () => (await readFile(deaths, 'utf8')).trim().split('\n').length, { timeout: 10_000 })
      .toBe(4);
    process.kill(keeper.pid, 'SIGTERM');
    expect(await keeper.exited).toEqual({ code: 0, signal: null });
  });

  test('with a wrong configuration from the start ends the keeper, with the same code', async () => {
    const folder = await temporaryFolder();
    const keeper = await startKeeper({
      built,
      workerArgv: [fixture(built, 'dying-worker'), join(folder, 'deaths'), '78'],
    });
    expect(await keeper.exited).toEqual({ code: 78, signal: null });
    expect((await readFile(join(folder, 'deaths'), 'utf8')).trim().split('\n')).toHaveLength(1);
  });
});

describe('a configuration that becomes wrong', () => {
  test('is refused on SIGHUP: the worker stays', async () => {
    const deaths = join(await temporaryFolder(), 'deaths');
    const keeper = await startKeeper({ built, checkArgv: [fixture(built, 'dying-worker'), deaths, '78'] });
    const worker = await keeper.nextWorker();
    process.kill(keeper.pid, 'SIGHUP');
    await expect.poll(() => keeper.stderr(), { timeout: 10_000 }).toContain('the worker is not replaced');
    expect((await readFile(deaths, 'utf8')).trim().split('\n')).toHaveLength(1);
    expect([isAlive(worker.pid), worker.leaves, await worker.list()]).toEqual([true, [], []]);
  });

  test('while workers crash ends no recording: the next worker is tried until it is right', async () => {
    const keeper = await startKeeper({ built, limits: { restarts: { ...UNLIMITED, startUpWaitMs: 100 } } });
    const worker = await keeper.nextWorker();
    await worker.ready();
    const request = ffmpegRequest(keeper, built);
    const ffmpeg = await worker.spawn(request);
    await startedFfmpeg(request);
    worker.tell({ kind: 'exit', code: 78 });
    const refused = await keeper.nextWorker();
    refused.tell({ kind: 'exit', code: 78 });
    const next = await keeper.nextWorker();
    expect(await next.list()).toEqual([ffmpeg]);
    expect(isAlive(ffmpeg.pid)).toBe(true);
    expect(keeper.stderr()).toContain('the configuration is wrong');
  });
});

describe('the end', () => {
  test('asks the worker to stop, ends what it left with one SIGTERM, and gives the lock back', async () => {
    const keeper = await startKeeper({ built });
    const worker = await keeper.nextWorker();
    const request = ffmpegRequest(keeper, built);
    const ffmpeg = await worker.spawn(request);
    await startedFfmpeg(request);
    process.kill(keeper.pid, 'SIGTERM');
    expect(await worker.nextLeave()).toBe('stop');
    expect(await keeper.exited).toEqual({ code: 0, signal: null });
    expect(isAlive(ffmpeg.pid)).toBe(false);
    expect(await readFile(join(request.cwd, 'signals.txt'), 'utf8')).toBe('SIGTERM\n');
    await expect(stat(join(keeper.folder, 'lock'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('by Ctrl-C in its terminal is one SIGTERM to a recording, and no SIGINT', async () => {
    const keeper = await startKeeper({ built, isGroupLeader: true });
    const request = ffmpegRequest(keeper, built);
    const ffmpeg = await (await keeper.nextWorker()).spawn(request);
    await startedFfmpeg(request);
    process.kill(-keeper.pid, 'SIGINT');
    expect([await keeper.exited, isAlive(ffmpeg.pid)]).toEqual([{ code: 0, signal: null }, false]);
    expect(await readFile(join(request.cwd, 'signals.txt'), 'utf8')).toBe('SIGTERM\n');
  });

  test('kills a worker and a recording that do not go', async () => {
    const keeper = await startKeeper({
      built,
      worker: 'stubborn',
      limits: { stopTimeoutMs: 200, ffmpegStopTimeoutMs: 200 },
    });
    const worker = await keeper.nextWorker();
    const request = ffmpegRequest(keeper, built, 'stubborn');
    const ffmpeg = await worker.spawn(request);
    await startedFfmpeg(request);
    process.kill(keeper.pid, 'SIGINT');
    expect(await keeper.exited).toEqual({ code: 1, signal: null });
    expect([isAlive(worker.pid), isAlive(ffmpeg.pid)]).toEqual([false, false]);
    expect(await readFile(join(request.cwd, 'signals.txt'), 'utf8')).toBe('SIGTERM\n');
  });

  test('is forced by a second signal', async () => {
    const keeper = await startKeeper({ built, worker: 'stubborn', limits: { stopTimeoutMs: 60_000 } });
    const worker = await keeper.nextWorker();
    const request = ffmpegRequest(keeper, built, 'stubborn');
    const ffmpeg = await worker.spawn(request);
    await startedFfmpeg(request);
    process.kill(keeper.pid, 'SIGINT');
    await worker.nextLeave();
    process.kill(keeper.pid, 'SIGINT');
    expect(await keeper.exited).toEqual({ code: 130, signal: null });
    expect([isAlive(worker.pid), isAlive(ffmpeg.pid)]).toEqual([false, false]);
    await expect(stat(join(keeper.folder, 'lock'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('is not forced by the copy of a signal that npm sends', async () => {
    const keeper = await startKeeper({
      built,
      worker: 'stubborn',
      limits: { stopTimeoutMs: 300, repeatedSignalMs: 10_000 },
    });
    const worker = await keeper.nextWorker();
    process.kill(keeper.pid, 'SIGINT');
    await worker.nextLeave();
    process.kill(keeper.pid, 'SIGINT');
    expect(await keeper.exited).toEqual({ code: 1, signal: null });
  });
});

describe('the spool', () => {
  test('has one keeper: the second is refused, and told who has it', async () => {
    const keeper = await startKeeper({ built });
    await keeper.nextWorker();
    const second = await startKeeper({ built, folder: keeper.folder });
    expect(await second.exited).toEqual({ code: 75, signal: null });
    expect(second.stderr()).toContain(`pid ${keeper.pid} `);
    expect(JSON.parse(await readFile(join(keeper.folder, 'lock'), 'utf8'))).toMatchObject({ pid: keeper.pid });
  });

  test('of a keeper that was killed is taken by the next one', async () => {
    const keeper = await startKeeper({ built });
    await keeper.nextWorker();
    process.kill(keeper.pid, 'SIGKILL');
    await keeper.exited;
    const second = await startKeeper({ built, folder: keeper.folder });
    await second.nextWorker();
    expect(JSON.parse(await readFile(join(keeper.folder, 'lock'), 'utf8'))).toMatchObject({ pid: second.pid });
  });
});
