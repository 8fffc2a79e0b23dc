import { expect, test } from 'vitest';
import {
  type FfmpegRuns,
  judgeFfmpeg,
  judgeTemporal,
  judgeWeed,
  type ToolRun,
} from '../../src/embedded/tool-verdict.js';

const printed = (text: string): ToolRun => ({ text, exitCode: 0, signal: null });
const crashed: ToolRun = { text: '', exitCode: null, signal: 'SIGSEGV' };

function ffmpegRuns(version: string, overrides: Partial<FfmpegRuns> = {}): FfmpegRuns {
  return {
    version: printed(version),
    hostName: { text: 'Connection refused', exitCode: 145, signal: null },
    rtspDemuxer: printed('Demuxer rtsp [RTSP input]:'),
    segmentMuxer: printed('Muxer segment [segment]:'),
    ...overrides,
  };
}

test.each([
  ['ffmpeg version n9.0.2-17-g2a571b6068-20260930 Copyright', 'n9.0.2-17-g2a571b6068-20260930'],
  ['ffmpeg version 5.1.9-0+deb12u1 Copyright', '5.1.9-0+deb12u1'],
  ['ffmpeg version 7.1 Copyright', '7.1'],
  ['ffmpeg version 10.0 Copyright', '10.0'],
  ['ffmpeg version N-120001-gabcdef Copyright\nlibavformat    62.  3.100 / 62.  3.100', 'N-120001-gabcdef'],
])('FFmpeg that prints "%s" will do', (text, version) => {
  expect(judgeFfmpeg(ffmpegRuns(text))).toEqual({ kind: 'good', version });
});

test.each([
  ['ffmpeg version 5.0.3', /FFmpeg 5\.0, and 5\.1 is needed/],
  ['ffmpeg version 4.4.2-0ubuntu0', /FFmpeg 4\.4/],
  ['ffmpeg version 7.0.2-static', /does not stop/],
  ['ffmpeg version N-47683-g0e8eb07980-static\nlibavformat    58. 24.101 / 58. 24.101', /5\.1 is needed/],
  ['ffmpeg version N-1-g1\nlibavformat    61.  1.100 / 61.  1.100', /does not stop/],
  ['hello', /does not tell its version/],
])('FFmpeg that prints "%s" is refused', (text, why) => {
  expect(judgeFfmpeg(ffmpegRuns(text))).toEqual({ kind: 'refused', why: expect.stringMatching(why) });
});

test.each([
  ['crashes at start', { version: crashed }, /version/],
  ['crashes on a host name', { hostName: crashed }, /host name \(SIGSEGV\)/],
  ['has no RTSP', { rtspDemuxer: printed("Unknown format 'rtsp'.") }, /RTSP/],
  ['has no segment muxer', { segmentMuxer: printed("Unknown format 'segment'.") }, /segment muxer/],
] as const)('a new enough FFmpeg that %s is refused', (_how, overrides, why) => {
  const verdict = judgeFfmpeg(ffmpegRuns('ffmpeg version 6.0', overrides));
  expect(verdict).toEqual({ kind: 'refused', why: expect.stringMatching(why) });
});

test.each([
  ['temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)', { kind: 'good', version: '1.9' }],
  ['temporal version 1.10.0', { kind: 'good', version: '1.10' }],
  ['temporal version 1.5.1 (Server 1.29.1)', { kind: 'refused', why: expect.stringContaining('1.9 is needed') }],
  ['', { kind: 'refused', why: expect.stringContaining('version') }],
])('a Temporal CLI that prints "%s" is judged by its version', (text, verdict) => {
  expect(judgeTemporal(printed(text))).toEqual(verdict);
});

test.each([
  ['version 8000GB 4.48 pypi linux amd64', { kind: 'good', version: '4.48' }],
  ['version 8000GB 5.0 0123abc linux amd64', { kind: 'good', version: '5.0' }],
  ['version 30GB 3.97 0123abc linux amd64', { kind: 'refused', why: expect.stringContaining('4.48 is needed') }],
])('a SeaweedFS that prints "%s" is judged by its version', (text, verdict) => {
  expect(judgeWeed(printed(text))).toEqual(verdict);
});
