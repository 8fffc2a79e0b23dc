import { execFile } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { statusView } from '../../src/http/status-view.js';
import { statusInput } from '../http/status-inputs.js';
import { tempDir } from '../support/temp-dir.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built program with nothing of the caller's environment. */
async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}, cwd?: string): Promise<Ended> {
  const dir = cwd ?? (await tempDir('cli'));
  return new Promise((resolve) => {
    const options = { cwd: dir, env: { PATH: process.env['PATH'], TZ: 'UTC', ...env }, timeout: 20_000 };
    const child = execFile(process.execPath, [MAIN, ...args], options, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr });
    });
  });
}

const GIVEN = {
  S3_ENDPOINT: 'http://127.0.0.1:8333',
  S3_ACCESS_KEY_ID: 'AKID',
  S3_SECRET_ACCESS_KEY: 'HUNTER2',
  TEMPORAL_ADDRESS: '127.0.0.1:7233',
  CAMERA1_RTSP_URL: 'rtsp://u:HUNTER2@127.0.0.1/stream1',
  METRICS_PORT: '0',
};

describe('bad settings', () => {
  const bad = { ...GIVEN, S3_ENDPONT: 'x', METRICS_PORT: '99999', CAMERA1_RTSP_URL: 'http://u:HUNTER2@a' };

  it.each([
    ['check'],
    ['check', '--role', 'all'],
    ['worker'],
    ['worker', '--role', 'workflows'],
    ['start'],
    ['status'],
  ])('%s %s %s: one message that lists all, exit code 78, and nothing is started', async (...args) => {
    const dir = await tempDir('cli');
    const { code, stdout, stderr } = await run(args.filter(Boolean), bad, dir);
    expect([code, stdout]).toEqual([78, '']);
    expect(stderr).toBe(`The configuration has 3 mistakes; nothing was started.
  S3_ENDPONT: is not a setting of ours. Did you mean S3_ENDPOINT?
  CAMERA1_RTSP_URL: is not an RTSP URL. Allowed: an rtsp:// or rtsps:// URL with a host, like rtsp://user:password@192.168.1.97:554/stream1.
  METRICS_PORT: "99999" is not allowed. Allowed: a port, 0 to 65535 (0 takes any free one).
`);
    expect(await readdir(dir)).toEqual([]);
  });

  it('worker without anything names all that is missing', async () => {
    const { code, stderr } = await run(['worker']);
    expect(code).toBe(78);
    for (const name of [
      'S3_ENDPOINT',
      'S3_ACCESS_KEY_ID',
      'S3_SECRET_ACCESS_KEY',
      'TEMPORAL_ADDRESS',
      'CAMERA1_RTSP_URL',
    ]) {
      expect(stderr).toContain(`  ${name}: is missing`);
    }
  });

  it('what the machine says is told in the same way', async () => {
    const dir = await tempDir('cli');
    await writeFile(join(dir, 'file'), '');
    const taken = createServer();
    onTestFinished(() => void taken.close());
    const port = await listen(taken);
    const env = { ...GIVEN, TEMP_DIR: 'file', CAMERA_SECRETS_DIR: 'file', METRICS_PORT: String(port) };
    const { code, stderr } = await run(['worker'], env, dir);
    expect(code).toBe(78);
    expect(stderr.split('\n').map((line) => line.split(':')[0]?.trim())).toEqual([
      'The configuration has 3 mistakes; nothing was started.',
      'TEMP_DIR',
      'CAMERA_SECRETS_DIR',
      'METRICS_PORT',
      '',
    ]);
    expect(await readdir(dir)).toEqual(['file']);
  });
});

it('a port that was asked for and is taken is a mistake', async () => {
  const taken = createServer();
  onTestFinished(() => void taken.close());
  await new Promise<void>((resolve) => void taken.listen(0, '127.0.0.1', resolve));
  const address = taken.address();
  const port = typeof address === 'object' && address !== null ? String(address.port) : '';
  const { code, stderr } = await run(['check', '--quiet'], { METRICS_PORT: port });
  expect(code).toBe(78);
  expect(stderr).toContain(`METRICS_PORT: port ${port} is taken by another program.`);
});

describe('recorder-lost', () => {
  it.each([
    ['an id that is none', ['Bad_Id'], GIVEN, 1, /^"Bad_Id" is not a recorder id: allowed is /],
    ['no id', [], GIVEN, 1, /missing required argument 'recorder-id'[^]*Refused while the recorder is alive/],
    ['no settings', ['vm-1'], {}, 78, /^The configuration has 4 mistakes[^]* {2}TEMPORAL_ADDRESS: is missing/],
    [
      'a Temporal that is not there',
      ['vm-1'],
      { ...GIVEN, TEMPORAL_ADDRESS: '127.0.0.1:9' },
      1,
      /^Temporal does not answer: connection refused\. Nothing was declared\.$/m,
    ],
  ])('with %s says what is wrong', async (...row) => {
    const [, args, env, exitCode, words] = row;
    const { code, stdout, stderr } = await run(['recorder-lost', ...args], env);
    expect([code, stdout]).toEqual([exitCode, '']);
    expect(stderr).toMatch(words);
    expect(stderr).not.toContain('HUNTER2');
  });
});

describe('an FFmpeg that cannot record', () => {
  it.each([
    ['absent', 'there is no such program'],
    [process.execPath, ''],
  ])('is told before anything starts: %s', async (path, why) => {
    const dir = await tempDir('cli');
    const { code, stderr } = await run(['worker'], { ...GIVEN, FFMPEG_PATH: path }, dir);
    expect(code).toBe(78);
    expect(stderr).toMatch(/^The configuration has a mistake; nothing was started\.\n {2}FFMPEG_PATH: /);
    expect(stderr).toContain(why);
    expect(await readdir(dir)).toEqual([]);
  });
});

describe('check', () => {
  it('says what would run, and no secret', async () => {
    const dir = await tempDir('cli');
    await mkdir(join(dir, 'spool'));
    const { code, stdout } = await run(['check', '--role', 'all'], { ...GIVEN, TEMP_DIR: 'spool' }, dir);
    expect(code).toBe(0);
    expect(stdout).toContain('  store     http://127.0.0.1:8333, bucket camera-recordings\n');
    expect(stdout).toContain('  camera    camera-1: 900 s segments, audio aac\n');
    expect(stdout).not.toContain('HUNTER2');
  });

  it('takes the file that --config names, before or after the verb', async () => {
    const dir = await tempDir('cli');
    await writeFile(join(dir, 'mine.toml'), 'temp_dir = "elsewhere"\nmetrics_port = 0\n');
    for (const args of [
      ['--config', 'mine.toml', 'check', '--json'],
      ['check', '--json', '--config', 'mine.toml'],
    ]) {
      const { stdout } = await run(args, {}, dir);
      expect(JSON.parse(stdout)).toMatchObject({ spoolDir: join(dir, 'elsewhere'), temporal: 'embedded' });
    }
  });

  it('without a role names the spool of a bare start', async () => {
    const dir = await tempDir('cli');
    const { stdout } = await run(['check', '--json'], { METRICS_PORT: '0' }, dir);
    expect(JSON.parse(stdout)).toMatchObject({ spoolDir: join(dir, '.data', 'spool') });
    expect(await readdir(dir)).toEqual([]);
  });

  it('--quiet says nothing when all is well', async () => {
    expect(await run(['check', '--quiet'], { METRICS_PORT: '0' })).toEqual({ code: 0, stdout: '', stderr: '' });
  });
});

describe('status', () => {
  it('prints the words of the page, as text or JSON', async () => {
    const view = statusView(statusInput());
    const page = createServer((_request, response) => response.end(JSON.stringify(view)));
    onTestFinished(() => void page.close());
    const env = { METRICS_PORT: String(await listen(page)) };
    expect((await run(['status'], env)).stdout).toContain('recording since 14:03:12, segment seals at 14:15:00');
    expect(JSON.parse((await run(['status', '--json'], env)).stdout)).toEqual(view);
  });

  it('says so when nothing answers, or something else', async () => {
    const other = createServer((_request, response) => response.end('{}'));
    onTestFinished(() => void other.close());
    const { code, stderr } = await run(['status', '--url', `http://127.0.0.1:${await listen(other)}`]);
    expect(code).toBe(1);
    expect(stderr).toContain('(not a camera recorder)');
    expect((await run(['status', '--url', 'http://127.0.0.1:1'])).stderr).toMatch(
      /^No recorder answers at http:\/\/127.0.0.1:1 \(/,
    );
  });
});

it('--version prints the version of the package, and an unknown verb or option is refused', async () => {
  expect((await run(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect((await run(['strat'])).stderr).toContain("unknown command 'strat'");
  expect((await run(['worker', '--role', 'boss'])).code).toBe(1);
});

async function listen(server: ReturnType<typeof createServer>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
