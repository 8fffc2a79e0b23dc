import { ffmpeg } from './recordings.js';

/** A packet as FFmpeg demuxes it; its duration is left out: the recording only guesses it at fragment borders. */
export interface Packet {
  readonly stream: number;
  readonly dts: number;
  readonly pts: number;
  readonly sizeBytes: number;
  readonly md5: string;
}

/** All packets of a file, in demuxing order, and the time base of each stream in seconds. */
export async function packetsOf(
  path: string,
  inputArgs: readonly string[] = [],
): Promise<{ packets: readonly Packet[]; tickSec: readonly number[] }> {
  const lines = (
    await ffmpeg([...inputArgs, '-copyts', '-i', path, '-map', '0', '-c', 'copy', '-f', 'framemd5', '-'])
  ).split('\n');
  const tickSec: number[] = [];
  const packets: Packet[] = [];
  for (const line of lines) {
    const timeBase = /^#tb (\d+): (\d+)\/(\d+)/.exec(line);
    if (timeBase !== null) tickSec[Number(timeBase[1])] = Number(timeBase[2]) / Number(timeBase[3]);
    if (line === '' || line.startsWith('#')) continue;
    const [stream, dts, pts, , sizeBytes, md5 = ''] = line.split(',').map((field) => field.trim());
    packets.push({ stream: Number(stream), dts: Number(dts), pts: Number(pts), sizeBytes: Number(sizeBytes), md5 });
  }
  return { packets, tickSec };
}
