/** Every kind of bad setting through the real command line: one message that lists them all, exit code 78, and nothing was started. */
import { spawn } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { allProcesses } from '../support/processes.js';
import { tempDir } from '../support/temp-dir.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const BAD_CONFIG = 78;
const PASSWORD = 'Hunter2-Password';
const SECRET_KEY = 'Hunter2-SecretKey';

const RIGHT = {
  S3_ENDPOINT: 'http://127.0.0.1:8333',
  S3_ACCESS_KEY_ID: 'reader',
  S3_SECRET_ACCESS_KEY: SECRET_KEY,
  TEMPORAL_ADDRESS: '127.0.0.1:7233',
  CAMERA1_RTSP_URL: `rtsp://user:${PASSWORD}@127.0.0.1:554/stream1`,
  TEMP_DIR: 'spool',
  METRICS_PORT: '0',
} as const;

type Env = Readonly<Record<string, string | undefined>>;

const VERBS: readonly (readonly [string, readonly string[]])[] = [
  ['worker', ['worker']],
  ['start', ['start']],
  ['check', ['check', '--role', 'all']],
];

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The folder holds a spool with one file in it, which nobody may touch. */
async function settingsDir(): Promise<string> {
  const dir = await tempDir('bad-settings');
  await mkdir(join(dir, 'spool'));
  await writeFile(join(dir, 'spool', 'recorder-id'), 'as it was');
  return dir;
}

/** Runs the program in this folder, so that whatever it left behind can be found by where it works. */
async function run(dir: string, args: readonly string[], env: Env): Promise<Ended> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: dir,
    env: { PATH: process.env['PATH'], TZ: 'UTC', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 20_000,
  });
  const text = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text.stdout += part;
  });
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    text.stderr += part;
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, ...text };
}

async function expectUntouched(dir: string, names: readonly string[]): Promise<void> {
  const left = await allProcesses();
  expect(left.filter(({ cwd }) => cwd === dir || cwd.startsWith(`${dir}/`))).toEqual([]);
  expect((await readdir(dir)).sort()).toEqual([...names, 'spool'].sort());
  expect(await readdir(join(dir, 'spool'))).toEqual(['recorder-id']);
}

const RTSP_URL = 'an rtsp:// or rtsps:// URL with a host, like rtsp://user:password@192.168.1.97:554/stream1';

describe.each(VERBS)('%s', (verb, args) => {
  it.each<readonly [string, Env, string]>([
    [
      'missing',
      { S3_SECRET_ACCESS_KEY: undefined },
      'S3_SECRET_ACCESS_KEY: is missing. Allowed: the key, or S3_SECRET_ACCESS_KEY_FILE with the path of a file that holds it.',
    ],
    ['misspelt', { S3_ENDPONT: 'x' }, 'S3_ENDPONT: is not a setting of ours. Did you mean S3_ENDPOINT?'],
    [
      'out of range',
      { SEGMENT_SECONDS: '7' },
      'SEGMENT_SECONDS: "7" is not allowed. Allowed: whole seconds, 2 to 3600, that divide a day (60, 300, 600, 900, 1800, 3600).',
    ],
    [
      'a file where a directory should be',
      { TEMP_DIR: 'spool/recorder-id' },
      'TEMP_DIR: %/spool/recorder-id is a file, not a directory. Allowed: a directory that can be written, or one that can be made.',
    ],
    [
      'a directory that cannot be made',
      { TEMP_DIR: '/proc/nope' },
      'TEMP_DIR: /proc cannot be written. Allowed: a directory that can be written, or one that can be made.',
    ],
    [
      'no RTSP URL',
      { CAMERA1_RTSP_URL: `http://user:${PASSWORD}@127.0.0.1/` },
      `CAMERA1_RTSP_URL: is not an RTSP URL. Allowed: ${RTSP_URL}.`,
    ],
  ])('%s: says so, ends with 78, starts nothing', async (_name, bad, line) => {
    const dir = await settingsDir();
    const ended = await run(dir, args, { ...RIGHT, ...bad });
    expect(ended.stderr.replaceAll(dir, '%')).toBe(
      `The configuration has a mistake; nothing was started.\n  ${line}\n`,
    );
    expect([ended.code, ended.stdout]).toEqual([BAD_CONFIG, '']);
    await expectUntouched(dir, []);
  });

  it('a port that is taken: says so, ends with 78, starts nothing', async () => {
    const dir = await settingsDir();
    const port = await takenPort();
    const ended = await run(dir, args, { ...RIGHT, METRICS_PORT: String(port) });
    expect(ended.stderr).toBe(
      `The configuration has a mistake; nothing was started.\n  METRICS_PORT: port ${port} is taken by another program. Allowed: a free port (0 takes any).\n`,
    );
    expect(ended.code).toBe(BAD_CONFIG);
    await expectUntouched(dir, []);
  });

  it('two cameras with one id: says so, ends with 78, starts nothing', async () => {
    const dir = await settingsDir();
    await writeFile(join(dir, 'config.toml'), '[[cameras]]\nid = "camera-1"\n[[cameras]]\nid = "camera-1"\n');
    const ended = await run(dir, args, RIGHT);
    expect(ended.stderr).toBe(
      'The configuration has a mistake; nothing was started.\n  cameras[1].id: "camera-1" is given twice. Allowed: an id of its own.\n',
    );
    expect(ended.code).toBe(BAD_CONFIG);
    await expectUntouched(dir, ['config.toml']);
  });

  it('all of them at once: one message, word for word', async () => {
    const dir = await settingsDir();
    await writeFile(
      join(dir, 'config.toml'),
      'segment_second = 60\n[[cameras]]\nid = "camera-1"\n[[cameras]]\nid = "camera-1"\naudio = "loud"\n',
    );
    const port = await takenPort();
    const ended = await run(dir, args, {
      ...RIGHT,
      S3_ENDPONT: 'x',
      S3_ACCESS_KEY_ID: undefined,
      SEGMENT_SECONDS: '7',
      MAX_CONCURRENT_UPLOADS: '0',
      TEMP_DIR: 'spool/recorder-id',
      METRICS_PORT: String(port),
      CAMERA1_RTSP_URL: `http://user:${PASSWORD}@127.0.0.1/`,
    });
    expect(ended.stderr.replaceAll(dir, '%')).toBe(
      [
        'The configuration has 10 mistakes; nothing was started.',
        '  segment_second (in config.toml): is not a setting of ours. Did you mean segment_seconds?',
        '  S3_ENDPONT: is not a setting of ours. Did you mean S3_ENDPOINT?',
        '  SEGMENT_SECONDS: "7" is not allowed. Allowed: whole seconds, 2 to 3600, that divide a day (60, 300, 600, 900, 1800, 3600).',
        `  CAMERA1_RTSP_URL: is not an RTSP URL. Allowed: ${RTSP_URL}.`,
        '  cameras[1].audio: "loud" is not allowed. Allowed: aac, off.',
        '  cameras[1].id: "camera-1" is given twice. Allowed: an id of its own.',
        '  S3_ACCESS_KEY_ID: is missing. Allowed: the key, or S3_ACCESS_KEY_ID_FILE with the path of a file that holds it.',
        '  MAX_CONCURRENT_UPLOADS: "0" is not allowed. Allowed: a whole number, 1 to 64.',
        '  TEMP_DIR: %/spool/recorder-id is a file, not a directory. Allowed: a directory that can be written, or one that can be made.',
        `  METRICS_PORT: port ${port} is taken by another program. Allowed: a free port (0 takes any).`,
        '',
      ].join('\n'),
    );
    expect([verb, ended.code, ended.stdout]).toEqual([verb, BAD_CONFIG, '']);
    expect(ended.stderr).not.toContain(PASSWORD);
    expect(ended.stderr).not.toContain(SECRET_KEY);
    await expectUntouched(dir, ['config.toml']);
  });
});

it.each(VERBS)('%s: a file of Temporal that is not TOML is told without what is in it', async (_verb, args) => {
  const dir = await settingsDir();
  await writeFile(join(dir, 'temporal.toml'), `[profile.default]\naddress = "a:1"\napi_key = "${SECRET_KEY}\n`);
  const ended = await run(dir, args, { ...RIGHT, TEMPORAL_CONFIG_FILE: 'temporal.toml' });
  expect(ended.stderr).toBe(
    'The configuration has a mistake; nothing was started.\n  TEMPORAL_CONFIG_FILE: temporal.toml is not TOML: line 3, column 29.\n',
  );
  expect([ended.code, ended.stdout]).toEqual([BAD_CONFIG, '']);
});

it.each(VERBS)('%s: what is wrong for Temporal is told with all the rest', async (_verb, args) => {
  const dir = await settingsDir();
  const bad = { TEMPORAL_PROFILE: 'nix', TEMPORAL_TLS: 'banana', LOG_LEVEL: 'loud' };
  const ended = await run(dir, args, { ...RIGHT, ...bad });
  expect(ended.stderr).toBe(
    [
      'The configuration has 3 mistakes; nothing was started.',
      '  TEMPORAL_TLS: "banana" is not allowed. Allowed: true, false, 1, 0.',
      '  LOG_LEVEL: "loud" is not allowed. Allowed: trace, debug, info, warn, error, fatal, silent.',
      '  TEMPORAL_PROFILE: needs TEMPORAL_CONFIG_FILE, which says what is in the profile.',
      '',
    ].join('\n'),
  );
});

it('a setting that is wrong on paper is not judged again by what the machine says of its default', async () => {
  const dir = await settingsDir();
  const ended = await run(dir, ['check'], { ...RIGHT, METRICS_PORT: '99999', CAMERA1_RTSP_URL_FILE: 'nowhere' });
  expect(ended.stderr.split('\n').map((line) => line.split(':')[0]?.trim())).toEqual([
    'The configuration has 2 mistakes; nothing was started.',
    'CAMERA1_RTSP_URL',
    'METRICS_PORT',
    '',
  ]);
});

async function takenPort(): Promise<number> {
  const server = createServer();
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
