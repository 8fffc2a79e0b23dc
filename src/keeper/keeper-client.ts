/**
 * The worker's end of the line to the keeper.
 *
 * 1. A request is answered, refused, or fails at its deadline; none waits for ever.
 * 2. An exit reaches the listener once, and is acknowledged only when what the listener began is done: a worker that dies while
 *    handling it leaves it for the next one.
 * 3. What arrives before its listener is kept until the listener is there.
 */
import type { SessionId } from '../domain/ids.js';
import type { Supervision } from '../domain/supervision.js';
import { KeeperError } from './keeper-error.js';
import { parseKeeperEvent } from './parse-message.js';
import type { FfmpegProcess, KeeperEvent, KeeperRequest, SpawnRequest } from './protocol.js';

/** Neither code nor signal: a keeper that was killed had started it, and nobody saw how it ended. */
export interface ProcessExit {
  readonly session: SessionId;
  readonly code: number | null;
  readonly signal: string | null;
}

/** Must not reject but for an exit that the next worker shall be told again. */
export type ExitListener = (exit: ProcessExit) => Promise<void>;

/** The worker's view of the keeper. The only thing the recorder knows of it. */
export interface KeeperClient {
  /**
   * Rejects with `KeeperError` when the program cannot be started; after `no-answer` it may run all the same, or soon: `list` tells.
   * Asking again for a session that runs resolves to its process.
   */
  spawn(request: SpawnRequest): Promise<FfmpegProcess>;
  /** Resolves to whether the process was there to be signalled. */
  signal(session: SessionId, signal: 'SIGTERM' | 'SIGKILL'): Promise<boolean>;
  /** With everything a spawn was asked for before. */
  list(): Promise<readonly FfmpegProcess[]>;
  /** Each exit is told once to the one listener, also those that happened before this worker lived. Resolving means heard, rejecting not. */
  onExited(listener: ExitListener): void;
  onLeave(listener: (mode: 'stop' | 'detach') => void): void;
  /** What the keeper said last; null before it did, and under a keeper of an older version. */
  supervision(): Supervision | null;
  /** Tells the keeper that the worker serves. */
  ready(): void;
  /** The keeper is gone: there is nobody to record with. */
  readonly disconnected: AbortSignal;
  /** Ends the pulse and lets go of the channel. Call it last: a worker without a pulse is killed. Idempotent. */
  close(): void;
}

/** What is needed of a process with an IPC channel; `process` of a forked child is one. */
export interface KeeperChannel {
  readonly connected: boolean;
  send?(message: KeeperRequest, callback?: (error: Error | null) => void): boolean;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  on(event: 'disconnect', listener: () => void): unknown;
  off(event: 'message', listener: (message: unknown) => void): unknown;
  off(event: 'disconnect', listener: () => void): unknown;
}

interface KeeperClientOptions {
  /** A fifth of what the keeper waits for a pulse. */
  readonly pulseMs?: number;
  /** Spawning creates a folder and opens a file: on a stalled disk that may take long. */
  readonly requestTimeoutMs?: number;
}

type Answer = Extract<KeeperEvent, { readonly id: number }>;
type Unnumbered<T> = T extends { readonly id: number } ? Omit<T, 'id'> : never;

/** @throws KeeperError `not-under-keeper` when the process has no channel. */
export function createKeeperClient(channel: KeeperChannel, options: KeeperClientOptions = {}): KeeperClient {
  if (channel.send === undefined || !channel.connected) {
    throw new KeeperError('not-under-keeper', 'this process was not started by a keeper');
  }
  return new ChannelKeeperClient(channel, options.pulseMs ?? 2_000, options.requestTimeoutMs ?? 15_000);
}

class ChannelKeeperClient implements KeeperClient {
  readonly disconnected: AbortSignal;
  readonly #channel: KeeperChannel;
  readonly #requestTimeoutMs: number;
  readonly #pulse: NodeJS.Timeout;
  readonly #gone = new AbortController();
  readonly #waiting = new Map<number, (answer: Answer | KeeperError) => void>();
  /** What became of each exit, from when the listener has it. */
  readonly #handled = new Map<SessionId, Promise<void>>();
  readonly #unheard: ProcessExit[] = [];
  #leaveMode: 'stop' | 'detach' | null = null;
  #supervision: Supervision | null = null;
  #exitListener: ExitListener | null = null;
  #leaveListener: ((mode: 'stop' | 'detach') => void) | null = null;
  #lastId = 0;

  constructor(channel: KeeperChannel, pulseMs: number, requestTimeoutMs: number) {
    this.#channel = channel;
    this.#requestTimeoutMs = requestTimeoutMs;
    this.disconnected = this.#gone.signal;
    channel.on('message', this.#onMessage);
    channel.on('disconnect', this.#onDisconnect);
    this.#send({ kind: 'alive' });
    this.#pulse = setInterval(() => this.#send({ kind: 'alive' }), pulseMs);
    this.#pulse.unref();
  }

  async spawn(request: SpawnRequest): Promise<FfmpegProcess> {
    const answer = await this.#ask({ kind: 'spawn', ...request });
    if (answer.kind === 'spawned') return answer.process;
    if (answer.kind === 'spawn-failed') throw new KeeperError(answer.code, answer.message);
    throw unexpected('spawn', answer);
  }

  async signal(session: SessionId, signal: 'SIGTERM' | 'SIGKILL'): Promise<boolean> {
    const answer = await this.#ask({ kind: 'signal', session, signal });
    if (answer.kind === 'signalled') return answer.delivered;
    throw unexpected('signal', answer);
  }

  async list(): Promise<readonly FfmpegProcess[]> {
    const answer = await this.#ask({ kind: 'list' });
    if (answer.kind === 'listed') return answer.processes;
    throw unexpected('list', answer);
  }

  onExited(listener: ExitListener): void {
    this.#exitListener = listener;
    for (const exit of this.#unheard.splice(0)) this.#tellExit(exit);
  }

  onLeave(listener: (mode: 'stop' | 'detach') => void): void {
    this.#leaveListener = listener;
    if (this.#leaveMode !== null) listener(this.#leaveMode);
  }

  supervision(): Supervision | null {
    return this.#supervision;
  }

  ready(): void {
    this.#send({ kind: 'ready' });
  }

  close(): void {
    clearInterval(this.#pulse);
    this.#channel.off('message', this.#onMessage);
    this.#channel.off('disconnect', this.#onDisconnect);
    this.#failAll(new KeeperError('disconnected', 'the line to the keeper was closed'));
  }

  #ask(request: Unnumbered<KeeperRequest>): Promise<Answer> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        settle(new KeeperError('no-answer', `${request.kind}: no answer within ${this.#requestTimeoutMs} ms`));
      }, this.#requestTimeoutMs);
      const settle = (answer: Answer | KeeperError): void => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        if (answer instanceof KeeperError) reject(answer);
        else resolve(answer);
      };
      this.#waiting.set(id, settle);
      this.#send({ ...request, id });
    });
  }

  #send(message: KeeperRequest): void {
    const fail = (cause: Error): void => {
      if ('id' in message)
        this.#waiting.get(message.id)?.(new KeeperError('disconnected', 'the keeper is gone', { cause }));
      // Without an id nobody waits: a pulse or word that cannot be sent is followed by `disconnect`, which is told.
    };
    if (!this.#channel.connected) return fail(new Error('channel closed'));
    this.#channel.send?.(message, (error) => {
      if (error !== null) fail(error);
    });
  }

  readonly #onMessage = (message: unknown): void => {
    const event = parseKeeperEvent(message);
    if (event === undefined) return;
    if (event.kind === 'exited')
      return this.#tellExit({ session: event.session, code: event.code, signal: event.signal });
    if (event.kind === 'leave') return this.#tellLeave(event.mode);
    if (event.kind === 'supervision') {
      this.#supervision = event.supervision;
      return;
    }
    this.#waiting.get(event.id)?.(event);
  };

  #tellExit(exit: ProcessExit): void {
    const listener = this.#exitListener;
    if (listener === null) {
      this.#unheard.push(exit);
      return;
    }
    const { session } = exit;
    const handled = this.#handled.get(session) ?? listener(exit);
    this.#handled.set(session, handled);
    // Rejected: the listener has said why, and the next worker is told. Told again: the keeper did not hear that we had heard.
    void handled.then(
      () => this.#send({ kind: 'heard', session }),
      () => undefined,
    );
  }

  #tellLeave(mode: 'stop' | 'detach'): void {
    this.#leaveMode = mode;
    this.#leaveListener?.(mode);
  }

  readonly #onDisconnect = (): void => {
    clearInterval(this.#pulse);
    const reason = new KeeperError('disconnected', 'the keeper is gone');
    this.#failAll(reason);
    this.#gone.abort(reason);
  };

  #failAll(reason: KeeperError): void {
    for (const settle of this.#waiting.values()) settle(reason);
  }
}

function unexpected(asked: string, answer: Answer): KeeperError {
  return new KeeperError('no-answer', `${asked}: answered with ${answer.kind}`);
}
