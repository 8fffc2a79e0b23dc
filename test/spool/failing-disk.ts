import { writeFile } from 'node:fs/promises';
import { type Disk, systemDisk } from '../../src/spool/durable-file.js';

export class Crash extends Error {}

/** A disk that tells what is asked of it, and can stop before any step. */
export interface FailingDisk extends Disk {
  /** `rename a.json.tmp a.json`: the steps taken, by file name. */
  readonly steps: string[];
  /** Whether the power is off. */
  readonly hasCrashed: boolean;
  /** A step of something else than the disk, counted like its own: what comes after a crash is not done. */
  step(name: string): Promise<void>;
  /** From this step on (0 the first from now) nothing is done any more: the power is off. */
  crashAt(step: number): void;
  /** `error` instead of the next step for which `when` holds, and for as long as it does. */
  failWhile(when: (step: string) => boolean, error: Error): void;
}

/** When a write is the step that crashes, half of it reaches the disk. */
export function failingDisk(): FailingDisk {
  const steps: string[] = [];
  let left = Number.POSITIVE_INFINITY;
  let isFailing: (step: string) => boolean = () => false;
  let failure = new Error('unused');

  const before = async (step: string, torn?: () => Promise<void>): Promise<void> => {
    if (left <= 0) {
      if (left === 0) await torn?.();
      left = -1;
      throw new Crash(`before: ${step}`);
    }
    if (isFailing(step)) throw failure;
    left -= 1;
    steps.push(step);
  };
  const name = (path: string): string => path.split('/').pop() ?? path;

  return {
    steps,
    get hasCrashed() {
      return left < 0;
    },
    step: async (step) => await before(step),
    crashAt: (step) => {
      left = step;
    },
    failWhile: (when, error) => {
      isFailing = when;
      failure = error;
    },
    writeFile: async (path, bytes) => {
      await before(`write ${name(path)}`, () => writeFile(path, bytes.subarray(0, bytes.length / 2)));
      await systemDisk.writeFile(path, bytes);
    },
    syncFile: async (path) => {
      await before(`sync ${name(path)}`);
      await systemDisk.syncFile(path);
    },
    syncFolder: async (path) => {
      await before(`sync ${name(path)}/`);
      await systemDisk.syncFolder(path);
    },
    rename: async (from, to) => {
      await before(`rename ${name(from)} ${name(to)}`);
      await systemDisk.rename(from, to);
    },
    remove: async (path) => {
      await before(`remove ${name(path)}`);
      await systemDisk.remove(path);
    },
    makeFolder: async (path) => {
      await before(`folder ${name(path)}/`);
      await systemDisk.makeFolder(path);
    },
  };
}

export function errnoError(code: string): Error {
  return Object.assign(new Error(`${code}: made by the test`), { code });
}
