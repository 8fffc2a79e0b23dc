import { expect, test } from 'vitest';
import { hasRoute } from '../../src/recorder/camera-route.js';

test.each([
  ['an address of this machine, and a password with everything in it', 'rtsp://admin:a@b/c#d?e@127.0.0.1:1/stream1'],
  ['an IPv6 address of this machine', 'rtsps://[::1]/stream1'],
  ['a name that nobody knows now', 'rtsp://camera.invalid/stream1'],
  ['a URL that is none', 'http://127.0.0.1/'],
])('%s is no reason to decline', async (_, url) => {
  expect(await hasRoute(url)).toBe(true);
});

test('an address that the kernel refuses to send to has no route', async () => {
  expect(await hasRoute('rtsp://admin:hunter2@255.255.255.255/stream1')).toBe(false);
});
