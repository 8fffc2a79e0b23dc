import { expect, it } from 'vitest';
import { hasUserinfo, readUrl } from '../../src/domain/url-reading.js';

it.each([
  ['rtsp://cam/s', null],
  ['rtsp://user@cam', 'user'],
  ['rtsp://user:p@ss@cam/s', 'user:p@ss'],
  ['rtsp://user:p#a?b/c@cam:554/s?x=1', 'user:p#a?b/c'],
  ['rtsp://user:1/2@10.0.0.7', 'user:1/2'],
  ['rtsp://10.0.0.7:554/a@b', null],
  ['http://user:pass@[::1]:8333/', 'user:pass'],
])('the userinfo of %s is %s', (url, userinfo) => {
  expect(readUrl(url)).toMatchObject({ kind: 'read', userinfo });
});

it.each([
  ['rtsp://user:a@b/c@cam', 'unclear'],
  ['rtsp://user:554/c@cam', 'unclear'],
  ['rtsp://user:a@10.0.0.6/c@10.0.0.7', 'unclear'],
  ['rtsp://cam:port', 'invalid'],
  ['rtsp://cam:65536', 'invalid'],
  ['rtsp://user:pass@', 'invalid'],
  ['user:pass@cam', 'invalid'],
])('%s is %s', (url, kind) => {
  expect(readUrl(url)).toEqual({ kind });
});

it.each([
  ['rtsp://cam/s', false],
  ['rtsp://cam/a@b', false],
  ['rtsp://cam/s?mail=a@b', false],
  ['rtsp://user:p%40@cam:554/s', true],
  ['rtsp://user@cam', true],
  ['rtsp://user:12345/pass@10.0.0.7', true],
  ['rtsp://user:12345/pass@cam', true],
  ['rtsp://user:pass@', true],
  ['user:pass@cam', true],
])('whether %s may carry a password: %s', (url, expected) => {
  expect(hasUserinfo(url)).toBe(expected);
});
