import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readConfig } from '../../src/config/load-config.js';

const cwd = mkdtempSync(join(tmpdir(), 'not-repeated-'));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

it.each([
  ['S3_ENDPOINT', { S3_ENDPOINT: 'user:hunter2@localhost:8333' }, ''],
  ['TEMPORAL_ADDRESS', { TEMPORAL_ADDRESS: 'user:hunter2@localhost:7233' }, ''],
  ['METRICS_PORT', { METRICS_PORT: 'hunter2@host' }, ''],
  ['CAMERA1_RTSP_URL_FILE', { CAMERA1_RTSP_URL_FILE: 'rtsp://user:hunter2@localhost/s' }, ''],
  ['S3_SECRET_ACCESS_KEY_FILE', { S3_SECRET_ACCESS_KEY_FILE: 'hunter2' }, ''],
  ['cameras[0].url', {}, '[[cameras]]\nid = "a"\nurl = "user:hunter2@192.168.1.20/stream1"'],
  ['cameras[0].url', {}, '[[cameras]]\nid = "a"\nurl = "http://192.168.1.20/?password=hunter2"'],
  ['cameras[0].secret', {}, '[[cameras]]\nid = "camera-1"\nsecret = "hunter2!"'],
  ['cameras[0].audio', {}, '[[cameras]]\nid = "a"\nurl = "rtsp://a/b"\naudio = "hunter2@x"'],
])('a value that may hold a password is not repeated: %s of %j and %j', (setting, env, toml) => {
  writeFileSync(join(cwd, 'config.toml'), toml);
  const { mistakes } = readConfig({ env, cwd });
  expect(mistakes.map((mistake) => mistake.setting)).toContain(setting);
  expect(JSON.stringify(mistakes)).not.toContain('hunter2');
});
