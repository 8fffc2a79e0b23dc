/**
 * One life of one worker. It is asked to leave, and killed when it does not, or when its pulse stops while it lives. However it ends,
 * its process group ends with it: what it had started itself (a remux). A recording FFmpeg is in a session of its own, and does not.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { type KeeperLog, reasonOf } from './keeper-log.js';
import { parseKeeperRequest } from './parse-message.js';
import type { KeeperEvent, KeeperRequest } from './protocol.js';

/** How a worker's life ended. Both `code` and `signal` are null for a worker that could not be started at all. */
export interface WorkerExit {
  readonly code: number | null;
  readonly signal: string | null;
  /** We killed it: no pulse, a deadline, or a second signal. */
  readonly wasKilled: boolean;
  readonly wasReady: boolean;
}

interface WorkerProcessOptions {
  /** A script, and its arguments. */
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly log: KeeperLog;
  readonly pulseTimeoutMs: number;
  /** Loading and connecting keep a worker busy: it has so long until its first pulse. */
  readonly startTimeoutMs: number;
  readonly onRequest: (request: KeeperRequest) => void;
}

/** How often the pulse is looked at, as a part of what it may take. */
const LOOKS_PER_TIMEOUT = 10;

/** Making one starts it. One object for one process: the keeper makes the next. */
export class WorkerProcess {
  /** Never rejects. */
  readonly exited: Promise<WorkerExit>;
  readonly #options: WorkerProcessOptions;
  readonly #child: ChildProcess;
  readonly #watch: NodeJS.Timeout;
  #silentMs = 0;
  #lookedAtMs = performance.now();
  #hasPulse = false;
  #readyAtMs: number | null = null;
  #isKilled = false;
  #leaveTimer: NodeJS.Timeout | undefined;

  constructor(options: WorkerProcessOptions) {
    const [script = '', ...args] = options.argv;
    this.#options = options;
    this.#child = fork(script, args, {
      cwd: options.cwd,
      env: options.env,
      // Its own group: Ctrl-C reaches the keeper only, which then asks the worker to leave.
      detached: true,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.exited = this.#whenExited();
    this.#child.on('message', (message) => this.#onMessage(message));
    this.#watch = setInterval(() => this.#look(), options.pulseTimeoutMs / LOOKS_PER_TIMEOUT);
  }

  get pid(): number | null {
    return this.#child.pid ?? null;
  }

  /** How long it has served, in milliseconds; null while it is still being put together. */
  get servedMs(): number | null {
    return this.#readyAtMs === null ? null : performance.now() - this.#readyAtMs;
  }

  /** Nobody to tell is no error: the next worker is told again, or asks. */
  tell(event: KeeperEvent): void {
    if (!this.#child.connected) return;
    this.#child.send(event, (error) => {
      if (error !== null) this.#options.log('warn', 'worker not told', { kind: event.kind, reason: reasonOf(error) });
    });
  }

  /** Kills it after `timeoutMs`. Asked again, the later word counts. */
  leave(mode: 'stop' | 'detach', timeoutMs: number): void {
    this.tell({ kind: 'leave', mode });
    clearTimeout(this.#leaveTimer);
    this.#leaveTimer = setTimeout(() => this.kill('it did not leave in time'), timeoutMs);
  }

  kill(reason: string): void {
    const pid = this.#child.pid;
    if (pid === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#isKilled = true;
    this.#options.log('error', 'worker killed', { pid, reason });
    try {
      process.kill(-pid, 'SIGKILL');
    } catch (error) {
      this.#options.log('warn', 'worker group not killed', { pid, reason: reasonOf(error) });
      this.#child.kill('SIGKILL');
    }
  }

  async #whenExited(): Promise<WorkerExit> {
    const exit = await new Promise<Pick<WorkerExit, 'code' | 'signal'>>((resolve) => {
      this.#child.once('exit', (code, signal) => resolve({ code, signal }));
      this.#child.once('error', (error) => {
        this.#options.log('error', 'worker not started', { reason: reasonOf(error) });
        // A process that runs exits by itself; one that never ran has no exit to wait for.
        if (this.#child.pid === undefined) resolve({ code: null, signal: null });
      });
    });
    clearInterval(this.#watch);
    clearTimeout(this.#leaveTimer);
    this.#endGroup();
    return { ...exit, wasKilled: this.#isKilled, wasReady: this.#readyAtMs !== null };
  }

  /** What a worker that crashed leaves would be nobody's, and beside what the next one starts. */
  #endGroup(): void {
    if (this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, 'SIGKILL');
    } catch (error) {
      if (reasonOf(error) !== 'ESRCH')
        this.#options.log('warn', 'worker group not killed', { reason: reasonOf(error) });
    }
  }

  #onMessage(message: unknown): void {
    this.#silentMs = 0;
    this.#hasPulse = true;
    const request = parseKeeperRequest(message);
    if (request?.kind === 'ready') this.#readyAtMs ??= performance.now();
    if (request !== undefined) this.#options.onRequest(request);
  }

  /** Counts only time in which the keeper itself was awake: after a suspend both were silent. */
  #look(): void {
    const nowMs = performance.now();
    const { pulseTimeoutMs, startTimeoutMs } = this.#options;
    this.#silentMs += Math.min(nowMs - this.#lookedAtMs, (2 * pulseTimeoutMs) / LOOKS_PER_TIMEOUT);
    this.#lookedAtMs = nowMs;
    if (this.#silentMs < (this.#hasPulse ? pulseTimeoutMs : startTimeoutMs)) return;
    this.#silentMs = 0;
    this.kill('no pulse');
  }
}
