import { spawn } from 'node:child_process';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { tempDir } from '../support/temp-dir.js';
import { toolPath } from '../support/tools.js';

/** FFmpeg on a camera, in a folder of its own. */
export interface FfmpegRecording {
  readonly pid: number;
  /** The files so far, in order. */
  files(): Promise<readonly string[]>;
  /** One SIGTERM; resolves when the process is gone. */
  stop(): Promise<void>;
}

/** The recorder's command line, with the URL through descriptor 4, so that what is measured is FFmpeg alone. */
export async function recordWithFfmpeg(url: string, segmentDurationSec: number): Promise<FfmpegRecording> {
  const folder = await tempDir('simulator');
  const log = await open(join(folder, 'ffmpeg.log'), 'a');
  const child = spawn(toolPath('ffmpeg'), argsOf(segmentDurationSec), {
    cwd: folder,
    env: { TZ: 'UTC' },
    stdio: ['ignore', log.fd, log.fd, 'ignore', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
  });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
    await log.close();
  });
  const input = child.stdio[4];
  if (input !== null && input !== undefined && 'end' in input) input.end(ffconcat(url));
  return {
    pid: child.pid ?? 0,
    files: async () =>
      (await readdir(folder))
        .filter((name) => name.endsWith('.mp4'))
        .sort()
        .map((name) => join(folder, name)),
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function argsOf(segmentDurationSec: number): readonly string[] {
  return [
    ...['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'level+warning'],
    ...[
      '-f',
      'concat',
      '-safe',
      '0',
      '-protocol_whitelist',
      'pipe,rtsp,rtp,tcp,udp',
      '-fpsprobesize',
      '0',
      '-i',
      'pipe:4',
    ],
    ...['-map', '0:v:0', '-map', '0:a:0?', '-dn', '-sn', '-c:v', 'copy'],
    ...['-c:a', 'aac', '-aac_coder', 'fast', '-ar', '16000', '-b:a', '24k'],
    ...['-f', 'segment', '-segment_time', String(segmentDurationSec), '-segment_atclocktime', '1'],
    ...['-reset_timestamps', '1', '-segment_format', 'mp4', '-segment_format_options'],
    'movflags=+frag_keyframe+delay_moov+default_base_moof:frag_duration=250000:flush_packets=1',
    '%06d.mp4',
  ];
}

function ffconcat(url: string): string {
  return `ffconcat version 1.0\nfile '${url.replaceAll("'", String.raw`'\''`)}'\noption rtsp_transport tcp\noption timeout 2500000\n`;
}
