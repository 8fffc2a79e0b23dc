import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The script of an FFmpeg that is judged good in everything but what is given; needs nothing on `PATH`. */
export function fakeFfmpeg(version: string, onHostName = 'exit 145'): string {
  return `case "$*" in
  -version) echo "ffmpeg version ${version} Copyright" ;;
  *localhost*) ${onHostName} ;;
  *) echo "Demuxer rtsp Muxer segment" ;;
esac`;
}

/** Writes a program of shell in place of what was there; resolves to its path. */
export async function program(dir: string, name: string, script: string): Promise<string> {
  await mkdir(dir, { recursive: true });
  const path = join(dir, name);
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}
