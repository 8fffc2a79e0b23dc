/** A small file system of its own, which can be full, stall or fail for real. It needs the right to mount. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { waitFor } from '../wait-for.js';
import { type Begun, type Fault, SHORT } from './fault.js';
import type { SingleFault } from './single-fault.js';

const SIZE_BYTES = 256 * 1024 * 1024;
const LET_GO_MS = 10_000;
const CHUNK = Buffer.alloc(1024 * 1024);
/** With the id of the process that mounts it: a test run that was killed unmounts nothing. */
const PREFIX = 'camera-recorder-disk-';
const LEFT_NAME = new RegExp(`^${PREFIX}(\\d+)-`);
const MOUNT_POINT = 'spool';
/** What `umount` ends with for one that is in use. */
const BUSY = 32;

export interface OwnDisk {
  /** Where it is mounted. */
  readonly dir: string;
  /** Unmounts, repairs and mounts it again: what a person does with a disk that failed. Nobody may use it meanwhile. */
  repair(): Promise<void>;
}

/** Whether this user may mount here, and the tools are there. */
function canMountDisks(): boolean {
  try {
    run('unshare', ['--mount', 'true']);
    run('losetup', ['--find']);
    run('mkfs.ext4', ['-V']);
    run('fsfreeze', ['--version']);
    return process.getuid?.() === 0;
  } catch {
    return false;
  }
}

/** @throws where this user may not mount, or a tool for it is missing. */
export function mountDisk(register: (unmount: () => Promise<void>) => unknown): OwnDisk {
  if (!canMountDisks()) throw new Error('a disk of its own needs root, unshare, losetup, mkfs.ext4 and fsfreeze');
  removeLeftDisks();
  const root = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
  const [image, dir] = [join(root, 'image'), join(root, MOUNT_POINT)];
  const mount = (): void => run('mount', ['-o', 'loop,errors=remount-ro', image, dir]);
  // Whoever looks into it at this moment makes it busy.
  const unmount = async (): Promise<void> => {
    const isDone = (): boolean => {
      run('umount', [dir]);
      return true;
    };
    await waitFor(isDone, { what: `${dir} to be let go`, deadlineMs: LET_GO_MS });
  };
  let isMounted = false;
  register(async () => {
    if (isMounted) await unmount();
    rmSync(root, { recursive: true, force: true });
  });
  writeFileSync(image, '');
  truncateSync(image, SIZE_BYTES);
  run('mkfs.ext4', ['-q', '-F', '-m', '0', image]);
  run('mkdir', [dir]);
  mount();
  isMounted = true;
  return {
    dir,
    repair: async () => {
      await unmount();
      run('e2fsck', ['-f', '-p', image], [0, 1]);
      mount();
    },
  };
}

/** Takes away what test runs that were killed left mounted; one that is still in use waits for the next run. */
function removeLeftDisks(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = LEFT_NAME.exec(name)?.[1];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    const root = join(tmpdir(), name);
    const dir = join(root, MOUNT_POINT);
    if (isMountPoint(dir)) {
      // Frozen it could not be let go of; one that is not frozen is no mistake.
      run('fsfreeze', ['--unfreeze', dir], [0, 1]);
      run('umount', [dir], [0, BUSY]);
    }
    if (!isMountPoint(dir)) rmSync(root, { recursive: true, force: true });
  }
}

function isMountPoint(dir: string): boolean {
  return readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .some((line) => line.split(' ')[1] === dir);
}

export interface DiskFaults {
  /** Writes wait until it goes on. */
  readonly stalled: Fault;
  /** To the last byte, at once. */
  readonly full: Fault;
  /** As a kernel makes it that found an error. It stays so until it is repaired. */
  readonly readOnly: Fault;
}

/** A fault of a disk that is not there yet. */
export interface DiskFault extends Omit<SingleFault, 'fault'> {
  readonly faultOf: (faults: DiskFaults) => Fault;
}

export function diskFaultsOf({ dir }: OwnDisk): DiskFaults {
  return {
    stalled: ofDisk(async () => {
      run('fsfreeze', ['--freeze', dir]);
      let isWritten = false;
      const writing = writeFile(join(dir, 'waits'), CHUNK).then(() => {
        isWritten = true;
      });
      const heal = async (): Promise<void> => {
        run('fsfreeze', ['--unfreeze', dir]);
        await writing;
        await rm(join(dir, 'waits'));
      };
      return { shows: () => !isWritten, heal };
    }),
    full: ofDisk(async () => {
      await fill(join(dir, 'fills'));
      return { shows: () => failsWith(dir, 'ENOSPC'), heal: async () => await rm(join(dir, 'fills')) };
    }),
    readOnly: ofDisk(async () => {
      await writeFile(`/sys/fs/ext4/${await deviceOf(dir)}/trigger_fs_error`, '1');
      return { shows: () => failsWith(dir, 'EROFS'), heal: async () => undefined };
    }),
  };
}

function ofDisk(inject: () => Promise<Begun>): Fault {
  return { target: 'program', holdSec: SHORT, isPossible: () => true, inject };
}

async function fill(path: string): Promise<void> {
  const file = await open(path, 'w');
  try {
    for (;;) await file.write(CHUNK);
  } catch (error) {
    if (codeOf(error) !== 'ENOSPC') throw error;
  } finally {
    await file.close();
  }
}

/** By a write of ours. */
async function failsWith(dir: string, code: string): Promise<boolean> {
  try {
    await writeFile(join(dir, 'probe'), CHUNK);
    return false;
  } catch (error) {
    return codeOf(error) === code;
  } finally {
    await rm(join(dir, 'probe'), { force: true }).catch(() => undefined);
  }
}

async function deviceOf(dir: string): Promise<string> {
  const mounts = (await readFile('/proc/mounts', 'utf8')).split('\n').map((line) => line.split(' '));
  return basename(mounts.find(([, where]) => where === dir)?.[0] ?? '');
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function run(command: string, args: readonly string[], allowed: readonly number[] = [0]): void {
  try {
    execFileSync(command, args, { stdio: 'pipe' });
  } catch (error) {
    const status = error instanceof Error && 'status' in error ? Number(error.status) : Number.NaN;
    if (!allowed.includes(status)) throw error;
  }
}
