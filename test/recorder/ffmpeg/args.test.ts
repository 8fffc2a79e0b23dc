import fc from 'fast-check';
import { expect, test } from 'vitest';
import { recordingCommand } from '../../../src/recorder/ffmpeg/args.js';
import { CameraUrlError, parseCameraUrl } from '../../../src/recorder/ffmpeg/camera-url.js';
import { redact } from '../../../src/redact.js';

const spec = { segmentDurationSec: 900, audio: 'aac', socketTimeoutMs: 2_500, tlsVerify: false } as const;

test('the command records segments on the clock with the URL in no argument', () => {
  const command = recordingCommand(spec, parseCameraUrl('rtsp://cam:secret@10.0.0.7:554/stream1'), 'h264');
  expect(command.args.join(' ')).toBe(
    '-hide_banner -nostdin -nostats -loglevel level+warning ' +
      '-f concat -safe 0 -protocol_whitelist pipe,rtsp,rtp,tcp,udp -fpsprobesize 0 -i pipe:4 ' +
      '-map 0:v:0 -map 0:a:0? -c:a aac -aac_coder fast -ar 16000 -b:a 24k -dn -sn -c:v copy ' +
      '-f segment -segment_time 900 -segment_atclocktime 1 -reset_timestamps 1 -segment_format mp4 ' +
      '-segment_format_options movflags=+frag_keyframe+delay_moov+default_base_moof:frag_duration=250000:flush_packets=1 ' +
      '%06d.mp4',
  );
  expect(command.ffconcat).toBe(
    "ffconcat version 1.0\nfile 'rtsp://cam:secret@10.0.0.7:554/stream1'\noption rtsp_transport tcp\noption timeout 2500000\n",
  );
});

test.each([
  { audio: 'off', codec: null, has: ['-an'], lacks: ['0:a:0?', '-tag:v'] },
  { audio: 'aac', codec: 'h264', has: ['aac'], lacks: ['-an', '-tag:v'] },
  { audio: 'aac', codec: 'hevc', has: ['-tag:v', 'hvc1'], lacks: ['-an'] },
] as const)('audio $audio and codec $codec', ({ audio, codec, has, lacks }) => {
  const { args } = recordingCommand({ ...spec, audio }, parseCameraUrl('rtsp://camera/1'), codec);
  for (const word of has) expect(args).toContain(word);
  for (const word of lacks) expect(args).not.toContain(word);
});

test.each([
  [true, 'option tls_verify 1'],
  [false, 'option tls_verify 0'],
])('rtsps widens the protocols and says tls_verify (%s)', (tlsVerify, line) => {
  const command = recordingCommand({ ...spec, tlsVerify }, parseCameraUrl('rtsps://camera/1'), null);
  expect(command.args).toContain('pipe,rtsp,rtp,tcp,udp,tls,crypto');
  expect(command.ffconcat.split('\n')).toContain(line);
});

test.each([
  ['rtsp://host/stream1', 'rtsp://host/stream1'],
  ['RTSP://host:8554', 'rtsp://host:8554'],
  ['rtsp://[::1]:554/a', 'rtsp://[::1]:554/a'],
  ['rtsp://u:p@ss@host/s', 'rtsp://u:p%40ss@host/s'],
  ['rtsp://u:p%40ss@host/s', 'rtsp://u:p%40ss@host/s'],
  ['rtsp://u:a/b#c?d@host/s', 'rtsp://u:a%2Fb%23c%3Fd@host/s'],
  ["rtsp://u:it's@host/s", 'rtsp://u:it%27s@host/s'],
  ['rtsp://u:100%@host/s', 'rtsp://u:100%25@host/s'],
  ['rtsp://u:é"$\\@host/s', 'rtsp://u:%C3%A9%22%24%5C@host/s'],
  ['rtsp://user@host/s', 'rtsp://user@host/s'],
  ["rtsp://host/it's a path", 'rtsp://host/it%27s%20a%20path'],
  ['rtsp://host/cam?channel=1&subtype=0', 'rtsp://host/cam?channel=1&subtype=0'],
  ['rtsp://host/a@b', 'rtsp://host/a@b'],
  ['rtsp://u:@[.]?a@10.0.0.7:554/s', 'rtsp://u:%40%5B.%5D%3Fa@10.0.0.7:554/s'],
  ['rtsp://admin:Zq7@HUNTERTWO#rest@127.0.0.1:1/stream1', 'rtsp://admin:Zq7%40HUNTERTWO%23rest@127.0.0.1:1/stream1'],
  ['rtsp://admin:12345/pw@127.0.0.1', 'rtsp://admin:12345%2Fpw@127.0.0.1'],
  ['rtsp://admin:99999/pw@cam', 'rtsp://admin:99999%2Fpw@cam'],
  ['rtsp://admin:a@b/c@10.0.0.7:554/s', 'rtsp://admin:a%40b%2Fc@10.0.0.7:554/s'],
  ['rtsp://admin:a@b?c@[fe80::7]/s', 'rtsp://admin:a%40b%3Fc@[fe80::7]/s'],
  ['rtsp://admin:a%40b%2Fc@cam', 'rtsp://admin:a%40b%2Fc@cam'],
  ['rtsp://me@example.com:pass@cam/s', 'rtsp://me%40example.com:pass@cam/s'],
  ['rtsp://10.0.0.7:554/a@b', 'rtsp://10.0.0.7:554/a@b'],
  ['rtsp://admin:pass@10.0.0.7/a@b', 'rtsp://admin:pass@10.0.0.7/a@b'],
])('%s is handed over as %s', (text, href) => {
  expect(parseCameraUrl(text).href).toBe(href);
});

test.each([
  'http://host/s',
  'file:///etc/passwd',
  'concat:rtsp://host/s',
  '-version',
  '',
  'rtsp://',
  'rtsp:///path',
  'rtsp://-host/s',
  'rtsp://ho st/s',
  'rtsp://host:port/s',
  'rtsp://host:99999/s',
  'rtsp://host#fragment',
  'rtsp://admin:a@b/c@cam',
  'rtsp://admin:a@b?c@cam',
  'rtsp://admin:12345/pw@cam',
  'rtsp://admin:a@10.0.0.6/c@10.0.0.7/s',
  'rtsp://admin:a@[::1]/c@10.0.0.7/s',
  'rtsp://host/s\nfile /etc/passwd',
  "rtsp://host/s\r\noption x '1'",
  'rtsp://u:p\u0000@host/s',
  'rtsp://u:p\t@host/s',
])('%j is refused without being repeated', (text) => {
  expect(() => parseCameraUrl(text)).toThrow(CameraUrlError);
});

test('a password of any letters never gets into what is taken for the host, or past what is struck out', () => {
  const awkward = fc.string({ unit: fc.constantFrom('@', ':', '/', '?', '#', '.', '%', 'a', '1', ' ', '[', ']') });
  fc.assert(
    fc.property(awkward, awkward, (before, after) => {
      const password = `${before}Core${after}`;
      // With a second IP address behind an "@" nobody can tell which one is the camera's: that is refused, as the table above says.
      fc.pre(!/@(?:\d+\.\d+\.\d+\.\d+|\[[^\]]*:[^\]]*:[^\]]*\])/.test(password));
      const { host, href } = parseCameraUrl(`rtsp://user:${password}@10.0.0.7:554/stream1`);
      expect(host).toBe('10.0.0.7');
      expect(redact(href)).toBe('rtsp://***@10.0.0.7:554/stream1');
    }),
  );
});

test('no URL adds a line to the text, and its quotes hold', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }), (password, path) => {
      let url: ReturnType<typeof parseCameraUrl>;
      try {
        url = parseCameraUrl(`rtsp://user:${password}@camera.lan/${path}`);
      } catch (error) {
        expect(error).toBeInstanceOf(CameraUrlError);
        return;
      }
      const lines = recordingCommand(spec, url, null).ffconcat.split('\n');
      expect(lines).toHaveLength(5);
      expect(lines[1]).toMatch(/^file '[^'\s\\]*'$/);
    }),
  );
});
