import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { createSecretResolver } from '../../src/config/secrets.js';

const dir = mkdtempSync(join(tmpdir(), 'secrets-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it('a file wins over the variable, and a changed file counts at the next call', async () => {
  const secrets = createSecretResolver({ env: { CAMERA1_RTSP_URL: 'rtsp://env/1' }, secretsDir: dir });
  expect(await secrets.resolve('camera-1')).toBe('rtsp://env/1');
  writeFileSync(join(dir, 'camera-1'), 'rtsp://u:p@file/1\n');
  expect(await secrets.resolve('camera-1')).toBe('rtsp://u:p@file/1');
  writeFileSync(join(dir, 'camera-1'), 'rtsps://u:q@file/2');
  expect(await secrets.resolve('camera-1')).toBe('rtsps://u:q@file/2');
});

it('a _FILE variable is read anew too', async () => {
  const path = join(dir, 'pointed-at');
  const secrets = createSecretResolver({ env: { CAMERA4_RTSP_URL_FILE: path }, secretsDir: null });
  writeFileSync(path, 'rtsp://a/1');
  expect(await secrets.resolve('camera-4')).toBe('rtsp://a/1');
  writeFileSync(path, 'rtsp://a/2');
  expect(await secrets.resolve('camera-4')).toBe('rtsp://a/2');
});

it.each([
  'rtsp://u:p@ss@10.0.0.1/a',
  'rtsp://u:a#b/c@10.0.0.1:554/stream1',
  'rtsp://u:12345/p@10.0.0.1',
  'rtsp://[fe80::1]:554/x',
  'RTSP://cam/x',
])('a URL that cameras really have is taken: %s', async (url) => {
  const secrets = createSecretResolver({ env: { CAMERA1_RTSP_URL: url }, secretsDir: null });
  expect(await secrets.resolve('camera-1')).toBe(url);
});

it.each([
  ['camera-2', null, 'no URL for secret "camera-2": CAMERA_SECRETS_DIR is not set, and CAMERA2_RTSP_URL is not set'],
  ['front', null, 'no URL for secret "front": CAMERA_SECRETS_DIR is not set'],
  ['front', dir, 'no URL for secret "front": no such file in CAMERA_SECRETS_DIR'],
  ['bad', dir, 'no URL for secret "bad": what is there is not an RTSP URL'],
  ['unclear', dir, 'no URL for secret "unclear": what is there can be read in several ways: percent-encode it'],
  ['loop', dir, 'no URL for secret "loop": its file in CAMERA_SECRETS_DIR cannot be read (ELOOP)'],
  ['../etc/passwd', dir, 'no URL: the name of a secret must be a name of letters, digits, "_", "." and "-"'],
  ['u:hunter2@cam', dir, 'no URL: the name of a secret must be a name of letters, digits, "_", "." and "-"'],
])('secret %s in %s is refused in words, without its value', async (name, secretsDir, message) => {
  writeFileSync(join(dir, 'bad'), 'hunter2');
  writeFileSync(join(dir, 'unclear'), 'rtsp://user:hunter2@b/c@cam');
  rmSync(join(dir, 'loop'), { force: true });
  symlinkSync(join(dir, 'loop'), join(dir, 'loop'));
  const secrets = createSecretResolver({ env: {}, secretsDir });
  await expect(secrets.resolve(name)).rejects.toMatchObject({ message, code: 'no-secret' });
});
