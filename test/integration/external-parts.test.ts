/** `npm start` on a machine that has everything: a camera, a store and a Temporal of its own. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, expect, inject, it } from 'vitest';
import { createS3Store } from '../../src/object-store/s3.js';
import { loadPicture } from '../../src/simulator/picture.js';
import { createSimulatedCamera } from '../../src/simulator/simulated-camera.js';
import { afterFile } from '../support/after-file.js';
import { freePort } from '../support/ports.js';
import { familyOf, type SeenProcess } from '../support/processes.js';
import { type RecorderProcess, startRecorderProcess } from '../support/recorder-process.js';
import { tempDirUntil } from '../support/temp-dir.js';
import { createNamespace } from '../support/temporal-namespace.js';
import { toolPath } from '../support/tools.js';
import { waitFor } from '../support/wait-for.js';

const CACHE_DIR = fileURLToPath(new URL('../../.cache/', import.meta.url));
const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const OURS = /camera-recorder|dist\/cli\/|ffmpeg/;
const SERVERS = /weed|temporal|simulator/;

const bucket = `external-${randomBytes(4).toString('hex')}`;
const { address } = inject('temporal');
const { endpoint, accessKeyId, secretAccessKey } = inject('s3');
const store = createS3Store({ endpoint, bucket, region: 'us-east-1', accessKeyId, secretAccessKey });
afterFile(async () => store.close());

let cwd: string;
let spoolDir: string;
let program: RecorderProcess;
let family: readonly SeenProcess[];

beforeAll(async () => {
  const picture = await loadPicture('small', { ffmpegPath: toolPath('ffmpeg'), cacheDir: CACHE_DIR });
  const camera = await createSimulatedCamera({ picture, user: 'admin', password: 'hunter2' });
  afterFile(async () => await camera.close());
  [cwd, spoolDir] = await Promise.all([tempDirUntil(afterFile, 'cwd'), tempDirUntil(afterFile, 'spool')]);
  program = startRecorderProcess({
    args: ['start'],
    cwd,
    metricsPort: await freePort(),
    env: {
      CAMERA1_RTSP_URL: camera.url,
      S3_ENDPOINT: endpoint,
      S3_BUCKET: bucket,
      S3_ACCESS_KEY_ID: accessKeyId,
      S3_SECRET_ACCESS_KEY: secretAccessKey,
      TEMPORAL_ADDRESS: address,
      TEMPORAL_NAMESPACE: await createNamespace(address),
      SEGMENT_SECONDS: '5',
      MAX_CONCURRENT_UPLOADS: '2',
      TEMP_DIR: spoolDir,
    },
  });
  afterFile(async () => void (await program.stop()));
});

it('records and stores with what it was given', { timeout: 60_000 }, async () => {
  await waitFor(async () => (await storedKeys()).length >= 2, {
    what: 'two segments in the bucket',
    deadlineMs: 50_000,
    pollMs: 500,
  }).catch((error: unknown) => {
    throw new Error(`${String(error)}; the program said:\n${program.output().slice(-3_000)}`);
  });
  for (const key of await storedKeys()) expect(key).toMatch(/^camera-1\/\d{8}\/\d\d-\d\d-\d\d_camera-1\.mp4$/);
});

it('starts nothing of that itself, and says so', async () => {
  family = await familyOf(program.keeper.pid);
  const commands = family.map(({ command }) => command.replaceAll(process.cwd(), ''));
  expect(commands.filter((command) => command.includes('ffmpeg'))).toHaveLength(1);
  for (const command of commands) {
    expect(command).toMatch(OURS);
    expect(command).not.toMatch(SERVERS);
    expect(command).not.toContain('hunter2');
  }
  expect(await readdir(cwd)).toEqual([]);
  expect(program.output()).toContain(`${endpoint}, bucket ${bucket}\n`);
  expect(program.output()).toContain(address);
  expect(program.output()).not.toContain('(started here)');
  expect(program.output()).not.toContain('(simulated)');
});

it('has slots for MAX_CONCURRENT_UPLOADS, and for those that wait for their turn', async () => {
  await expect.poll(uploadSlots, { timeout: 5_000, interval: 200 }).toBe(2 + 60);
});

it('stops in order on SIGTERM: exit code 0, nothing left running, nothing left open', { timeout: 60_000 }, async () => {
  const stored = (await storedKeys()).length;
  program.keeper.kill('SIGTERM');
  expect(await program.ended).toBe(0);
  const left = await Promise.all(family.map(async ({ pid }) => await familyOf(pid)));
  expect(left.flat()).toEqual([]);
  const open = await readdir(join(spoolDir, 'open'), { recursive: true });
  expect(open.filter((name) => name.endsWith('.mp4'))).toEqual([]);
  const sealed = await readdir(join(spoolDir, 'sealed', 'camera-1'));
  expect(sealed.filter((name) => name.endsWith('.recording.mp4')).length).toBeGreaterThan(stored);
});

it('leaves what it had not sent to drain, which needs neither recorder nor Temporal', { timeout: 30_000 }, async () => {
  const sealedDir = join(spoolDir, 'sealed', 'camera-1');
  const unsent = async (): Promise<number> => {
    const names = await readdir(sealedDir);
    const count = (suffix: string): number => names.filter((name) => name.endsWith(suffix)).length;
    return count('.recording.mp4') - count('.receipt.json');
  };
  expect(await unsent()).toBeGreaterThan(0);
  const keys = { S3_ENDPOINT: endpoint, S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey };
  const env = { PATH: `${dirname(toolPath('ffmpeg'))}:${process.env['PATH']}`, ...keys, S3_BUCKET: bucket };
  const drained = await promisify(execFile)(process.execPath, [MAIN, 'drain', spoolDir], { cwd, env });
  expect(drained.stdout).toMatch(/^To be sent: \d+ segments?, .*\(camera-1 \d+\)\.\n/);
  expect(drained.stdout).toContain('Everything is stored.');
  expect(await unsent()).toBe(0);
});

async function storedKeys(): Promise<readonly string[]> {
  const keys: string[] = [];
  const signal = AbortSignal.timeout(10_000);
  for await (const { key } of store.list('camera-1/', signal)) keys.push(key);
  return keys;
}

/** Those that are free, and those that are taken. */
async function uploadSlots(): Promise<number> {
  const page = (await program.page('/metrics')) ?? '';
  const ofUploads = page.split('\n').filter((line) => /^temporal_worker_task_slots_\w+\{.*"upload@/.test(line));
  const ofActivities = ofUploads.filter((line) => line.includes('"ActivityWorker"'));
  return ofActivities.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}
