import { readlinkSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { RecorderProcess } from './recorder-process.js';

/** Short beside the life of any FFmpeg, which takes tens of milliseconds to start and to end. */
const LOOK_EVERY_MS = 20;

export interface FfmpegWatch {
  /** How often it looked. */
  looks(): number;
  /** All FFmpegs that were seen at a camera so far, oldest first. */
  seen(camera: string): readonly number[];
  /** Cameras that were seen with two FFmpegs of this recorder at once (INV-5), with their pids. */
  readonly doubled: readonly string[];
}

/** Looks at a recorder's FFmpegs until the test ends. @param current the program that runs now; it may change */
export function watchFfmpegs(
  current: () => RecorderProcess,
  register: (stop: () => Promise<void>) => unknown,
): FfmpegWatch {
  const seen = new Map<string, Set<number>>();
  const doubled: string[] = [];
  let looks = 0;
  const look = (): void => {
    looks += 1;
    const now = new Map<string, number[]>();
    for (const pid of current().ffmpegPids()) {
      const camera = cameraOf(pid);
      if (camera !== undefined) now.set(camera, [...(now.get(camera) ?? []), pid]);
    }
    for (const [camera, pids] of now) {
      seen.set(camera, new Set([...(seen.get(camera) ?? []), ...pids]));
      if (pids.length > 1) doubled.push(`${camera}: ${pids.join(' and ')}`);
    }
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  register(async () => clearInterval(timer));
  return { looks: () => looks, seen: (camera) => [...(seen.get(camera) ?? [])], doubled };
}

/** From its session's folder, `…/open/<camera>/<session>`. */
function cameraOf(pid: number): string | undefined {
  try {
    const cwd = readlinkSync(`/proc/${pid}/cwd`);
    return basename(dirname(dirname(cwd))) === 'open' ? basename(dirname(cwd)) : undefined;
  } catch {
    // It has just ended.
    return undefined;
  }
}
