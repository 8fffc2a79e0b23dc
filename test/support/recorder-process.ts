import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { toolPath } from './tools.js';

const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** The real program, as an operator runs it: `camera-recorder worker`, with its keeper, worker and FFmpegs. */
export interface RecorderProcess {
  readonly keeper: ChildProcess;
  readonly pageUrl: string;
  /** stdout and stderr so far. */
  output(): string;
  /** Exit code, once it ended. */
  readonly ended: Promise<number | null>;
  workerPid(): number | undefined;
  ffmpegPids(): readonly number[];
  /** `undefined` while the page does not answer. */
  page(path: string): Promise<string | undefined>;
  /** SIGTERM, then SIGKILL after a deadline; resolves to the exit code. */
  stop(): Promise<number | null>;
}

export interface RecorderSettings {
  readonly env: Readonly<Record<string, string>>;
  readonly metricsPort: number;
  readonly args?: readonly string[];
  /** Default: the caller's. */
  readonly cwd?: string;
}

/** What `worker` is run with: nothing of the caller's environment but the search path. */
export function startRecorderProcess(settings: RecorderSettings): RecorderProcess {
  // A test run that is killed takes the program with it.
  const command = ['--pdeathsig', 'TERM', '--', process.execPath, CLI];
  const keeper = spawn('setpriv', [...command, ...(settings.args ?? ['worker', '--role', 'all'])], {
    env: {
      PATH: process.env['PATH'] ?? '',
      FFMPEG_PATH: toolPath('ffmpeg'),
      METRICS_PORT: String(settings.metricsPort),
      ...settings.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: settings.cwd,
  });
  let output = '';
  for (const stream of [keeper.stdout, keeper.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const ended = new Promise<number | null>((resolve) => keeper.once('close', (code) => resolve(code)));
  const pageUrl = `http://127.0.0.1:${settings.metricsPort}`;
  return {
    keeper,
    pageUrl,
    output: () => output,
    ended,
    workerPid: () => childrenOf(keeper.pid).find((pid) => commandOf(pid).includes('worker-process')),
    ffmpegPids: () => childrenOf(keeper.pid).filter((pid) => commandOf(pid).includes('ffmpeg')),
    page: async (path) => {
      try {
        const answer = await fetch(`${pageUrl}${path}`, { signal: AbortSignal.timeout(2_000) });
        return await answer.text();
      } catch {
        return undefined;
      }
    },
    stop: () => stopProcess(keeper, ended),
  };
}

/** How long the same program takes to start, read its configuration and end, on this machine now: 0.4 s where nothing else runs. */
export async function measureCheck(env: Readonly<Record<string, string>>): Promise<number> {
  const startedAtMs = performance.now();
  const check = spawn(process.execPath, [CLI, 'check', '--json'], {
    env: { PATH: process.env['PATH'] ?? '', FFMPEG_PATH: toolPath('ffmpeg'), ...env },
    stdio: 'ignore',
  });
  await once(check, 'close');
  return performance.now() - startedAtMs;
}

async function stopProcess(keeper: ChildProcess, ended: Promise<number | null>): Promise<number | null> {
  keeper.kill('SIGTERM');
  const timer = setTimeout(() => keeper.kill('SIGKILL'), 45_000);
  const code = await ended;
  clearTimeout(timer);
  return code;
}

/** Direct children of a process, from `/proc`. */
export function childrenOf(pid: number | undefined): readonly number[] {
  if (pid === undefined) return [];
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}

/** The command line of a process, its words joined by blanks; empty when it is gone. */
export function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}
