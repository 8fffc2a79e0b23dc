/** Whether a program found on this machine will do. Pure: what it printed and how it ended comes in from `tools.ts`. */

/** As the programs are called on `PATH`, and in the file in which set-up notes where it put them. */
export const toolNames = ['ffmpeg', 'temporal', 'weed'] as const;
/** Only these three are ever looked for. */
export type ToolName = (typeof toolNames)[number];

/** How one short run of a program ended. */
export interface ToolRun {
  readonly text: string;
  readonly exitCode: number | null;
  /** Set when it crashed, was killed, or overran its time. */
  readonly signal: string | null;
}

/** The runs a verdict on FFmpeg needs. */
export interface FfmpegRuns {
  readonly version: ToolRun;
  /** `-i tcp://localhost:9`: refused by a healthy one; old static builds crash when they look a name up. */
  readonly hostName: ToolRun;
  readonly rtspDemuxer: ToolRun;
  readonly segmentMuxer: ToolRun;
}

/** `version` is as the program says it; `why` goes on a sentence: "no ffmpeg that will do (<path>: <why>)". */
export type ToolVerdict =
  | { readonly kind: 'good'; readonly version: string }
  | { readonly kind: 'refused'; readonly why: string };

type Version = readonly [major: number, minor: number];

const MIN_FFMPEG: Version = [5, 1];
// The oldest ones the recorder has been run with.
const MIN_TEMPORAL: Version = [1, 9];
const MIN_WEED: Version = [4, 48];
/** A build from git has no version; its libavformat does. */
const ffmpegOfLibavformat: readonly { readonly atLeast: Version; readonly ffmpeg: Version }[] = [
  { atLeast: [62, 0], ffmpeg: [8, 0] },
  { atLeast: [61, 7], ffmpeg: [7, 1] },
  { atLeast: [61, 0], ffmpeg: [7, 0] },
  { atLeast: [60, 0], ffmpeg: [6, 0] },
  { atLeast: [59, 27], ffmpeg: [5, 1] },
];

/** FFmpeg 7.0.x is refused although newer than 5.1: it goes on recording after the one SIGTERM it is sent. */
export function judgeFfmpeg(runs: FfmpegRuns): ToolVerdict {
  const version = readFfmpegVersion(runs.version.text);
  if (runs.version.signal !== null || version === undefined) return refused('it does not tell its version');
  const text = version.join('.');
  if (isOlder(version, MIN_FFMPEG)) return refused(`it is FFmpeg ${text}, and ${MIN_FFMPEG.join('.')} is needed`);
  if (text === '7.0') return refused('FFmpeg 7.0 does not stop when it is asked to; use 7.1 or newer');
  if (runs.hostName.signal !== null) {
    return refused(`it crashes on a host name (${runs.hostName.signal}), as static builds do`);
  }
  if (!runs.rtspDemuxer.text.includes('Demuxer rtsp')) return refused('it was built without RTSP');
  if (!runs.segmentMuxer.text.includes('Muxer segment')) return refused('it was built without the segment muxer');
  return { kind: 'good', version: /ffmpeg version (\S+)/.exec(runs.version.text)?.[1] ?? text };
}

/** From `temporal --version`. */
export function judgeTemporal(run: ToolRun): ToolVerdict {
  return judgeByVersion(run, /temporal version (\d+)\.(\d+)/, { program: 'Temporal CLI', min: MIN_TEMPORAL });
}

/** From `weed version`. */
export function judgeWeed(run: ToolRun): ToolVerdict {
  return judgeByVersion(run, /version \S+ (\d+)\.(\d+)/, { program: 'SeaweedFS', min: MIN_WEED });
}

function judgeByVersion(
  run: ToolRun,
  pattern: RegExp,
  wanted: { readonly program: string; readonly min: Version },
): ToolVerdict {
  const version = readVersion(run.text, pattern);
  if (run.exitCode !== 0 || version === undefined) return refused('it does not tell its version');
  const text = version.join('.');
  if (isOlder(version, wanted.min)) {
    return refused(`it is ${wanted.program} ${text}, and ${wanted.min.join('.')} is needed`);
  }
  return { kind: 'good', version: text };
}

function readFfmpegVersion(text: string): Version | undefined {
  const named = readVersion(text, /ffmpeg version n?(\d+)\.(\d+)/);
  if (named !== undefined) return named;
  const libavformat = readVersion(text, /libavformat\s+(\d+)\.\s*(\d+)/);
  if (libavformat === undefined) return undefined;
  return ffmpegOfLibavformat.find(({ atLeast }) => !isOlder(libavformat, atLeast))?.ffmpeg ?? [0, 0];
}

function readVersion(text: string, pattern: RegExp): Version | undefined {
  const found = pattern.exec(text);
  return found === null ? undefined : [Number(found[1]), Number(found[2])];
}

function isOlder([major, minor]: Version, than: Version): boolean {
  return major < than[0] || (major === than[0] && minor < than[1]);
}

function refused(why: string): ToolVerdict {
  return { kind: 'refused', why };
}
