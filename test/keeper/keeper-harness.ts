import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished } from 'vitest';
import { parseCameraId, sessionIdOf } from '../../src/domain/ids.js';
import type { Supervision } from '../../src/domain/supervision.js';
import type { ProcessExit } from '../../src/keeper/keeper-client.js';
import type { KeeperLimits } from '../../src/keeper/keeper-limits.js';
import type { FfmpegProcess, SpawnRequest } from '../../src/keeper/protocol.js';
import type { RestartLimits } from '../../src/keeper/restart-limits.js';
import { waitFor } from '../support/wait-for.js';
import type { WorkerCommand } from './worker-commands.js';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const WAIT_MS = 15_000;

/**
 * Compiles the keeper and the fixtures into a folder without `node_modules`, so that it runs at all only while it depends on nothing
 * but Node. The caller removes the folder.
 */
export async function compileFixtures(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'keeper-built-'));
  const config = {
    extends: join(REPOSITORY, 'tsconfig.json'),
    compilerOptions: {
      noEmit: false,
      rootDir: REPOSITORY,
      outDir: folder,
      typeRoots: [join(REPOSITORY, 'node_modules/@types')],
    },
    include: [join(REPOSITORY, 'test/keeper/fixtures')],
  };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  await promisify(execFile)(join(REPOSITORY, 'node_modules/.bin/tsc'), ['-p', join(folder, 'tsconfig.json')]);
  return folder;
}

export function fixture(built: string, name: string): string {
  return join(built, 'test/keeper/fixtures', `${name}.js`);
}

export const UNLIMITED: RestartLimits = {
  burst: { starts: 100, withinMs: 60_000, waitMs: 60_000 },
  sustained: { starts: 100, withinMs: 60_000, waitMs: 60_000 },
  startUpWaitMs: 0,
};

/** Milliseconds instead of seconds; what a test does not scale stays out of its way. */
const QUICK: Partial<KeeperLimits> = {
  pulseTimeoutMs: 60_000,
  stopTimeoutMs: 10_000,
  detachTimeoutMs: 10_000,
  ffmpegStopTimeoutMs: 10_000,
  repeatedSignalMs: 0,
  restarts: UNLIMITED,
};

export interface KeeperUnderTest {
  readonly process: ChildProcess;
  readonly pid: number;
  readonly folder: string;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  /** The next worker that says hello; each is given out once. */
  nextWorker(): Promise<WorkerHandle>;
  stderr(): string;
}

export interface StartOptions {
  readonly built: string;
  readonly limits?: Partial<KeeperLimits>;
  /** `obedient`, `stubborn`, `dies-on-exit`, `outlives-keeper`. */
  readonly worker?: string;
  readonly workerArgv?: readonly string[];
  readonly checkArgv?: readonly string[];
  readonly folder?: string;
  readonly logLevel?: string;
  readonly memoryLimitBytes?: number;
  /** As a shell starts it: a signal to `-pid` reaches everybody who did not leave its process group. */
  readonly isGroupLeader?: boolean;
  /** Words in front of its command line. */
  readonly launcher?: readonly string[];
}

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'keeper-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Starts a keeper on a spool of its own; both are gone when the test is over. */
export async function startKeeper(options: StartOptions): Promise<KeeperUnderTest> {
  const folder = options.folder ?? (await temporaryFolder());
  const socketPath = join(await temporaryFolder(), 'control');
  const workers = await listenForWorkers(socketPath);
  const [program, ...words] = [...(options.launcher ?? []), process.execPath];
  const keeper = spawn(
    program,
    [
      ...words,
      fixture(options.built, 'run-keeper'),
      JSON.stringify({
        spoolDir: folder,
        lockPath: join(folder, 'lock'),
        memoryLimitBytes: options.memoryLimitBytes ?? null,
        cwd: folder,
        limits: { ...QUICK, ...options.limits },
        workerArgv: options.workerArgv ?? [
          fixture(options.built, 'fake-worker'),
          socketPath,
          options.worker ?? 'obedient',
        ],
        checkArgv: options.checkArgv ?? [fixture(options.built, 'dying-worker'), '/dev/null', '0'],
      }),
    ],
    {
      detached: options.isGroupLeader ?? false,
      stdio: ['ignore', 'inherit', 'pipe'],
      env: { ...process.env, SECRET_OF_THE_KEEPER: 'hunter2', LOG_LEVEL: options.logLevel ?? 'info' },
    },
  );
  const exited = exitOf(keeper);
  onTestFinished(async () => {
    keeper.kill('SIGKILL');
    await exited;
  });
  let stderr = '';
  keeper.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return { process: keeper, pid: keeper.pid ?? 0, folder, exited, nextWorker: workers, stderr: () => stderr };
}

async function exitOf(child: ChildProcess): Promise<{ readonly code: number | null; readonly signal: string | null }> {
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  return { code, signal };
}

async function listenForWorkers(path: string): Promise<() => Promise<WorkerHandle>> {
  const arrived: WorkerHandle[] = [];
  const server: Server = createServer(
    (socket) => void WorkerHandle.greet(socket).then((worker) => arrived.push(worker)),
  );
  server.listen(path);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return async () => {
    await expect.poll(() => arrived.length, { timeout: WAIT_MS }).toBeGreaterThan(0);
    return arrived.shift() as WorkerHandle;
  };
}

type Said =
  | { readonly event: 'hello'; readonly pid: number }
  | { readonly event: 'exited'; readonly exit: ProcessExit }
  | { readonly event: 'leave'; readonly mode: string }
  | { readonly call: number; readonly result?: unknown; readonly error?: string };

/** The test's end of one fake worker. */
export class WorkerHandle {
  readonly exits: ProcessExit[] = [];
  readonly leaves: string[] = [];
  readonly #socket: Socket;
  readonly #answers = new Map<number, (said: { readonly result?: unknown; readonly error?: string }) => void>();
  #calls = 0;
  pid = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => undefined);
  }

  static async greet(socket: Socket): Promise<WorkerHandle> {
    const worker = new WorkerHandle(socket);
    await new Promise<void>((resolve) => {
      createInterface(socket).on('line', (line) => {
        const said = JSON.parse(line) as Said;
        worker.#hear(said);
        if ('event' in said && said.event === 'hello') resolve();
      });
    });
    return worker;
  }

  async spawn(request: SpawnRequest): Promise<FfmpegProcess> {
    return (await this.#call({ kind: 'spawn', request })) as FfmpegProcess;
  }

  async list(): Promise<readonly FfmpegProcess[]> {
    return (await this.#call({ kind: 'list' })) as readonly FfmpegProcess[];
  }

  async signal(process: FfmpegProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<boolean> {
    return (await this.#call({ kind: 'signal', session: process.session, signal })) as boolean;
  }

  async ready(): Promise<void> {
    await this.#call({ kind: 'ready' });
  }

  /** The pid of a process that the worker starts itself. */
  async bear(): Promise<number> {
    return (await this.#call({ kind: 'bear' })) as number;
  }

  /** What the keeper said last, once it is as wanted. */
  async supervision(isWanted: (supervision: Supervision) => boolean): Promise<Supervision> {
    return await waitFor(
      async () => {
        const told = (await this.#call({ kind: 'supervision' })) as Supervision | null;
        return told !== null && isWanted(told) ? told : null;
      },
      { what: 'the keeper to tell', deadlineMs: WAIT_MS },
    );
  }

  /** Not answered: the worker is gone, or gone deaf. */
  tell(command: WorkerCommand): void {
    this.#socket.write(`${JSON.stringify({ call: 0, command })}\n`);
  }

  async nextExit(): Promise<ProcessExit> {
    await expect.poll(() => this.exits.length, { timeout: WAIT_MS }).toBeGreaterThan(0);
    return this.exits.shift() as ProcessExit;
  }

  async nextLeave(): Promise<string> {
    await expect.poll(() => this.leaves.length, { timeout: WAIT_MS }).toBeGreaterThan(0);
    return this.leaves.shift() as string;
  }

  async #call(command: WorkerCommand): Promise<unknown> {
    const call = ++this.#calls;
    this.#socket.write(`${JSON.stringify({ call, command })}\n`);
    const { result, error } = await new Promise<{ readonly result?: unknown; readonly error?: string }>((resolve) => {
      this.#answers.set(call, resolve);
    });
    if (error !== undefined) throw new Error(error);
    return result;
  }

  #hear(said: Said): void {
    if ('call' in said) this.#answers.get(said.call)?.(said);
    else if (said.event === 'hello') this.pid = said.pid;
    else if (said.event === 'exited') this.exits.push(said.exit);
    else this.leaves.push(said.mode);
  }
}

let sessions = 0;

export function ffmpegRequest(
  keeper: KeeperUnderTest,
  built: string,
  behaviour = 'obedient',
  camera = 'camera-1',
): SpawnRequest {
  const session = sessionIdOf(1_765_675_802_000, (sessions += 1) / 0x10000);
  return {
    session,
    camera: parseCameraId(camera),
    argv: [process.execPath, fixture(built, 'fake-ffmpeg'), behaviour],
    ffconcat: `ffconcat version 1.0\nfile 'rtsp://user:hunter2@camera/${session}'\n`,
    cwd: join(keeper.folder, 'open', camera, session),
  };
}

/**
 * What the fake FFmpeg wrote down once it had read fd 4. Its process is killed when the test is over, should the keeper have failed to;
 * not where its pid is one of another namespace.
 */
export async function startedFfmpeg(
  request: SpawnRequest,
  { isKilled = true }: { readonly isKilled?: boolean } = {},
): Promise<{ fd4: string; env: Record<string, string>; pid: number }> {
  const path = join(request.cwd, 'started.json');
  const text = await expect
    .poll(() => readFile(path, 'utf8').catch(() => ''), { timeout: WAIT_MS })
    .not.toBe('')
    .then(() => readFile(path, 'utf8'));
  const started = JSON.parse(text) as { fd4: string; env: Record<string, string>; pid: number };
  onTestFinished(() => {
    if (isKilled && isAlive(started.pid)) process.kill(started.pid, 'SIGKILL');
  });
  return started;
}

/** One that has ended and waits for its new parent to notice does not count. */
export function isAlive(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}

export async function gone(pid: number): Promise<void> {
  await expect.poll(() => isAlive(pid), { timeout: WAIT_MS }).toBe(false);
}
