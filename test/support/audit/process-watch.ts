/** Looks at the processes of a spool while they run, and notes a camera that two FFmpegs record at once (INV-5). */
import { setTimeout as delay } from 'node:timers/promises';
import { allProcesses, familyOf, type SeenProcess } from '../processes.js';

const LOOK_EVERY_MS = 500;

export interface ProcessWatch {
  /** Command lines of all processes seen so far. */
  readonly commands: ReadonlySet<string>;
  /** Sentences. */
  readonly violations: readonly string[];
  /** Resolves after a last look. Idempotent. */
  stop(): Promise<void>;
}

export interface ProcessWatchOptions {
  readonly spoolDir: string;
  /** The keeper of the moment. */
  readonly root: () => number | undefined;
  readonly register: (stop: () => Promise<void>) => unknown;
}

/** Looks twice a second. */
export function watchProcesses({ spoolDir, root, register }: ProcessWatchOptions): ProcessWatch {
  const commands = new Set<string>();
  const violations = new Set<string>();
  const over = new AbortController();
  const look = async (): Promise<void> => {
    const recording = (await allProcesses()).filter(({ cwd }) => cwd.startsWith(`${spoolDir}/open/`));
    for (const { command } of [...recording, ...(await familyOf(root()))]) commands.add(command);
    for (const violation of doubledCameras(spoolDir, recording)) violations.add(violation);
  };
  const looking = (async () => {
    for (
      ;
      !over.signal.aborted;
      await delay(LOOK_EVERY_MS, undefined, { signal: over.signal }).catch(() => undefined)
    ) {
      await look();
    }
    await look();
  })();
  const stop = async (): Promise<void> => {
    over.abort();
    await looking;
  };
  register(stop);
  return {
    commands,
    get violations() {
      return [...violations];
    },
    stop,
  };
}

/** One sentence for each camera with more than one process in its folders. Pure. */
export function doubledCameras(
  spoolDir: string,
  recording: readonly Pick<SeenProcess, 'pid' | 'cwd'>[],
): readonly string[] {
  const byCamera = new Map<string, number[]>();
  for (const { pid, cwd } of recording) {
    const camera = cwd.slice(`${spoolDir}/open/`.length).split('/')[0] ?? '';
    byCamera.set(camera, [...(byCamera.get(camera) ?? []), pid]);
  }
  return [...byCamera]
    .filter(([, pids]) => pids.length > 1)
    .map(([camera, pids]) => `${camera}: ${pids.length} processes record it at once (${pids.join(', ')})`);
}
