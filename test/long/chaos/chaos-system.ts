/** A recorder system of its own for the chaos: every process of it can be killed, stopped and started again. */
import { fileURLToPath } from 'node:url';
import type { Seaweedfs } from '../../../src/embedded/seaweedfs.js';
import type { TemporalServer } from '../../../src/embedded/temporal-server.js';
import { loadPicture, type Picture } from '../../../src/simulator/picture.js';
import { commandOf, type RecorderProcess } from '../../support/recorder-process.js';
import { type RecorderSystem, startSystem } from '../../support/recorder-system.js';
import { tempDirUntil } from '../../support/temp-dir.js';
import { toolPath } from '../../support/tools.js';
import { waitFor } from '../../support/wait-for.js';
import { type Server, startStore, startTemporal } from './servers.js';

const CACHE_DIR = fileURLToPath(new URL('../../../.cache/', import.meta.url));
/** A stop that works within its deadlines takes less; `recorder.stop` kills after 45 s. */
const GONE_MS = 50_000;

export interface ChaosSystem {
  readonly system: RecorderSystem;
  readonly temporal: Server<TemporalServer>;
  readonly store: Server<Seaweedfs>;
  /** What a camera shows after its parameters changed. */
  readonly otherPicture: Picture;
  /** Whether the keeper that was started last lives. */
  isRunning(): boolean;
  /** Resolves when the keeper is gone, whatever it left behind. */
  keeperGone(): Promise<void>;
  /** Starts the program again, if it does not run. */
  startAgain(): void;
  /** Remembers the processes there are. */
  notePids(): void;
  /** Command lines of workers and FFmpegs remembered that still run. */
  leftBehind(): readonly string[];
  /** What all programs said, oldest first. */
  output(): string;
}

/** Resolves when the program was started. */
export async function startChaosSystem(options: {
  readonly register: (tearDown: () => Promise<void>) => unknown;
  readonly cameras: number;
  readonly segmentSec: number;
}): Promise<ChaosSystem> {
  const { register, segmentSec } = options;
  const dir = await tempDirUntil(register, 'chaos');
  const store = await startStore(dir);
  register(async () => await store.kill());
  const temporal = await startTemporal(dir);
  register(async () => await temporal.kill());
  const otherPicture = await loadPicture('other', { ffmpegPath: toolPath('ffmpeg'), cacheDir: CACHE_DIR });
  const system = await startSystem({
    register,
    temporal: temporal.now,
    s3: store.now,
    cameras: Array.from({ length: options.cameras }, () => ({})),
    segmentSec,
  });
  return { system, temporal, store, otherPicture, ...programOf(system) };
}

type Program = Omit<ChaosSystem, 'system' | 'temporal' | 'store' | 'otherPicture'>;

function programOf(system: RecorderSystem): Program {
  const programs: RecorderProcess[] = [system.recorder];
  const seen = new Map<number, string>();
  const isRunning = (): boolean => {
    const { exitCode, signalCode } = system.recorder.keeper;
    return exitCode === null && signalCode === null;
  };
  const keeperGone = async (): Promise<void> => {
    await waitFor(() => !isRunning(), { what: 'the keeper to be gone', deadlineMs: GONE_MS });
  };
  return {
    isRunning,
    keeperGone,
    startAgain: () => {
      if (isRunning()) return;
      system.start();
      programs.push(system.recorder);
    },
    notePids: () => {
      const { workerPid, ffmpegPids } = system.recorder;
      for (const pid of [workerPid(), ...ffmpegPids()]) if (pid !== undefined) seen.set(pid, commandOf(pid));
    },
    // The same words, so that another process with the number of an old one is not meant.
    leftBehind: () =>
      [...seen].filter(([pid, command]) => command !== '' && commandOf(pid) === command).map(([, command]) => command),
    output: () => programs.map((program) => program.output()).join('\n--- the program was started again ---\n'),
  };
}
