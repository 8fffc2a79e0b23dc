import { expect, test } from 'vitest';
import { classifyExit } from '../../../src/recorder/ffmpeg/log-classifier.js';

/** What FFmpeg itself said is in `captured-logs.test.ts`. */
test.each([
  { kind: 'stream-ended', code: 0, log: '' },
  { kind: 'stream-ended', code: 0, log: '[rtsp @ 0x5] [warning] CSeq 12 expected, 11 received.\n' },
  { kind: 'died', code: 1, log: '' },
  { kind: 'died', code: 1, log: '[rtsp @ 0x5] [warning] CSeq 12 expected, 11 received.\n' },
  { kind: 'died', code: 255, log: '[rtsp @ 0x5] [warning] CSeq 12 expected, 11 received.\n' },
  { kind: 'stream-ended', code: 1, log: '[out#0 @ 0x5] [error] Something new\n' },
  // Alpine's C library
  {
    kind: 'unreachable',
    code: 1,
    log: '[tcp @ 0x5] [error] Connection to tcp://10.0.0.7:554?timeout=1 failed: Host is unreachable\n',
  },
  {
    kind: 'timed-out',
    code: 1,
    log: '[tcp @ 0x5] [error] Connection to tcp://10.0.0.7:554?timeout=1 failed: Operation timed out\n',
  },
])('$kind: code $code, $log', ({ kind, code, log }) => {
  expect(classifyExit({ logText: log, code, signal: null }).kind).toBe(kind);
});

test.each([
  {
    what: 'what the camera said beats what followed from it',
    log: '[rtsp @ 0x5] [error] method SETUP failed: 461 (Unsupported Transport)\n[rtsp @ 0x5] [warning] Failed reading RTSP data: End of file\n',
    kind: 'unsupported',
  },
  {
    what: 'a full disk beats what the camera does meanwhile',
    log: '[rtsp @ 0x5] [warning] Failed reading RTSP data: Connection timed out\n[out#0 @ 0x5] [error] Error writing trailer: No space left on device\n',
    kind: 'no-space',
  },
])('$what', ({ log, kind }) => {
  expect(classifyExit({ logText: log, code: 1, signal: null }).kind).toBe(kind);
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

test.each([
  [': Name or service not known', ': Name or service not known'],
  ['', ''],
])('the host name that cannot be resolved is not repeated (%s)', (reason, told) => {
  const logText = `[tcp @ 0x5] [error] Failed to resolve hostname HUNTERTWO${reason}\n`;
  expect(classifyExit({ logText, code: 251, signal: null })).toEqual({
    kind: 'unreachable',
    detail: `cannot resolve the camera's host name${told}`,
  });
});

test('the detail is the line without addresses and without the password', () => {
  const outcome = classifyExit({
    logText: '[rtsp @ 0x5567fefdd100] [error] rtsp://cam:pass@10.0.0.7/stream1: Connection refused\n',
    code: 145,
    signal: null,
  });
  expect(outcome).toEqual({ kind: 'unreachable', detail: 'rtsp://***@10.0.0.7/stream1: Connection refused' });
});
