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
import { closeSync, openSync } from 'node:fs';
import { mkdir, realpath } from 'node:fs/promises';
import { constants } from 'node:os';
import { isConfigRight } from './config-check.js';
import { FfmpegProcesses } from './ffmpeg-processes.js';
import { KeeperError } from './keeper-error.js';
import { createKeeperLog, type KeeperLog, reasonOf } from './keeper-log.js';
import { endLeft, findLeft, workerMark } from './left-processes.js';
import { EXIT_BAD_CONFIG, type KeeperEvent, type KeeperRequest } from './protocol.js';
import { DEFAULT_RESTART_LIMITS, type RestartLimits, recentStarts, restartWaitMs } from './restart-limits.js';
import { takeSpoolLock } from './spool-lock.js';
import { type WorkerExit, WorkerProcess } from './worker-process.js';

/** Every deadline of the keeper; tests shorten them. Of a worker's silence only time counts in which the keeper was awake. */
export interface KeeperLimits {
  readonly restarts: RestartLimits;
  /** A worker without a pulse for so long is hung. */
  readonly pulseTimeoutMs: number;
  /** From its start to its first pulse. */
  readonly startTimeoutMs: number;
  /** For `leave stop`: every FFmpeg by the ladder, sealing, draining. With the next one it stays below the 90 s a pod has. */
  readonly stopTimeoutMs: number;
  /** For `leave detach`, at an upgrade. */
  readonly detachTimeoutMs: number;
  /** A second signal forces the end, unless it comes so soon after the first that no person sent it: npm repeats the terminal's Ctrl-C. */
  readonly repeatedSignalMs: number;
  /** From SIGTERM to SIGKILL for what the worker left: twice FFmpeg's socket timeout and 2 s. */
  readonly ffmpegStopTimeoutMs: number;
  /** The worker of a killed keeper ends at once by itself; if not, it is killed after so long. */
  readonly leftWorkerTimeoutMs: number;
}

/** Where a number has a reason, `KeeperLimits` says it; 60 s + 7 s + a kill stay below the 90 s a pod has to end. */
export const DEFAULT_KEEPER_LIMITS: KeeperLimits = {
  restarts: DEFAULT_RESTART_LIMITS,
  pulseTimeoutMs: 10_000,
  startTimeoutMs: 60_000,
  stopTimeoutMs: 60_000,
  detachTimeoutMs: 15_000,
  repeatedSignalMs: 500,
  ffmpegStopTimeoutMs: 7_000,
  leftWorkerTimeoutMs: 1_000,
};

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

type EndSignal = 'SIGTERM' | 'SIGINT';

class Keeper {
  readonly #options: KeeperOptions;
  readonly #limits: KeeperLimits;
  readonly #log: KeeperLog;
  readonly #ffmpegs: FfmpegProcesses;
  readonly #force = new AbortController();
  #worker: WorkerProcess | null = null;
  #starts: readonly number[] = [];
  #hasServed = false;
  #ending: EndSignal | null = null;
  #endingSinceMs = 0;
  #isReplacing = false;
  /** Then a SIGHUP may mean what it says: the terminal was closed, and there is nothing left to write to. */
  readonly #hadTerminal = process.stderr.isTTY && hasTerminal();
  /** Ends a wait for the next start. */
  #wake: () => void = () => undefined;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_KEEPER_LIMITS, ...options.limits };
    this.#log = options.log ?? createKeeperLog(process.stderr, options.workerEnv['LOG_LEVEL']);
    this.#ffmpegs = new FfmpegProcesses({
      log: this.#log,
      onExited: (exit) => this.#worker?.tell({ kind: 'exited', ...exit }),
      searchPath: process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
      spoolDir: options.spoolDir,
    });
  }

  async run(): Promise<number> {
    const unlisten = this.#listen();
    try {
      await this.#takeOverLeft();
      const exit = await this.#keepWorker();
      this.#ffmpegs.refuseSpawns();
      await this.#ffmpegs.stopAll(this.#limits.ffmpegStopTimeoutMs, this.#force.signal);
      return this.#exitCodeOf(exit);
    } finally {
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
    while (!this.#isEnding()) {
      const exit = await this.#runWorker();
      this.#hasServed ||= exit.wasReady;
      const isBadConfig = exit.code === EXIT_BAD_CONFIG;
      if (this.#ending !== null || (isBadConfig && !this.#hasServed)) return exit;
      if (isBadConfig) this.#log('error', 'the configuration is wrong: no worker until it is right, recordings go on');
      await this.#waitForRestart(exit);
    }
    return null;
  }

  async #runWorker(): Promise<WorkerExit> {
    const { workerArgv, cwd } = this.#options;
    const env = { ...this.#options.workerEnv, ...workerMark(this.#options.spoolDir) };
    this.#isReplacing = false;
    this.#starts = [...recentStarts(this.#limits.restarts, this.#starts, performance.now()), performance.now()];
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
    this.#log('info', 'worker started', { pid: worker.pid });
    for (const exit of this.#ffmpegs.unheard()) worker.tell({ kind: 'exited', ...exit });
    const exit = await worker.exited;
    this.#worker = null;
    this.#log(exit.code === 0 ? 'info' : 'error', 'worker ended', { pid: worker.pid, ...exit });
    return exit;
  }

  async #waitForRestart({ wasReady }: WorkerExit): Promise<void> {
    if (this.#isReplacing) return;
    const waitMs = restartWaitMs(this.#limits.restarts, this.#starts, performance.now(), wasReady);
    if (waitMs === 0) return;
    this.#log('warn', 'worker keeps ending: waiting before the next', { waitMs, starts: this.#starts.length });
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, waitMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Never rejects: every failure is an answer. */
  async #answer(worker: WorkerProcess, request: KeeperRequest): Promise<void> {
    switch (request.kind) {
      case 'alive':
      case 'ready':
        return;
      case 'heard':
        return this.#ffmpegs.heard(request.session);
      case 'signal': {
        const delivered = this.#ffmpegs.signal(request.session, request.signal);
        return worker.tell({ kind: 'signalled', id: request.id, delivered });
      }
      case 'list':
        return worker.tell({ kind: 'listed', id: request.id, processes: await this.#ffmpegs.list() });
      case 'spawn':
        return worker.tell(await this.#spawn(request));
    }
  }

  async #spawn(request: Extract<KeeperRequest, { readonly kind: 'spawn' }>): Promise<KeeperEvent> {
    try {
      const process = await this.#ffmpegs.spawn(request);
      // A camera that is off is tried every few seconds: what came of it is the worker's to say, once.
      this.#log('debug', 'ffmpeg started', { camera: request.camera, session: request.session, pid: process.pid });
      return { kind: 'spawned', id: request.id, process };
    } catch (error) {
      const code = reasonOf(error);
      const message = error instanceof KeeperError ? error.message : `${request.camera} cannot be started: ${code}`;
      this.#log('debug', 'ffmpeg not started', { camera: request.camera, session: request.session, reason: code });
      return { kind: 'spawn-failed', id: request.id, code, message };
    }
  }

  #listen(): () => void {
    const end = (signal: NodeJS.Signals): void => this.#end(signal === 'SIGINT' ? 'SIGINT' : 'SIGTERM');
    const replace = (): void => void this.#replace();
    process.on('SIGTERM', end);
    process.on('SIGINT', end);
    process.on('SIGHUP', replace);
    return () => {
      process.off('SIGTERM', end);
      process.off('SIGINT', end);
      process.off('SIGHUP', replace);
    };
  }

  #end(signal: EndSignal): void {
    if (this.#ending !== null) return this.#endAgain(signal);
    this.#log('info', 'stopping', { signal });
    this.#ending = signal;
    this.#endingSinceMs = performance.now();
    this.#worker?.leave('stop', this.#limits.stopTimeoutMs);
    this.#wake();
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
  async #replace(): Promise<void> {
    if (this.#ending !== null || this.#isReplacing) return;
    if (this.#hadTerminal && !hasTerminal()) return this.#end('SIGTERM');
    this.#isReplacing = true;
    const worker = this.#worker;
    const isRight = worker === null || (await this.#isConfigRight());
    // It may have ended meanwhile, and have been followed by a new one.
    if (this.#isEnding() || this.#worker !== worker) return;
    if (!isRight) {
      this.#isReplacing = false;
      this.#log('error', 'the configuration is wrong: the worker is not replaced');
      return;
    }
    this.#log('info', 'replacing the worker');
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

/** Whether the process (still) has a controlling terminal. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false;
    throw error;
  }
}
