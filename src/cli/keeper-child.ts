import { spawn } from 'node:child_process';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dyingWithParent } from '../embedded/server-process.js';

const MAIN = fileURLToPath(new URL('main.js', import.meta.url));
/** The keeper's own ladder takes at most 67 s. */
const STOP_DEADLINE_MS = 90_000;

/** How it ended: by itself, or by a signal that nobody can refuse. */
export type KeeperEnd =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'killed'; readonly signal: NodeJS.Signals };

/** A sentence for the person at the terminal. Pure. */
export function keeperEndWords(end: KeeperEnd): string {
  return end.kind === 'killed'
    ? `The recorder was killed (${end.signal}); start again, it goes on where it stopped.`
    : `The recorder ended with code ${end.code}.`;
}

/** `camera-recorder worker` as a child of `start`: in a session of its own, so that Ctrl-C reaches only us, and ended when we die. */
export interface KeeperChild {
  /** Never rejects. */
  readonly ended: Promise<KeeperEnd>;
  /** In order; the second call, or 90 s, forces. Idempotent beyond that; nothing once it has ended. */
  stop(): void;
}

/** @param logPath where its log goes; null: where ours goes. Rejects when it cannot be started. */
export async function startKeeperChild(options: {
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly logPath: string | null;
}): Promise<KeeperChild> {
  const log = options.logPath === null ? null : await openLog(options.logPath);
  try {
    const [file, ...args] = dyingWithParent([process.execPath, MAIN, 'worker', ...options.args]);
    const output = log?.fd ?? 'inherit';
    const child = spawn(file, args, { detached: true, stdio: ['ignore', output, output], env: options.env });
    const ended = new Promise<KeeperEnd>((resolve) => {
      child.once('exit', (code, signal) =>
        resolve(signal === null ? { kind: 'exited', code: code ?? 1 } : { kind: 'killed', signal }),
      );
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    let overdue: NodeJS.Timeout | undefined;
    void ended.then(() => clearTimeout(overdue));
    const stop = (): void => {
      // A timer for one that has ended by itself would keep us for its 90 s.
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      overdue ??= setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
    };
    return { ended, stop };
  } finally {
    await log?.close();
  }
}

async function openLog(path: string): Promise<FileHandle> {
  await mkdir(dirname(path), { recursive: true });
  return open(path, 'a', 0o600);
}
