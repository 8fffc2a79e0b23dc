import type { CameraId, SessionId } from '../../src/domain/ids.js';
import type { ExitListener, KeeperClient, ProcessExit } from '../../src/keeper/keeper-client.js';
import { KeeperError } from '../../src/keeper/keeper-error.js';
import type { FfmpegProcess, SpawnRequest } from '../../src/keeper/protocol.js';

/**
 * A keeper without processes: the test decides what each "FFmpeg" does. Behaves like the real one where the worker can see it:
 * one live process a camera (INV-5), a session is started once, exits are kept until a listener is there and told once.
 */
export class FakeKeeper implements KeeperClient {
  /** Every accepted spawn, in order. */
  readonly spawns: SpawnRequest[] = [];
  readonly signals: { readonly session: SessionId; readonly signal: 'SIGTERM' | 'SIGKILL' }[] = [];
  isReady = false;
  isClosed = false;
  /** Called after a spawn was accepted: write the files FFmpeg would. */
  onSpawn: ((request: SpawnRequest, process: FfmpegProcess) => void) | null = null;
  /** What a signal does. By default the process ends: 255 after SIGTERM, as FFmpeg does; killed after SIGKILL. */
  onSignal: (process: FfmpegProcess, signal: 'SIGTERM' | 'SIGKILL') => void = (process, signal) => {
    if (signal === 'SIGTERM') this.exit(process.session, { code: 255, signal: null });
    else this.exit(process.session, { code: null, signal: 'SIGKILL' });
  };
  readonly #running = new Map<SessionId, FfmpegProcess>();
  readonly #unheard: ProcessExit[] = [];
  readonly #gone = new AbortController();
  readonly #failures: KeeperError[] = [];
  readonly #spawnWaiters: { readonly count: number; readonly resolve: () => void }[] = [];
  #exitListener: ExitListener | null = null;
  #leaveListener: ((mode: 'stop' | 'detach') => void) | null = null;
  #lastPid = 1_000;

  get disconnected(): AbortSignal {
    return this.#gone.signal;
  }

  /** The next spawn rejects with this code. Adds up. */
  failNextSpawn(code: string, message = 'refused by the test'): void {
    this.#failures.push(new KeeperError(code, message));
  }

  /** A process that an earlier worker left running. */
  hold(process: FfmpegProcess): void {
    this.#running.set(process.session, process);
  }

  runningOf(camera: CameraId): FfmpegProcess | undefined {
    return [...this.#running.values()].find((process) => process.camera === camera);
  }

  /** Ends a process, also one of an earlier worker's that this keeper never ran. */
  exit(session: SessionId, how: { readonly code: number | null; readonly signal: string | null }): void {
    this.#running.delete(session);
    this.#unheard.push({ session, ...how });
    this.#tellExits();
  }

  leave(mode: 'stop' | 'detach'): void {
    this.#leaveListener?.(mode);
  }

  disconnect(): void {
    this.#gone.abort(new KeeperError('disconnected', 'the keeper is gone'));
  }

  /** Resolves once `count` spawns were accepted in all. The caller's test has the deadline. */
  async waitForSpawns(count: number): Promise<void> {
    if (this.spawns.length >= count) return;
    await new Promise<void>((resolve) => this.#spawnWaiters.push({ count, resolve }));
  }

  async spawn(request: SpawnRequest): Promise<FfmpegProcess> {
    await Promise.resolve();
    const failure = this.#failures.shift();
    if (failure !== undefined) throw failure;
    const same = this.#running.get(request.session);
    if (same !== undefined) return same;
    if (this.runningOf(request.camera) !== undefined) {
      throw new KeeperError('already-recording', `${request.camera} has a live process`);
    }
    return this.#start(request);
  }

  async signal(session: SessionId, signal: 'SIGTERM' | 'SIGKILL'): Promise<boolean> {
    await Promise.resolve();
    const process = this.#running.get(session);
    if (process === undefined) return false;
    this.signals.push({ session, signal });
    this.onSignal(process, signal);
    return true;
  }

  async list(): Promise<readonly FfmpegProcess[]> {
    await Promise.resolve();
    return [...this.#running.values()];
  }

  onExited(listener: ExitListener): void {
    this.#exitListener = listener;
    this.#tellExits();
  }

  onLeave(listener: (mode: 'stop' | 'detach') => void): void {
    this.#leaveListener = listener;
  }

  supervision(): null {
    return null;
  }

  ready(): void {
    this.isReady = true;
  }

  close(): void {
    this.isClosed = true;
  }

  #start(request: SpawnRequest): FfmpegProcess {
    const process: FfmpegProcess = {
      session: request.session,
      camera: request.camera,
      pid: ++this.#lastPid,
      startedAtMs: Date.now(),
    };
    this.#running.set(request.session, process);
    this.spawns.push(request);
    this.onSpawn?.(request, process);
    for (const waiter of this.#spawnWaiters) if (this.spawns.length >= waiter.count) waiter.resolve();
    return process;
  }

  #tellExits(): void {
    if (this.#exitListener === null) return;
    for (const exit of this.#unheard.splice(0)) void this.#exitListener(exit).catch(() => undefined);
  }
}
