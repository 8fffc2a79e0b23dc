import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll } from 'vitest';
import { encodeFrameStamp } from '../../../src/mp4/frame-stamp.js';
import { toolPath } from '../../support/tools.js';

const run = promisify(execFile);
export const FRAMES_PER_SEC = 15;
export const GOP_SEC = 2;

/** Runs FFmpeg to its end; resolves to what it printed. Rejects with its log when it fails. */
export async function ffmpeg(args: readonly string[]): Promise<string> {
  const quiet = ['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'level+error', '-y'];
  const { stdout } = await run(toolPath('ffmpeg'), [...quiet, ...args], { maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}

const folders: string[] = [];
// Registered while the importing file is collected: from inside a hook it would be too late.
afterAll(async () => {
  await Promise.all(folders.map(async (folder) => await rm(folder, { recursive: true, force: true })));
});

/** A folder that is gone after the suite. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mp4-'));
  folders.push(folder);
  return folder;
}

export interface RecordingKind {
  readonly codec: 'libx264' | 'libx265';
  readonly bFrames: 0 | 2;
  readonly hasAudio: boolean;
  /** Video packets that never arrived: 30 are one GOP. */
  readonly droppedFrames: number;
}

const PLAIN: RecordingKind = { codec: 'libx264', bFrames: 0, hasAudio: true, droppedFrames: 0 };
export const recordingKinds: Readonly<Record<string, RecordingKind>> = {
  plain: PLAIN,
  'with B-frames': { ...PLAIN, bFrames: 2 },
  hevc: { ...PLAIN, codec: 'libx265' },
  'without audio': { ...PLAIN, hasAudio: false },
  'joined mid-GOP': { ...PLAIN, droppedFrames: 30 },
};

/** Records as the recorder does, in segments of 4 s, from 9 s of a camera; resolves to the files in order. */
export async function makeRecordings(folder: string, kind: RecordingKind): Promise<readonly string[]> {
  const source = join(folder, 'source.nut');
  const encoder =
    kind.codec === 'libx264' ? ['-preset', 'ultrafast'] : ['-preset', 'ultrafast', '-x265-params', 'log-level=none'];
  await ffmpeg([
    ...['-f', 'lavfi', '-i', `testsrc2=s=320x180:r=${FRAMES_PER_SEC}`, '-f', 'lavfi', '-i', 'sine=r=8000', '-t', '9'],
    ...['-c:v', kind.codec, '-g', String(GOP_SEC * FRAMES_PER_SEC), '-bf', String(kind.bFrames), ...encoder],
    ...['-c:a', 'pcm_alaw', '-f', 'nut', source],
  ]);
  const drop = kind.droppedFrames > 0 ? ['-bsf:v', `noise=drop=lt(n\\,${kind.droppedFrames})`] : [];
  return await record(folder, ['-i', source], { ...kind, extra: drop });
}

/** The muxer arguments of a recording session, in a folder of its own. */
export async function record(
  folder: string,
  input: readonly string[],
  {
    codec = 'libx264',
    hasAudio = true,
    extra = [] as readonly string[],
    segmentSec = 4,
    fragmentUs = 250_000,
    movflags = '',
  },
): Promise<readonly string[]> {
  const output = await mkdtemp(join(folder, 'session-'));
  await ffmpeg([
    ...input,
    ...['-map', '0:v:0', ...(hasAudio ? ['-map', '0:a:0?'] : []), '-dn', '-sn', '-c:v', 'copy', ...extra],
    ...(hasAudio ? ['-c:a', 'aac', '-aac_coder', 'fast', '-ar', '16000', '-b:a', '24k'] : ['-an']),
    ...(codec === 'libx265' ? ['-tag:v', 'hvc1'] : []),
    ...['-f', 'segment', '-segment_time', String(segmentSec), '-reset_timestamps', '1', '-segment_format', 'mp4'],
    // The encoder's first frame of sound lies before zero, and time counts from there: a keyframe at 4 s is a little early.
    ...['-segment_time_delta', '0.1'],
    '-segment_format_options',
    `movflags=+frag_keyframe+delay_moov+default_base_moof${movflags}:frag_duration=${fragmentUs}:flush_packets=1`,
    join(output, '%06d.mp4'),
  ]);
  return (await readdir(output)).sort().map((name) => join(output, name));
}

/** Nine seconds of a camera that stamps every frame, as a file to record from. */
export async function makeStampedSource(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const plain = join(folder, 'plain.h264');
  const stamped = join(folder, 'stamped.h264');
  const source = join(folder, 'stamped.nut');
  await ffmpeg([
    ...[
      '-f',
      'lavfi',
      '-i',
      `testsrc2=s=320x180:r=${FRAMES_PER_SEC}`,
      '-t',
      '9',
      '-c:v',
      'libx264',
      '-g',
      String(GOP_SEC * FRAMES_PER_SEC),
    ],
    ...['-bf', '0', '-preset', 'ultrafast', '-x264-params', 'slices=1', '-f', 'h264', plain],
  ]);
  await writeFile(stamped, stampFrames(await readFile(plain)));
  await ffmpeg([
    ...[
      '-framerate',
      String(FRAMES_PER_SEC),
      '-f',
      'h264',
      '-i',
      stamped,
      '-f',
      'lavfi',
      '-t',
      '9',
      '-i',
      'sine=r=8000',
    ],
    ...['-map', '0:v', '-map', '1:a', '-c:v', 'copy', '-c:a', 'pcm_alaw', '-f', 'nut', source],
  ]);
  return source;
}

/** Frame n was sent at n/15 s. One slice a frame is taken for granted. */
function stampFrames(annexB: Buffer): Buffer {
  const parts: Uint8Array[] = [];
  let counter = 0;
  for (const unit of nalUnits(annexB)) {
    const type = (unit[0] ?? 0) & 0x1f;
    if (type === 1 || type === 5) {
      const sentAtUs = Math.round((counter * 1e6) / FRAMES_PER_SEC);
      parts.push(START_CODE, encodeFrameStamp({ counter, sentAtUs }));
      counter += 1;
    }
    parts.push(START_CODE, unit);
  }
  return Buffer.concat(parts);
}

const START_CODE = Uint8Array.of(0, 0, 0, 1);

function nalUnits(annexB: Buffer): readonly Buffer[] {
  const units: Buffer[] = [];
  const mark = Buffer.from([0, 0, 1]);
  let start = annexB.indexOf(mark);
  while (start !== -1) {
    const next = annexB.indexOf(mark, start + 3);
    const end = next === -1 ? annexB.length : annexB[next - 1] === 0 ? next - 1 : next;
    units.push(annexB.subarray(start + 3, end));
    start = next;
  }
  return units;
}
