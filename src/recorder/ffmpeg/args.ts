import type { CameraSpec } from '../../domain/camera.js';
import { RECORDING_PATTERN } from '../../spool/layout.js';
import type { CameraUrl } from './camera-url.js';

interface RecordingCommand {
  /** Without the program itself; nothing secret in it. */
  readonly args: readonly string[];
  /** The text that holds the URL; written to fd 4 (INV-7). */
  readonly ffconcat: string;
}

/** The one FFmpeg command of this program, to be run with `TZ=UTC` in the session's own directory. Pure. */
export function recordingCommand(
  spec: Pick<CameraSpec, 'segmentDurationSec' | 'audio' | 'socketTimeoutMs' | 'tlsVerify'>,
  url: CameraUrl,
  codec: 'h264' | 'hevc' | null,
): RecordingCommand {
  return {
    args: [
      ...['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'level+warning'],
      ...inputArgs(url),
      ...streamArgs(spec.audio, codec),
      ...outputArgs(spec.segmentDurationSec),
    ],
    ffconcat: ffconcatOf(spec, url),
  };
}

function inputArgs({ scheme }: CameraUrl): readonly string[] {
  const protocols = `pipe,rtsp,rtp,tcp,udp${scheme === 'rtsps' ? ',tls,crypto' : ''}`;
  // Without -fpsprobesize 0 the first file opens up to 2 s later; a smaller analyzeduration would fail on long keyframe intervals.
  return ['-f', 'concat', '-safe', '0', '-protocol_whitelist', protocols, '-fpsprobesize', '0', '-i', 'pipe:4'];
}

function streamArgs(audio: CameraSpec['audio'], codec: 'h264' | 'hevc' | null): readonly string[] {
  // A-law cannot go into MP4, so sound is encoded. Pictures wait for it: a frame of AAC is 1,024 samples, so twice the rate is half the wait.
  const encoderArgs = ['-c:a', 'aac', '-aac_coder', 'fast', '-ar', '16000', '-b:a', '24k'];
  const audioArgs = audio === 'aac' ? ['-map', '0:a:0?', ...encoderArgs] : ['-an'];
  // Safari plays HEVC only under this tag.
  const tagArgs = codec === 'hevc' ? ['-tag:v', 'hvc1'] : [];
  return ['-map', '0:v:0', ...audioArgs, '-dn', '-sn', '-c:v', 'copy', ...tagArgs];
}

function outputArgs(segmentDurationSec: number): readonly string[] {
  // delay_moov keeps sound and picture together when the camera is joined between keyframes; flush_packets belongs to the inner muxer.
  const fragments = 'movflags=+frag_keyframe+delay_moov+default_base_moof:frag_duration=250000:flush_packets=1';
  return [
    ...['-f', 'segment', '-segment_time', String(segmentDurationSec), '-segment_atclocktime', '1'],
    ...['-reset_timestamps', '1', '-segment_format', 'mp4', '-segment_format_options', fragments, RECORDING_PATTERN],
  ];
}

function ffconcatOf(spec: Pick<CameraSpec, 'socketTimeoutMs' | 'tlsVerify'>, url: CameraUrl): string {
  const lines = [
    'ffconcat version 1.0',
    `file ${quote(url.href)}`,
    'option rtsp_transport tcp',
    `option timeout ${Math.round(spec.socketTimeoutMs * 1_000)}`,
  ];
  if (url.scheme === 'rtsps') lines.push(`option tls_verify ${spec.tlsVerify ? 1 : 0}`);
  return `${lines.join('\n')}\n`;
}

/** Inside single quotes only the quote itself means anything. */
function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
