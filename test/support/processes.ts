import { readdir, readFile, readlink } from 'node:fs/promises';

/** What `/proc` tells of a process that we may look into. */
export interface SeenProcess {
  readonly pid: number;
  readonly parentPid: number;
  /** Its words joined by blanks. */
  readonly command: string;
  readonly cwd: string;
}

/** All processes of this user; those that end while they are looked at are left out. */
export async function allProcesses(): Promise<readonly SeenProcess[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const seen = await Promise.all(pids.map(async (pid) => await look(pid).catch(() => undefined)));
  return seen.filter((process) => process !== undefined);
}

/** The process and everything below it, as far as it still has its parent. */
export async function familyOf(pid: number | undefined): Promise<readonly SeenProcess[]> {
  const all = await allProcesses();
  const family = all.filter((process) => process.pid === pid);
  for (const { pid: parent } of family) family.push(...all.filter(({ parentPid }) => parentPid === parent));
  return family;
}

async function look(pid: number): Promise<SeenProcess> {
  const [stat, command, cwd] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'utf8'),
    readFile(`/proc/${pid}/cmdline`, 'utf8'),
    readlink(`/proc/${pid}/cwd`),
  ]);
  // Behind the name, which may hold anything: state, parent.
  const parentPid = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  return { pid, parentPid, command: command.replaceAll('\0', ' ').trim(), cwd };
}
