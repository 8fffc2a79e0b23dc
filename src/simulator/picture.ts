import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { type AccessUnit, nalType, splitAccessUnits } from './annex-b.js';
import { type ClockStrip, createClockStrip, stripKbps, stripLayout } from './clock-strip.js';
import { growSequence } from './parameter-sets.js';
import { SimulatorError } from './simulator-error.js';

/** What a simulated camera looks at: a loop of a coded scene, made once and kept in the cache, and a clock below it. */
export interface Picture {
  readonly spec: PictureSpec;
  /** One loop; the first is a keyframe, so are all `fps * gopSec` after it. */
  readonly accessUnits: readonly AccessUnit[];
  readonly sps: Buffer;
  readonly pps: Buffer;
  /** The lower end of each picture, which `accessUnits` leave out. */
  readonly clock: ClockStrip;
  /** As `readSliceHead` wants it. */
  readonly frameNumBits: number;
}

/** All of it decides the file name in the cache. */
export interface PictureSpec {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly fps: number;
  readonly gopSec: number;
  /** With the clock. */
  readonly bitrateKbps: number;
  readonly loopSec: number;
}

const SMALL: PictureSpec = { widthPx: 640, heightPx: 360, fps: 15, gopSec: 2, bitrateKbps: 400, loopSec: 60 };

/** `2k`: as a Tapo C220 sends it. `small`: for quick tests. `other`: other parameter sets than `small`, to switch to in mid-stream. */
export const PICTURES = {
  '2k': { ...SMALL, widthPx: 2560, heightPx: 1440, bitrateKbps: 4_500 },
  small: SMALL,
  'small-4s-gop': { ...SMALL, gopSec: 4 },
  other: { ...SMALL, widthPx: 480, heightPx: 272, bitrateKbps: 200 },
} as const satisfies Readonly<Record<string, PictureSpec>>;

/** What `--picture` of the simulator takes. */
export type PictureName = keyof typeof PICTURES;

/** Where and with what pictures are made. */
export interface PictureOptions {
  readonly ffmpegPath: string;
  /** Made when missing. */
  readonly cacheDir: string;
  /** Called only while a picture is being made, 0 to 1. */
  readonly onProgress?: (share: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Loads a picture from the cache, or makes it first: `2k` takes FFmpeg about 20 s of two cores and 31 MB of disk. Safe to call from several
 * processes at once: each writes its own file and renames it.
 * @throws SimulatorError `picture-failed`, or `picture-unreadable` when FFmpeg made something else; the signal's reason when aborted.
 */
export async function loadPicture(name: PictureName, options: PictureOptions): Promise<Picture> {
  const spec: PictureSpec = PICTURES[name];
  const path = join(options.cacheDir, cacheName(spec));
  const cached = await readCached(spec, path);
  if (cached !== null) return cached;
  await mkdir(options.cacheDir, { recursive: true });
  const temporary = `${path}.${randomUUID()}`;
  try {
    await runEncoder(spec, temporary, options);
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
  return parsePicture(spec, await readFile(path));
}

/** @throws SimulatorError `picture-unreadable` when the byte stream is not the loop that `spec` promises. */
export function parsePicture(spec: PictureSpec, bytes: Buffer): Picture {
  const accessUnits = splitAccessUnits(bytes);
  const nals = accessUnits[0]?.nals ?? [];
  const sps = nals.find((nal) => nalType(nal) === 7);
  const pps = nals.find((nal) => nalType(nal) === 8);
  const hasKeys = accessUnits.every((unit, index) => unit.isKey === (index % (spec.fps * spec.gopSec) === 0));
  if (sps === undefined || pps === undefined || !hasKeys || accessUnits.length !== spec.fps * spec.loopSec) {
    throw new SimulatorError(
      'picture-unreadable',
      `the picture holds ${accessUnits.length} frames, not what was asked`,
    );
  }
  const sequence = growSequence(sps, spec.heightPx);
  const grown = accessUnits.map((unit) => ({
    ...unit,
    nals: unit.nals.map((nal) => (nalType(nal) === 7 ? sequence.sps : nal)),
  }));
  const clock = createClockStrip(stripLayout(spec.widthPx, spec.heightPx));
  return { ...sequence, spec, accessUnits: grown, pps, clock };
}

/** Changes whenever anything that decides the bytes does. */
function cacheName(spec: PictureSpec): string {
  const recipe = createHash('sha256')
    .update(JSON.stringify(encoderArgs(spec, '')))
    .digest('hex')
    .slice(0, 12);
  return `picture-${spec.widthPx}x${spec.heightPx}-${recipe}.h264`;
}

function encoderArgs(spec: PictureSpec, output: string): readonly string[] {
  const strip = stripLayout(spec.widthPx, spec.heightPx);
  const rate = `${spec.bitrateKbps - stripKbps(strip)}k`;
  return [
    ...['-hide_banner', '-loglevel', 'error', '-nostats', '-progress', 'pipe:1'],
    ...['-f', 'lavfi', '-i', `testsrc2=size=${spec.widthPx}x${strip.firstRow * 16}:rate=${spec.fps}`],
    // The black edge is what the clock's strip goes on with.
    ...['-vf', 'noise=alls=6:allf=t,drawbox=y=ih-16:h=16:w=iw:color=black:t=fill,format=yuv420p'],
    ...['-frames:v', String(spec.fps * spec.loopSec)],
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-profile:v', 'main', '-bf', '0', '-sc_threshold', '0'],
    ...['-g', String(spec.fps * spec.gopSec), '-keyint_min', String(spec.fps * spec.gopSec)],
    ...['-b:v', rate, '-maxrate', rate, '-bufsize', rate],
    // What the slice headers of `clock-strip.ts` take for granted.
    ...['-x264-params', 'repeat-headers=1:cabac=0:weightp=0:ref=1'],
    ...['-f', 'h264', output],
  ];
}

async function runEncoder(spec: PictureSpec, output: string, options: PictureOptions): Promise<void> {
  const frames = spec.fps * spec.loopSec;
  const child = spawn(options.ffmpegPath, encoderArgs(spec, output), {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const said = keepTail(child.stderr);
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const frame = /^frame=\s*(\d+)/m.exec(text)?.[1];
    if (frame !== undefined) options.onProgress?.(Math.min(1, Number(frame) / frames));
  });
  let failure: Error | null = null;
  child.once('error', (error) => {
    failure = error;
  });
  // Also after an abort or when there is no such program: nobody writes the file any more then.
  const exitCode = await new Promise<number | null>((resolve) => {
    child.once('close', resolve);
  });
  options.signal?.throwIfAborted();
  if (exitCode === 0) return;
  throw new SimulatorError('picture-failed', `FFmpeg made no picture (exit ${exitCode}): ${said()}`, failure);
}

function keepTail(stream: Readable): () => string {
  let tail = '';
  stream.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-1_000);
  });
  return () => tail.trim();
}

/** A file torn by a power cut counts as none. */
async function readCached(spec: PictureSpec, path: string): Promise<Picture | null> {
  try {
    return parsePicture(spec, await readFile(path));
  } catch (error) {
    if (error instanceof SimulatorError) return null;
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
