import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it, onTestFinished } from 'vitest';
import { loadConfig } from '../../src/config/load-config.js';
import { preflight } from '../../src/config/preflight.js';

const dir = mkdtempSync(join(tmpdir(), 'preflight-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const FREE = { METRICS_PORT: '0', CAMERA1_RTSP_URL: 'rtsp://a/b' };

async function report(env: Readonly<Record<string, string>>) {
  return preflight(loadConfig({ env, cwd: dir }), env);
}

it('nothing is wrong with a directory that can be made, and nothing is made', async () => {
  const before = readdirSync(dir);
  expect((await report({ ...FREE, TEMP_DIR: 'not/yet' })).mistakes).toEqual([]);
  expect(readdirSync(dir)).toEqual(before);
});

it.each(['/proc/nope/spool', '/proc'])('%s takes no folder, although root may write there', async (TEMP_DIR) => {
  const { mistakes } = await report({ ...FREE, TEMP_DIR });
  expect(mistakes.map(({ setting, problem }) => `${setting}: ${problem}`)).toEqual([
    'TEMP_DIR: /proc cannot be written.',
  ]);
});

it('every mistake of the machine is told at once', async () => {
  writeFileSync(join(dir, 'file'), '');
  mkdirSync(join(dir, 'secrets'), { recursive: true });
  writeFileSync(join(dir, 'camera.toml'), '[[cameras]]\nid = "front"\n');
  const port = await takePort();
  const env = {
    TEMP_DIR: 'file/spool',
    CAMERA_SECRETS_DIR: 'secrets',
    CAMERA_RECORDER_CONFIG: 'camera.toml',
    METRICS_PORT: String(port),
    TEMPORAL_ADDRESS: 'localhost:7233',
    TEMPORAL_TLS_CLIENT_CERT_PATH: join(dir, 'no-cert'),
  };
  const { mistakes } = await report(env);
  expect(mistakes.map(({ setting, problem }) => `${setting}: ${problem}`.replaceAll(dir, '%'))).toEqual([
    'TEMP_DIR: %/file is a file, not a directory.',
    'camera "front": no URL for secret "front": no such file in CAMERA_SECRETS_DIR.',
    'TEMPORAL_TLS_CLIENT_CERT_PATH: %/no-cert cannot be read.',
    `METRICS_PORT: port ${port} is taken by another program.`,
  ]);
});

it('a process that only serves workflows needs neither spool nor secrets', async () => {
  writeFileSync(join(dir, 'file'), '');
  const env = { METRICS_PORT: '0', TEMP_DIR: 'file', CAMERA_SECRETS_DIR: 'absent' };
  expect(await preflight(loadConfig({ env, cwd: dir }), env, false)).toEqual({ mistakes: [], warnings: [] });
});

it.each([
  ['absent', '%/absent does not exist.'],
  ['file', '%/file is a file, not a directory.'],
])('CAMERA_SECRETS_DIR %s is a mistake', async (name, problem) => {
  writeFileSync(join(dir, 'file'), '');
  const { mistakes } = await report({ METRICS_PORT: '0', TEMP_DIR: 'spool', CAMERA_SECRETS_DIR: name });
  expect(mistakes.map((mistake) => mistake.problem.replaceAll(dir, '%'))).toEqual([problem]);
});

it('an address that is not ours is a mistake of METRICS_HOST', async () => {
  const { mistakes } = await report({ ...FREE, TEMP_DIR: 'spool', METRICS_HOST: '192.0.2.1' });
  expect(mistakes).toEqual([
    { setting: 'METRICS_HOST', problem: '192.0.2.1 is not an address of this machine.', allowed: null },
  ]);
});

it.each([
  ['/tmp/camera-recordings', /under \/tmp|tmpfs/],
  ['/dev/shm/spool', /tmpfs/],
  ['/var/lib/camera-recorder', /^$/],
])('a spool at %s is allowed, with the warning %s', async (spool, warning) => {
  const { mistakes, warnings } = await report({ ...FREE, TEMP_DIR: spool });
  expect(mistakes).toEqual([]);
  expect(warnings.join()).toMatch(warning);
});

async function takePort(): Promise<number> {
  const server = createServer();
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
