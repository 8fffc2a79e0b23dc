/** A wall clock that is stepped under one recorder and its FFmpegs, and under nobody else. It needs a C compiler. */
import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tempDirUntil } from '../temp-dir.js';
import { toolPath } from '../tools.js';

const SOURCE = fileURLToPath(new URL('stepped-clock.c', import.meta.url));
/** As in the source. */
const MOST_STEPS = 64;
const STEP_BYTES = 16;

export interface SteppedClock {
  /** Settings of the program that shall live by it. */
  readonly env: Readonly<Record<string, string>>;
  /** Both at once: the wall clock, and what files are stamped with. */
  step(byMs: number): void;
  /** What this clock says, or said, when a right one says `atMs`. */
  at(atMs: number): number;
}

export function canStepClocks(): boolean {
  try {
    execFileSync('cc', ['--version'], { stdio: 'ignore' });
    return process.platform === 'linux';
  } catch {
    return false;
  }
}

/** @throws where `canStepClocks` is false. */
export async function steppedClock(register: (tearDown: () => Promise<void>) => unknown): Promise<SteppedClock> {
  const dir = await tempDirUntil(register, 'clock');
  const [library, steps, ffmpeg] = [join(dir, 'stepped.so'), join(dir, 'steps'), join(dir, 'ffmpeg')];
  const file = Buffer.alloc(MOST_STEPS * STEP_BYTES);
  const noted: { readonly atMs: number; readonly byMs: number }[] = [];
  // In place, for it is mapped.
  const write = (): void => writeFileSync(steps, file, { flag: 'r+' });
  writeFileSync(steps, file);
  execFileSync('cc', ['-shared', '-fPIC', '-O2', `-DSTEPS_FILE="${steps}"`, '-o', library, SOURCE, '-ldl']);
  // The environment of an FFmpeg is its keeper's to say.
  writeFileSync(ffmpeg, `#!/bin/sh\nLD_PRELOAD=${library} exec ${toolPath('ffmpeg')} "$@"\n`);
  chmodSync(ffmpeg, 0o755);
  return {
    env: { LD_PRELOAD: library, FFMPEG_PATH: ffmpeg },
    step: (byMs) => {
      const atMs = Date.now();
      file.writeBigInt64LE(BigInt(atMs) * 1_000_000n, noted.length * STEP_BYTES);
      file.writeBigInt64LE(BigInt(byMs) * 1_000_000n, noted.length * STEP_BYTES + 8);
      noted.push({ atMs, byMs });
      write();
    },
    at: (atMs) => noted.filter((step) => step.atMs <= atMs).reduce((now, { byMs }) => now + byMs, atMs),
  };
}
