import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runKeeper } from '../keeper/keeper.js';
import { forbidCoreDumps } from './core-dumps.js';
import { endAtSignals } from './early-signals.js';
import { takeSecrets } from './process-guards.js';
import type { Role } from './roles.js';

const MAIN = fileURLToPath(new URL('main.js', import.meta.url));
const WORKER_PROCESS = fileURLToPath(new URL('worker-process.js', import.meta.url));
/** Reading some files and asking for a port takes a tenth of it even on a busy machine. */
const CHECK_TIMEOUT_MS = 60_000;

interface CheckResult {
  readonly code: number;
  readonly stdout: string;
}

/**
 * Becomes the keeper. What reads the configuration is loaded in a child that ends again, so that this process, which lives
 * longest, stays small. Resolves to the exit code; mistakes in the configuration have then been printed.
 */
export async function workerCommand(options: {
  readonly role: Role;
  readonly configPath: string | undefined;
}): Promise<number> {
  const shared = [
    '--role',
    options.role,
    ...(options.configPath === undefined ? [] : ['--config', options.configPath]),
  ];
  const stopListening = endAtSignals();
  const check = await runCheck(shared);
  if (check.code !== 0) return check.code;
  if (options.role === 'workflows') return serveWorkflows({ ...options, onListening: stopListening });
  const { spoolDir, ffmpegPath, memoryLimitBytes, warnings } = parseSummary(check.stdout);
  const coreWarning = await forbidCoreDumps();
  for (const warning of [...warnings, ...(coreWarning === null ? [] : [coreWarning])])
    process.stderr.write(`Warning: ${warning}\n`);
  stopListening();
  return runKeeper({
    spoolDir,
    lockPath: join(spoolDir, 'lock'),
    workerArgv: [WORKER_PROCESS, ...shared],
    checkArgv: [WORKER_PROCESS, '--check', ...shared],
    workerEnv: { ...takeSecrets(process.env), FFMPEG_PATH: ffmpegPath },
    cwd: process.cwd(),
    memoryLimitBytes,
  });
}

/** There is nothing to keep: it holds no FFmpeg and no spool, and whoever started it starts it again. */
async function serveWorkflows(options: {
  readonly role: Role;
  readonly configPath: string | undefined;
  readonly onListening: () => void;
}): Promise<number> {
  const { runWorker } = await import('./run-worker.js');
  return runWorker(options);
}

async function runCheck(shared: readonly string[]): Promise<CheckResult> {
  return new Promise((resolve) => {
    const argv = [MAIN, 'check', '--json', ...shared];
    const child = execFile(process.execPath, argv, { timeout: CHECK_TIMEOUT_MS }, (error, stdout) => {
      resolve({ code: error === null ? 0 : (child.exitCode ?? 1), stdout });
    });
    child.stderr?.pipe(process.stderr);
  });
}

interface Summary {
  readonly spoolDir: string;
  readonly ffmpegPath: string;
  readonly memoryLimitBytes: number | null;
  readonly warnings: readonly string[];
}

// The child is this very program: what it printed needs no more than a look.
function parseSummary(stdout: string): Summary {
  const summary: unknown = JSON.parse(stdout);
  const { spoolDir, ffmpegPath, memoryLimitBytes, warnings }: Readonly<Record<string, unknown>> = {
    ...Object(summary),
  };
  if (typeof spoolDir !== 'string' || typeof ffmpegPath !== 'string' || !Array.isArray(warnings)) {
    throw new Error('the check of the configuration gave no answer');
  }
  const limitBytes = typeof memoryLimitBytes === 'number' ? memoryLimitBytes : null;
  return { spoolDir, ffmpegPath, memoryLimitBytes: limitBytes, warnings: warnings.map(String) };
}
