import { expect, test } from 'vitest';
import { classifyExit } from '../../../src/recorder/ffmpeg/log-classifier.js';

const NEW = (warning: string, last: string) =>
  [
    warning,
    "[in#0 @ 0x55f8b7344300] [error] Impossible to open 'rtsp://cam:pass@127.0.0.1:45611/stream1'",
    `[in#0 @ 0x55f8b7343f80] [error] Error opening input: ${last}`,
    '[error] Error opening input file pipe:4.',
    `[fatal] Error opening input files: ${last}`,
    '',
  ].join('\n');
const OLD = (warning: string, last: string) =>
  [
    warning,
    "[concat @ 0x5581] [error] Impossible to open 'rtsp://cam:pass@127.0.0.1:45611/stream1'",
    `[error] pipe:4: ${last}`,
    '',
  ].join('\n');

test.each([
  // FFmpeg 9.0
  {
    kind: 'unreachable',
    code: 145,
    log: NEW(
      '[tcp @ 0x55f8] [error] Connection to tcp://127.0.0.1:45611?timeout=1000000 failed: Connection refused',
      'Connection refused',
    ),
  },
  {
    kind: 'timed-out',
    code: 183,
    log: NEW(
      '[rtsp @ 0x556d] [warning] Failed reading RTSP data: Connection timed out',
      'Invalid data found when processing input',
    ),
  },
  {
    kind: 'stream-ended',
    code: 183,
    log: NEW(
      '[rtsp @ 0x55b0] [warning] Failed reading RTSP data: End of file',
      'Invalid data found when processing input',
    ),
  },
  {
    kind: 'stream-ended',
    code: 183,
    log: NEW(
      '[rtsp @ 0x55bb] [warning] Failed reading RTSP data: Connection reset by peer',
      'Invalid data found when processing input',
    ),
  },
  {
    kind: 'unauthorized',
    code: 8,
    log: NEW(
      '[rtsp @ 0x5567] [error] method DESCRIBE failed: 401 (Unauthorized)',
      'Server returned 401 Unauthorized (authorization failed)',
    ),
  },
  {
    kind: 'unauthorized',
    code: 8,
    log: NEW(
      '[rtsp @ 0x562c] [error] method DESCRIBE failed: 403 (Forbidden)',
      'Server returned 403 Forbidden (access denied)',
    ),
  },
  {
    kind: 'not-found',
    code: 8,
    log: NEW('[rtsp @ 0x560d] [error] method DESCRIBE failed: 404 (Not Found)', 'Server returned 404 Not Found'),
  },
  {
    kind: 'too-many-sessions',
    code: 8,
    log: NEW(
      '[rtsp @ 0x55c9] [error] method SETUP failed: 453 (Not Enough Bandwidth)',
      'Server returned 4XX Client Error, but not one of 40{0,1,3,4}',
    ),
  },
  {
    kind: 'too-many-sessions',
    code: 8,
    log: NEW(
      '[rtsp @ 0x555a] [error] method DESCRIBE failed: 503 (Service Unavailable)',
      'Server returned 5XX Server Error reply',
    ),
  },
  {
    kind: 'stream-ended',
    code: 8,
    log: NEW(
      '[rtsp @ 0x55f7] [error] method DESCRIBE failed: 500 (Internal Server Error)',
      'Server returned 5XX Server Error reply',
    ),
  },
  {
    kind: 'unsupported',
    code: 8,
    log: NEW(
      '[rtsp @ 0x557e] [error] method SETUP failed: 461 (Unsupported Transport)',
      'Server returned 4XX Client Error, but not one of 40{0,1,3,4}',
    ),
  },
  {
    kind: 'unreachable',
    code: 251,
    log: NEW(
      '[tcp @ 0x6471] [error] Failed to resolve hostname nosuch.invalid: Name or service not known',
      'Input/output error',
    ),
  },
  // FFmpeg 5.1 says with every error only "1"
  {
    kind: 'unreachable',
    code: 1,
    log: OLD(
      '[tcp @ 0x55] [error] Connection to tcp://10.0.0.7:554?timeout=1 failed: Connection refused',
      'Connection refused',
    ),
  },
  {
    kind: 'unauthorized',
    code: 1,
    log: OLD(
      '[rtsp @ 0x55] [error] method DESCRIBE failed: 401 Unauthorized',
      'Server returned 401 Unauthorized (authorization failed)',
    ),
  },
  {
    kind: 'timed-out',
    code: 1,
    log: OLD(
      '[tcp @ 0x55] [error] Connection to tcp://10.0.0.7:554?timeout=1 failed: Connection timed out',
      'Connection timed out',
    ),
  },
  { kind: 'no-space', code: 1, log: '[error] av_interleaved_write_frame(): No space left on device\n' },
  {
    kind: 'unsupported',
    code: 1,
    log: '[mp4 @ 0x5] [error] Could not find tag for codec pcm_mulaw in stream #1, codec not currently supported in container\n',
  },
  { kind: 'unsupported', code: 1, log: "[fatal] Stream map '0:v:0' matches no streams.\n" },
  // in mid-stream all versions exit with 0
  { kind: 'stream-ended', code: 0, log: '[rtsp @ 0x5] [warning] CSeq 12 expected, 11 received.\n' },
  { kind: 'timed-out', code: 0, log: '[in#0/concat @ 0x5] [error] Error during demuxing: Connection timed out\n' },
  {
    kind: 'stream-ended',
    code: 0,
    log: '[in#0/concat @ 0x5] [error] Error during demuxing: Connection reset by peer\n',
  },
  { kind: 'stream-ended', code: 0, log: '' },
  // codes that speak where the log does not
  { kind: 'no-space', code: 228, log: '' },
  { kind: 'unreachable', code: 145, log: '' },
  { kind: 'died', code: 1, log: '' },
  { kind: 'died', code: 1, log: '[rtsp @ 0x5] [warning] CSeq 12 expected, 11 received.\n' },
  { kind: 'died', code: 255, log: '[rtsp @ 0x5] [warning] CSeq 12 expected, 11 received.\n' },
])('$kind: code $code, $log', ({ kind, code, log }) => {
  expect(classifyExit({ logText: log, code, signal: null }).kind).toBe(kind);
});

test('a process ended by a signal died, whatever it logged before', () => {
  expect(classifyExit({ logText: '[error] Connection timed out\n', code: null, signal: 'SIGKILL' })).toEqual({
    kind: 'died',
    detail: 'ended by SIGKILL',
  });
});

test('a refused keepalive, said every few seconds, is never the reason', () => {
  const noise = '[rtsp @ 0x5] [warning] CSeq 12 expected, 11 received.\n'.repeat(500);
  const logText = `${noise}[out#0 @ 0x5] [error] Something new\n${noise}`;
  expect(classifyExit({ logText, code: 1, signal: null })).toEqual({ kind: 'stream-ended', detail: 'Something new' });
});

test('the detail is the line without addresses and without the password', () => {
  const outcome = classifyExit({
    logText: '[rtsp @ 0x5567fefdd100] [error] rtsp://cam:pass@10.0.0.7/stream1: Connection refused\n',
    code: 145,
    signal: null,
  });
  expect(outcome).toEqual({ kind: 'unreachable', detail: 'rtsp://***@10.0.0.7/stream1: Connection refused' });
});
