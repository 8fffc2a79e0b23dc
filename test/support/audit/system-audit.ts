/**
 * The one way in which everything that was done to a recorder is judged, from outside of it:
 * 1. frames the cameras made = frames in stored objects + frames inside declared gaps; none twice (INV-8), every object what it says (INV-1);
 * 2. while it ran: no recording went without leave (INV-2), no camera had two FFmpegs (INV-5), no argument or output held a secret (INV-7);
 * 3. every segment with a receipt was uploaded by exactly one workflow (INV-3);
 * 4. afterwards: no process, descriptor or temporary file is left.
 */
import type { RecorderSystem } from '../recorder-system.js';
import { findSecrets, place } from '../secret-search.js';
import { type SpoolWatch, watchSpool } from '../spool-watch.js';
import { waitFor } from '../wait-for.js';
import { complaintsOf, judge, type Verdict } from './camera-verdict.js';
import { descriptorsOf, leftFiles, leftProcesses, strayDescriptors } from './left-behind.js';
import { type ProcessWatch, watchProcesses } from './process-watch.js';
import { complaintsOfRuns, uploadRuns } from './upload-runs.js';

export interface SystemAudit {
  readonly spool: SpoolWatch;
  /** While all cameras record and nothing is wrong: what is held then is what may be held at the end. */
  noteDescriptors(): Promise<void>;
  /** While all cameras record again, and what they recorded is stored; stops the program. One sentence for everything that must not be. */
  finish(): Promise<{ readonly verdicts: readonly Verdict[]; readonly complaints: readonly string[] }>;
}

export interface AuditOptions {
  readonly register: (stop: () => Promise<void>) => unknown;
  /** Passwords, beside the store's. */
  readonly secrets?: readonly string[];
  /** Default true; not where Temporal forgot them. */
  readonly hasUploadRuns?: boolean;
}

const DEFAULT_KEEP_MINUTES = 15;
/** For what is closed a little later than it is done with. */
const LET_GO_MS = 10_000;

/** From now on. */
export function auditSystem(system: RecorderSystem, options: AuditOptions): SystemAudit {
  const { spoolDir, store, env } = system;
  const { register } = options;
  const keepMinutes = Number(env['KEEP_LOCAL_MINUTES'] ?? DEFAULT_KEEP_MINUTES);
  const keepMs = keepMinutes * 60_000 * Number(env['CAMERA_RECORDER_TIME_SCALE'] ?? 1);
  const spool = watchSpool({ spoolDir, store, keepMs, register });
  const processes = watchProcesses({ spoolDir, root: () => system.recorder.keeper.pid, register });
  const held = new Map<number, number>();
  return {
    spool,
    noteDescriptors: async () => {
      for (const pid of programPids(system)) held.set(pid, await descriptorsOf(pid));
    },
    finish: async () => {
      const complaints: string[] = [];
      const attempt = async (look: () => Promise<readonly string[]>): Promise<void> => {
        complaints.push(...(await look().catch((error: unknown) => [String(error)])));
      };
      const receipts = [...spool.receipts.keys()];
      if (options.hasUploadRuns !== false) {
        await attempt(async () => complaintsOfRuns(await uploadRuns(system.temporal, receipts)));
      }
      await attempt(async () => await heldComplaints(system, held));
      await attempt(async () => await endComplaints(system));
      await Promise.all([spool.stop(), processes.stop()]);
      complaints.push(...spool.violations, ...processes.violations);
      complaints.push(...secretComplaints(system, processes, options.secrets ?? []));
      const verdicts: Verdict[] = [];
      for (const index of system.ids.keys()) {
        await attempt(async () => {
          const verdict = await judge(system, index);
          verdicts.push(verdict);
          return complaintsOf(verdict);
        });
      }
      return { verdicts, complaints };
    },
  };
}

/** Keeper and worker. */
function programPids({ recorder }: RecorderSystem): readonly number[] {
  return [recorder.keeper.pid, recorder.workerPid()].filter((pid) => pid !== undefined);
}

/** What is still held after a while: of files that are gone, and more than was noted of the same process. */
async function heldComplaints(system: RecorderSystem, noted: ReadonlyMap<number, number>): Promise<readonly string[]> {
  let complaints: readonly string[] = [];
  const look = async (): Promise<boolean> => {
    const pids = programPids(system);
    const now = await Promise.all(pids.map(async (pid) => [pid, await descriptorsOf(pid)] as const));
    const more = now.filter(([pid, count]) => count > (noted.get(pid) ?? Number.POSITIVE_INFINITY));
    complaints = [
      ...(await strayDescriptors(pids, system.spoolDir)),
      ...more.map(([pid, count]) => `process ${pid} held ${noted.get(pid)} descriptors and now holds ${count}`),
    ];
    return complaints.length === 0;
  };
  await waitFor(look, { what: 'descriptors to be let go', deadlineMs: LET_GO_MS, pollMs: 100 }).catch(() => undefined);
  return complaints;
}

async function endComplaints({ recorder, spoolDir, temporaryDir }: RecorderSystem): Promise<readonly string[]> {
  const code = await recorder.stop();
  const isGone = async (): Promise<boolean> => (await leftProcesses(spoolDir)).length === 0;
  // A keeper that was killed leaves an end of 7 s to a stuck FFmpeg.
  await waitFor(isGone, { what: 'processes to end', deadlineMs: LET_GO_MS, pollMs: 100 }).catch(() => undefined);
  const ended = code === 0 ? [] : [`the program ended with ${code}`];
  return [...ended, ...(await leftProcesses(spoolDir)), ...(await leftFiles(spoolDir, temporaryDir))];
}

function secretComplaints(
  system: RecorderSystem,
  processes: ProcessWatch,
  given: readonly string[],
): readonly string[] {
  const secrets = [...given, system.env['S3_SECRET_ACCESS_KEY'] ?? ''].filter((secret) => secret !== '');
  const commands = [...processes.commands].join('\n');
  return findSecrets([place('the output', system.output()), place('a command line', commands)], secrets);
}
