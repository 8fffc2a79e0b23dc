/**
 * The FFmpeg processes the keeper is parent of.
 *
 * 1. At most one for each camera at a time (INV-5), and one for each session.
 * 2. An exit is kept until a worker has said `heard`.
 * 3. At most one SIGTERM reaches a process: a second one aborts the writing of its file.
 * 4. The URL goes through fd 4 only; neither argv nor environment holds anything of it (INV-7).
 * 5. What a killed keeper left is held like our own until it is gone, and ended: it writes, and the camera is not free, before that.
 */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdir, open } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { Writable } from 'node:stream';
import type { CameraId, SessionId } from '../domain/ids.js';
import { SESSION_LOG } from '../domain/session-log.js';
import type { ProcessExit } from './keeper-client.js';
import { KeeperError } from './keeper-error.js';
import { type KeeperLog, reasonOf } from './keeper-log.js';
import { ffmpegMark, type LeftFfmpeg } from './left-processes.js';
import { signalProcess, untilGone } from './process-identity.js';
import type { FfmpegProcess, SpawnRequest } from './protocol.js';

interface Held {
  readonly process: FfmpegProcess;
  /** Whether it was there. */
  readonly kill: (signal: 'SIGTERM' | 'SIGKILL') => boolean;
  readonly exited: Promise<void>;
  isTermed: boolean;
}

interface Started {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly exit: Promise<Omit<ProcessExit, 'session'>>;
}

interface FfmpegProcessesOptions {
  readonly log: KeeperLog;
  readonly onExited: (exit: ProcessExit) => void;
  /** Where programs are looked for; all that FFmpeg's environment holds beside TZ and a mark. */
  readonly searchPath: string;
  /** The real path. */
  readonly spoolDir: string;
}

/** One for the life of a keeper. Made empty; what an earlier keeper left is handed to it afterwards. */
export class FfmpegProcesses {
  readonly #options: FfmpegProcessesOptions;
  readonly #held = new Map<SessionId, Held>();
  readonly #unheard = new Map<SessionId, ProcessExit>();
  readonly #starting = new Map<SessionId, { readonly camera: CameraId; readonly outcome: Promise<FfmpegProcess> }>();
  #deathSignal: readonly string[] | undefined;
  #isRefusing = false;

  constructor(options: FfmpegProcessesOptions) {
    this.#options = options;
  }

  /**
   * Idempotent for one session: asked again, it answers with the process that runs.
   * @throws KeeperError see its codes; an errno when folder, log or process cannot be made.
   */
  async spawn(request: SpawnRequest): Promise<FfmpegProcess> {
    const known = this.#held.get(request.session)?.process ?? this.#starting.get(request.session)?.outcome;
    if (known !== undefined) return known;
    this.#refuse(request);
    const outcome = this.#start(request);
    this.#starting.set(request.session, { camera: request.camera, outcome });
    try {
      return await outcome;
    } finally {
      this.#starting.delete(request.session);
    }
  }

  /** Waits for those being started: a worker that died while one was must not leave it unseen by the next. */
  async list(): Promise<readonly FfmpegProcess[]> {
    await Promise.allSettled([...this.#starting.values()].map(({ outcome }) => outcome));
    return [...this.#held.values()].map(({ process }) => process);
  }

  /** Of those that run; unlike `list` it waits for none that is being started. */
  get pids(): readonly number[] {
    return [...this.#held.values()].map(({ process }) => process.pid);
  }

  /** Whether the process was there. A second SIGTERM is not sent, and counts as delivered. */
  signal(session: SessionId, signal: 'SIGTERM' | 'SIGKILL'): boolean {
    const held = this.#held.get(session);
    if (held === undefined) return false;
    if (signal === 'SIGTERM' && held.isTermed) return true;
    if (signal === 'SIGTERM') held.isTermed = true;
    return held.kill(signal);
  }

  /**
   * Takes over what a killed keeper left, and ends it by the ladder. Where the kernel sent it SIGTERM when that keeper died, we send
   * none. Nobody but its parent could see how it ends: its exit has neither code nor signal.
   */
  async takeOver(left: LeftFfmpeg, timeoutMs: number): Promise<void> {
    const { session, camera, pid } = left;
    const isTermed = (await this.#deathSignalCommand()).length > 0;
    const exited = untilGone(left).then(() => this.#onExit({ session, code: null, signal: null }));
    const kill: Held['kill'] = (signal) => signalProcess(left, signal);
    this.#held.set(session, { process: { session, camera, pid, startedAtMs: Date.now() }, kill, exited, isTermed });
    this.#options.log('warn', 'ffmpeg of a killed keeper is ended', { session, camera, pid });
    this.signal(session, 'SIGTERM');
    const timer = setTimeout(() => this.signal(session, 'SIGKILL'), timeoutMs);
    void exited.then(() => clearTimeout(timer));
  }

  /** Exits no worker has heard of yet, oldest first. */
  unheard(): readonly ProcessExit[] {
    return [...this.#unheard.values()];
  }

  heard(session: SessionId): void {
    this.#unheard.delete(session);
  }

  /** From now on every spawn fails with `shutting-down`. */
  refuseSpawns(): void {
    this.#isRefusing = true;
  }

  /** The ladder: one SIGTERM, `timeoutMs`, SIGKILL. Resolves when none is left; sooner when `force` aborts. */
  async stopAll(timeoutMs: number, force: AbortSignal): Promise<void> {
    await this.list();
    for (const session of this.#held.keys()) this.signal(session, 'SIGTERM');
    const kill = (): void => this.killAll();
    const timer = setTimeout(kill, timeoutMs);
    force.addEventListener('abort', kill);
    if (force.aborted) kill();
    try {
      await Promise.all([...this.#held.values()].map(({ exited }) => exited));
    } finally {
      clearTimeout(timer);
      force.removeEventListener('abort', kill);
    }
  }

  killAll(): void {
    for (const [session, { process }] of this.#held) {
      this.#options.log('warn', 'ffmpeg killed', { session, camera: process.camera, pid: process.pid });
      this.signal(session, 'SIGKILL');
    }
  }

  #refuse({ session, camera }: SpawnRequest): void {
    if (this.#isRefusing) throw new KeeperError('shutting-down', 'the keeper is shutting down');
    if (this.#unheard.has(session)) throw new KeeperError('session-ended', `${session} has ended`);
    const live = [...this.#held.values()].map(({ process }) => process.camera);
    const starting = [...this.#starting.values()].map((one) => one.camera);
    if ([...live, ...starting].includes(camera)) {
      throw new KeeperError('already-recording', `${camera} has a live process`);
    }
  }

  async #start(request: SpawnRequest): Promise<FfmpegProcess> {
    const [program, ...args] = await this.#commandOf(request.argv);
    await mkdir(request.cwd, { recursive: true, mode: 0o700 });
    const log = await open(join(request.cwd, SESSION_LOG), 'a', 0o600);
    try {
      const child = spawn(program, args, this.#spawnOptions(request, log.fd));
      const exit = exitOf(child);
      const pid = await pidOf(child);
      this.#giveUrl(child, request);
      return this.#hold(request, { child, pid, exit });
    } finally {
      await log.close();
    }
  }

  #spawnOptions(request: SpawnRequest, logFd: number): SpawnOptions {
    return {
      cwd: request.cwd,
      // Its own session: Ctrl-C in the keeper's terminal must not reach it.
      detached: true,
      env: { TZ: 'UTC', PATH: this.#options.searchPath, ...ffmpegMark(this.#options.spoolDir, request) },
      stdio: ['ignore', logFd, logFd, 'ignore', 'pipe'],
    };
  }

  #hold({ session, camera }: SpawnRequest, started: Started): FfmpegProcess {
    const process = { session, camera, pid: started.pid, startedAtMs: Date.now() };
    const exited = started.exit.then((exit) => this.#onExit({ session, ...exit }));
    const kill: Held['kill'] = (signal) => started.child.kill(signal);
    this.#held.set(session, { process, kill, exited, isTermed: false });
    return process;
  }

  #onExit(exit: ProcessExit): void {
    this.#held.delete(exit.session);
    this.#unheard.set(exit.session, exit);
    this.#options.onExited(exit);
  }

  #giveUrl(child: ChildProcess, { ffconcat, session }: SpawnRequest): void {
    const pipe = child.stdio[4];
    if (!(pipe instanceof Writable)) throw new KeeperError('no-pipe', 'the process was given no fd 4');
    // EPIPE, ECONNRESET: it ended without reading. Its exit tells more than this does.
    pipe.on('error', (error) =>
      this.#options.log('warn', 'ffmpeg did not read fd 4', { session, reason: reasonOf(error) }),
    );
    pipe.end(ffconcat);
    child.on('error', (error) =>
      this.#options.log('warn', 'ffmpeg not signalled', { session, reason: reasonOf(error) }),
    );
  }

  /** FFmpeg ends when the keeper does: `setpriv` asks the kernel for that, and then becomes FFmpeg (same pid). */
  async #commandOf(argv: readonly string[]): Promise<readonly [string, ...string[]]> {
    const [name = '', ...args] = argv;
    const program = await this.#find(name);
    if (program === undefined) throw new KeeperError('no-program', `${name} is not there, or may not be executed`);
    const [setpriv, ...options] = await this.#deathSignalCommand();
    return setpriv === undefined ? [program, ...args] : [setpriv, ...options, program, ...args];
  }

  async #deathSignalCommand(): Promise<readonly string[]> {
    if (this.#deathSignal === undefined) {
      const setpriv = await this.#find('setpriv');
      this.#deathSignal = setpriv === undefined ? [] : [setpriv, '--pdeathsig', 'TERM', '--'];
      if (setpriv === undefined) {
        this.#options.log(
          'warn',
          'no setpriv: if the keeper is killed, every ffmpeg records on and must be ended by hand',
        );
      }
    }
    return this.#deathSignal;
  }

  async #find(name: string): Promise<string | undefined> {
    const folders = name.includes('/') ? [''] : this.#options.searchPath.split(delimiter);
    for (const folder of folders) {
      const path = folder === '' ? name : join(folder, name);
      if (await isExecutable(path)) return path;
    }
    return undefined;
  }
}

/** Listens from the start, so that no exit is too early to be seen. */
function exitOf(child: ChildProcess): Promise<Omit<ProcessExit, 'session'>> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
}

/** Rejects with the errno when the program does not start. */
async function pidOf(child: ChildProcess): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  if (child.pid === undefined) throw new KeeperError('no-pid', 'the process has no pid');
  return child.pid;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch (error) {
    // Whatever the reason (ENOENT, EACCES, ENOTDIR), it cannot be run.
    if (error instanceof Error && 'code' in error) return false;
    throw error;
  }
}
