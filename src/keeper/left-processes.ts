/**
 * What a keeper that was killed has left running. A keeper marks whatever it starts, in its environment, so that the next one
 * finds it in /proc: a file of pids would miss a process that was started in its keeper's last moment, or name one of another life.
 */
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { type CameraId, parseCameraId, parseSessionId, type SessionId } from '../domain/ids.js';
import { identityOf, type ProcessIdentity, signalProcess, untilGone } from './process-identity.js';

const SPOOL_MARK = 'KEPT_FOR_SPOOL';
const SESSION_MARK = 'KEPT_FOR_SESSION';

/** An FFmpeg whose keeper is gone; camera and session are read from the marks in its environment. */
export interface LeftFfmpeg extends ProcessIdentity {
  readonly camera: CameraId;
  readonly session: SessionId;
}

interface LeftProcesses {
  readonly ffmpegs: readonly LeftFfmpeg[];
  /** Workers, and what they had started themselves. */
  readonly others: readonly ProcessIdentity[];
}

/** Belongs into the environment of a worker. @param spoolDir the real path, here and below: all keepers must write the same */
export function workerMark(spoolDir: string): Readonly<Record<string, string>> {
  return { [SPOOL_MARK]: spoolDir };
}

/** Belongs into the environment of an FFmpeg. */
export function ffmpegMark(
  spoolDir: string,
  { camera, session }: Pick<LeftFfmpeg, 'camera' | 'session'>,
): Readonly<Record<string, string>> {
  return { [SPOOL_MARK]: spoolDir, [SESSION_MARK]: `${camera}/${session}` };
}

/** Empty where there is no /proc. Call it with the spool's lock, before anything is started: what is running is then nobody's. */
export async function findLeft(spoolDir: string): Promise<LeftProcesses> {
  const found = await Promise.all((await pids()).map((pid) => markedProcess(pid, spoolDir)));
  const left = found.filter((one) => one !== undefined);
  return {
    ffmpegs: left.filter((one): one is LeftFfmpeg => 'session' in one),
    others: left.filter((one) => !('session' in one)),
  };
}

/** Waits for what is about to end by itself, then kills it. Resolves to whether all are gone: a disk that hangs may hold one for ever. */
export async function endLeft(
  left: readonly ProcessIdentity[],
  { graceMs, killMs }: { readonly graceMs: number; readonly killMs: number },
): Promise<boolean> {
  const gone = Promise.all(left.map(untilGone)).then(() => true);
  if (await Promise.race([gone, delay(graceMs, false)])) return true;
  for (const one of left) signalProcess(one, 'SIGKILL');
  return Promise.race([gone, delay(killMs, false)]);
}

async function pids(): Promise<readonly number[]> {
  try {
    return (await readdir('/proc')).map(Number).filter((pid) => Number.isSafeInteger(pid) && pid !== process.pid);
  } catch (error) {
    if (isErrno(error)) return [];
    throw error;
  }
}

async function markedProcess(pid: number, spoolDir: string): Promise<ProcessIdentity | LeftFfmpeg | undefined> {
  // Before its environment is read: another process with this pid would have started later.
  const identity = identityOf(pid);
  const marks = await marksOf(pid);
  if (marks.get(SPOOL_MARK) !== spoolDir) return undefined;
  const [camera = '', session = ''] = marks.get(SESSION_MARK)?.split('/') ?? [];
  if (session === '') return identity;
  return { ...identity, camera: parseCameraId(camera), session: parseSessionId(session) };
}

async function marksOf(pid: number): Promise<ReadonlyMap<string, string>> {
  try {
    const variables = (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0');
    return new Map(
      variables
        .filter((variable) => variable.startsWith('KEPT_FOR_'))
        .map((variable) => [variable.slice(0, variable.indexOf('=')), variable.slice(variable.indexOf('=') + 1)]),
    );
  } catch (error) {
    // Somebody else's (EACCES), a kernel's, or gone by now.
    if (isErrno(error)) return new Map();
    throw error;
  }
}

function isErrno(error: unknown): boolean {
  return error instanceof Error && 'code' in error;
}
