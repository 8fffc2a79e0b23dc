/**
 * The small root process: parent of the worker and of every FFmpeg.
 *
 * 1. FFmpeg outlives the worker (INV-4): whatever happens to a worker, recordings go on, and the next worker is told of them.
 * 2. One worker at a time. It is started again whenever it ends, unless everything is to end; a wrong configuration ends everything
 *    only before a worker was ever ready: later it is somebody's slip, and recordings go on until it is repaired (INV-4).
 * 3. The end is a ladder, each rung timed: ask the worker, kill the worker, SIGTERM to FFmpeg, SIGKILL. A second signal skips to the last.
 * 4. The keeper has the spool's lock from its first to its last moment.
 * 5. What a killed keeper left on the spool comes first: its worker is gone before ours starts, its FFmpegs are ours to end.
 */
import { mkdir, realpath } from 'node:fs/promises';
import { constants } from 'node:os';
import type { WorkerStartReason } from '../domain/supervision.js';
import { answerOf } from './answer.js';
import { isConfigRight } from './config-check.js';
import { FfmpegProcesses } from './ffmpeg-processes.js';
import { DEFAULT_KEEPER_LIMITS, type KeeperLimits } from './keeper-limits.js';
import { createKeeperLog, type KeeperLog } from './keeper-log.js';
import { endLeft, findLeft, workerMark } from './left-processes.js';
import { MemoryWatch } from './memory-watch.js';
import { memoryLimitBytes } from './process-memory.js';
import { EXIT_BAD_CONFIG, type KeeperRequest } from './protocol.js';
import { type EndSignal, listenForSignals } from './signals.js';
import { takeSpoolLock } from './spool-lock.js';
import { type WorkerExit, WorkerProcess } from './worker-process.js';
import { WorkerStarts } from './worker-starts.js';

/** A process that was killed and is not gone by then waits for a disk or the like, and writes nothing meanwhile. */
const KILL_TIMEOUT_MS = 5_000;

/** All a keeper needs is passed in: it reads no configuration itself, so none can end a running one. */
export interface KeeperOptions {
  /** Made when it is not there. */
  readonly spoolDir: string;
  readonly lockPath: string;
  /**
   * The worker's script and its arguments; run with this Node. Read from disk at each start, so that SIGHUP is an upgrade.
   * It must have a `createKeeperClient`: a worker without a pulse is killed.
   */
  readonly workerArgv: readonly string[];
  /** Likewise; run before a SIGHUP's replacement: when it exits with `EXIT_BAD_CONFIG`, having said why, the worker stays. */
  readonly checkArgv: readonly string[];
  readonly workerEnv: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** For everything together, where it is less than the control group allows; null: only that counts. */
  readonly memoryLimitBytes: number | null;
  readonly limits?: Partial<KeeperLimits>;
  readonly log?: KeeperLog;
}

/**
 * Runs until a signal, or a worker with a wrong configuration, ends it; resolves to the exit code of the process: 0 after an orderly stop,
 * else the worker's own; 1 when it had to be killed; `EXIT_BAD_CONFIG`; 128 + the signal's number when a second one forced it.
 * @throws SpoolLockedError when another keeper has the spool.
 */
export async function runKeeper(options: KeeperOptions): Promise<number> {
  await mkdir(options.spoolDir, { recursive: true, mode: 0o700 });
  const lock = await takeSpoolLock(options.lockPath);
  try {
    return await new Keeper({ ...options, spoolDir: await realpath(options.spoolDir) }).run();
  } finally {
    await lock.release();
  }
}

class Keeper {
  readonly #options: KeeperOptions;
  readonly #limits: KeeperLimits;
  readonly #log: KeeperLog;
  readonly #ffmpegs: FfmpegProcesses;
  readonly #force = new AbortController();
  #worker: WorkerProcess | null = null;
  readonly #starts: WorkerStarts;
  readonly #memory: MemoryWatch;
  #hasServed = false;
  #ending: EndSignal | null = null;
  #endingSinceMs = 0;
  /** Why the worker is asked to leave for its successor. */
  #replacing: 'upgrade' | 'memory' | null = null;
  /** Ends a wait for the next start. */
  #wake: () => void = () => undefined;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_KEEPER_LIMITS, ...options.limits };
    this.#log = options.log ?? createKeeperLog(process.stderr, options.workerEnv['LOG_LEVEL']);
    this.#starts = new WorkerStarts(this.#limits.restarts);
    this.#memory = new MemoryWatch({
      limitBytes: memoryLimitBytes(options.memoryLimitBytes),
      limits: this.#limits.memory,
      log: this.#log,
    });
    this.#ffmpegs = new FfmpegProcesses({
      log: this.#log,
      onExited: (exit) => this.#worker?.tell({ kind: 'exited', ...exit }),
      searchPath: process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
      spoolDir: options.spoolDir,
    });
  }

  async run(): Promise<number> {
    const unlisten = listenForSignals({
      end: (signal) => this.#end(signal),
      closed: () => this.#closed(),
      upgrade: () => void this.#replace('upgrade'),
    });
    const watching = setInterval(() => this.#lookAfterWorker(), this.#limits.memory.lookEveryMs);
    try {
      await this.#takeOverLeft();
      const exit = await this.#keepWorker();
      this.#ffmpegs.refuseSpawns();
      await this.#ffmpegs.stopAll(this.#limits.ffmpegStopTimeoutMs, this.#force.signal);
      return this.#exitCodeOf(exit);
    } finally {
      clearInterval(watching);
      unlisten();
    }
  }

  async #takeOverLeft(): Promise<void> {
    const { ffmpegs, others } = await findLeft(this.#options.spoolDir);
    for (const left of ffmpegs) await this.#ffmpegs.takeOver(left, this.#limits.ffmpegStopTimeoutMs);
    const limits = { graceMs: this.#limits.leftWorkerTimeoutMs, killMs: KILL_TIMEOUT_MS };
    const isGone = await endLeft(others, limits);
    if (!isGone) this.#log('error', 'the worker of a killed keeper does not end', { pid: others[0]?.pid ?? null });
  }

  /** Resolves to the exit of the last worker; null when none ran when the end came. */
  async #keepWorker(): Promise<WorkerExit | null> {
    let reason: WorkerStartReason = 'first';
    while (!this.#isEnding()) {
      const exit = await this.#runWorker(reason);
      reason = this.#replacing ?? (exit.wasKilled ? 'hung' : 'crashed');
      this.#hasServed ||= exit.wasReady;
      const isBadConfig = exit.code === EXIT_BAD_CONFIG;
      if (this.#ending !== null || (isBadConfig && !this.#hasServed)) return exit;
      if (isBadConfig) this.#log('error', 'the configuration is wrong: no worker until it is right, recordings go on');
      await this.#waitForRestart(exit);
    }
    return null;
  }

  async #runWorker(reason: WorkerStartReason): Promise<WorkerExit> {
    const { workerArgv, cwd } = this.#options;
    const env = { ...this.#options.workerEnv, ...workerMark(this.#options.spoolDir) };
    this.#replacing = null;
    this.#starts.note(reason, performance.now());
    const worker = new WorkerProcess({
      argv: workerArgv,
      env,
      cwd,
      log: this.#log,
      pulseTimeoutMs: this.#limits.pulseTimeoutMs,
      startTimeoutMs: this.#limits.startTimeoutMs,
      onRequest: (request) => void this.#answer(worker, request),
    });
    this.#worker = worker;
    this.#log('info', 'worker started', { pid: worker.pid, reason });
    this.#tellSupervision(worker);
    for (const exit of this.#ffmpegs.unheard()) worker.tell({ kind: 'exited', ...exit });
    const exit = await worker.exited;
    this.#worker = null;
    this.#log(exit.code === 0 ? 'info' : 'error', 'worker ended', { pid: worker.pid, ...exit });
    return exit;
  }

  async #waitForRestart({ wasReady }: WorkerExit): Promise<void> {
    if (this.#replacing !== null) return;
    const nowMs = performance.now();
    const waitMs = this.#starts.waitMs(nowMs, wasReady);
    if (waitMs === 0) return;
    const failures = this.#starts.recentFailures(nowMs);
    this.#log('warn', 'worker keeps ending: waiting before the next', { waitMs, failures });
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, waitMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #lookAfterWorker(): void {
    const worker = this.#worker;
    if (worker === null) return;
    // One that is on its way out is as large as it is for no long time.
    const hasSettled = worker.servedMs !== null && worker.servedMs >= this.#limits.memory.notBeforeMs;
    const isSettled = hasSettled && this.#replacing === null && !this.#isEnding();
    const isTooLarge = isSettled && this.#memory.look(worker.pid ?? 0, [process.pid, ...this.#ffmpegs.pids]);
    this.#tellSupervision(worker);
    if (isTooLarge) void this.#replace('memory');
  }

  #tellSupervision(worker: WorkerProcess): void {
    const supervision = {
      starts: this.#starts.counts,
      recentFailures: this.#starts.recentFailures(performance.now()),
      memory: this.#memory.memory,
    };
    worker.tell({ kind: 'supervision', supervision });
  }

  async #answer(worker: WorkerProcess, request: KeeperRequest): Promise<void> {
    const event = await answerOf(request, { ffmpegs: this.#ffmpegs, log: this.#log });
    if (event !== null) worker.tell(event);
  }

  #end(signal: EndSignal): void {
    if (this.#ending !== null) return this.#endAgain(signal);
    this.#log('info', 'stopping', { signal });
    this.#ending = signal;
    this.#endingSinceMs = performance.now();
    this.#worker?.leave('stop', this.#limits.stopTimeoutMs);
    this.#wake();
  }

  /** The terminal went away, which is no second word of anybody. */
  #closed(): void {
    if (!this.#isEnding()) this.#end('SIGTERM');
  }

  #endAgain(signal: EndSignal): void {
    if (performance.now() - this.#endingSinceMs < this.#limits.repeatedSignalMs) return;
    this.#log('warn', 'stopping at once', { signal });
    this.#ending = signal;
    this.#ffmpegs.refuseSpawns();
    this.#worker?.kill('a second signal');
    this.#ffmpegs.killAll();
    this.#force.abort();
  }

  /** Never rejects. */
  async #replace(reason: 'upgrade' | 'memory'): Promise<void> {
    if (this.#ending !== null || this.#replacing !== null) return;
    this.#replacing = reason;
    const worker = this.#worker;
    const isRight = worker === null || (await this.#isConfigRight());
    // It may have ended meanwhile, and have been followed by a new one.
    if (this.#isEnding() || this.#worker !== worker) return;
    if (!isRight) {
      this.#replacing = null;
      this.#log('error', 'the configuration is wrong: the worker is not replaced');
      return;
    }
    this.#log('info', 'replacing the worker', { reason });
    worker?.leave('detach', this.#limits.detachTimeoutMs);
    this.#wake();
  }

  async #isConfigRight(): Promise<boolean> {
    const { checkArgv: argv, workerEnv: env, cwd } = this.#options;
    return isConfigRight({ argv, env, cwd, timeoutMs: this.#limits.startTimeoutMs });
  }

  #isEnding(): boolean {
    return this.#ending !== null;
  }

  #exitCodeOf(exit: WorkerExit | null): number {
    if (this.#force.signal.aborted && this.#ending !== null) return 128 + constants.signals[this.#ending];
    if (exit === null) return 0;
    return exit.code ?? 1;
  }
}
