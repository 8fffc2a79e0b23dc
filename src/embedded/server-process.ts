/**
 * One server this machine runs for itself, as a child process.
 *
 * 1. It does not outlive us: where `setpriv` exists the kernel ends it when we die, even by SIGKILL.
 * 2. Ctrl-C does not reach it (own session): we end it, after everything that uses it.
 * 3. Every end is reported once, through `exited`; nothing restarts it behind the caller's back.
 * 4. It sees no variable but those it needs: ours may hold cameras' passwords (INV-7).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { boundedBy } from '../clock.js';
import { EmbeddedError } from './embedded-error.js';

const POLL_MS = 25;
const PASSED_ON = ['PATH', 'HOME', 'TMPDIR', 'TZ'];
/** Both servers drain for about 4 s (measured); SeaweedFS on a full disk hangs for ever. */
const STOP_DEADLINE_MS = 10_000;

interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** One life of one server: it does not start again by itself. */
export interface ServerProcess {
  readonly pid: number;
  /** Never rejects. */
  readonly exited: Promise<ProcessEnd>;
  /** For faults: SIGSTOP, SIGCONT. False when it is gone already. */
  signal(name: NodeJS.Signals): boolean;
  /** SIGKILL; resolves when it is gone. Idempotent. */
  kill(): Promise<void>;
  /** SIGTERM, and SIGKILL after 10 s; resolves when it is gone. Idempotent. */
  stop(): Promise<void>;
}

interface ServerCommand {
  /** For messages: `Temporal`. */
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  /** Beside the search path and where files of this user go: nothing else of ours is passed on. */
  readonly env?: Readonly<Record<string, string>>;
  /** Standard output and error are appended here: a pipe would tie the server to us. */
  readonly logPath: string;
  /** Given: a Node program of ours, which tells its parent things and ends when the channel does. */
  readonly onMessage?: (message: unknown) => void;
}

/** Starts it and returns as soon as the process exists, which says nothing about its being ready. */
export async function startServerProcess(command: ServerCommand): Promise<ServerProcess> {
  await mkdir(dirname(command.logPath), { recursive: true });
  const log = await open(command.logPath, 'a', 0o600);
  try {
    const [file, ...args] = dyingWithParent([command.file, ...command.args]);
    const { onMessage } = command;
    const child = spawn(file, args, {
      detached: true,
      stdio: ['ignore', log.fd, log.fd, ...(onMessage === undefined ? [] : ['ipc' as const])],
      env: { ...serverEnv(), ...command.env },
    });
    if (onMessage !== undefined) child.on('message', onMessage);
    return await adoptChild(child, command.name);
  } finally {
    await log.close();
  }
}

/**
 * Asks until the answer is true. Throws `EmbeddedError` when the process ends first (`server-died`) or the deadline
 * passes (`server-not-ready`), and the signal's reason when it aborts; in each case the process has been killed.
 */
export async function untilReady(
  server: ServerProcess,
  question: {
    readonly name: string;
    readonly ask: (signal: AbortSignal) => Promise<boolean>;
    readonly deadlineMs: number;
    readonly logPath: string;
    readonly signal: AbortSignal | undefined;
  },
): Promise<void> {
  const until = performance.now() + question.deadlineMs;
  const seen: { end: ProcessEnd | null } = { end: null };
  const watching = server.exited.then((end) => {
    seen.end = end;
  });
  try {
    for (;;) {
      question.signal?.throwIfAborted();
      if (seen.end !== null) throw diedError(question.name, seen.end, question.logPath);
      if (await question.ask(boundedBy(undefined, 1_000))) return;
      if (performance.now() > until) throw notReadyError(question);
      await Promise.race([delay(POLL_MS), watching]);
    }
  } catch (error) {
    await server.kill();
    throw error;
  }
}

function diedError(name: string, end: ProcessEnd, logPath: string): EmbeddedError {
  const how = end.signal ?? `code ${end.code}`;
  return new EmbeddedError('server-died', `${name} ended (${how}) before it was ready; its log is ${logPath}`);
}

function notReadyError(question: { name: string; deadlineMs: number; logPath: string }): EmbeddedError {
  const { name, deadlineMs, logPath } = question;
  return new EmbeddedError('server-not-ready', `${name} gave no answer in ${deadlineMs} ms; its log is ${logPath}`);
}

async function adoptChild(child: ChildProcess, name: string): Promise<ServerProcess> {
  const exited = new Promise<ProcessEnd>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) => reject(new EmbeddedError('server-died', `start ${name}`, { cause })));
  });
  const killAtExit = (): void => void child.kill('SIGKILL');
  process.once('exit', killAtExit);
  void exited.then(() => process.off('exit', killAtExit));
  return new OwnedProcess(child, exited);
}

class OwnedProcess implements ServerProcess {
  readonly pid: number;
  readonly exited: Promise<ProcessEnd>;
  readonly #child: ChildProcess;

  constructor(child: ChildProcess, exited: Promise<ProcessEnd>) {
    this.#child = child;
    this.exited = exited;
    this.pid = child.pid ?? -1;
  }

  signal(name: NodeJS.Signals): boolean {
    return this.#child.kill(name);
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.exited;
  }

  async stop(): Promise<void> {
    this.signal('SIGTERM');
    // A process halted by SIGSTOP keeps SIGTERM waiting.
    this.signal('SIGCONT');
    const overdue = new AbortController();
    const killing = delay(STOP_DEADLINE_MS, 'overdue', { signal: overdue.signal }).catch(() => 'in time');
    if ((await Promise.race([killing, this.exited])) === 'overdue') this.signal('SIGKILL');
    await this.exited;
    overdue.abort();
  }
}

/** What any program needs of our environment. Settings of Temporal or AWS in it would also bend what these servers do. */
export function serverEnv(): Readonly<Record<string, string>> {
  const given = PASSED_ON.map((name) => [name, process.env[name]] as const);
  return Object.fromEntries(given.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** The command as it is started on this machine: under `setpriv --pdeathsig` where there is one. */
export function dyingWithParent(command: readonly [string, ...string[]]): [string, ...string[]] {
  const setpriv = (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((dir) => join(dir, 'setpriv'))
    .find((path) => existsSync(path));
  return setpriv === undefined ? [...command] : [setpriv, '--pdeathsig', 'TERM', '--', ...command];
}
