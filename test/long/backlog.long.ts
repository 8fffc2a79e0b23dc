/**
 * A backlog of 96 segments of three cameras, sent by the built program (`drain`) through a proxy, beside `curl` with the same number of
 * uploads at once through the same proxy, in turn. Prints the figures.
 */
import { execFile, spawn } from 'node:child_process';
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import { expect, inject, it, onTestFinished } from 'vitest';
import { crc32Hex } from '../../src/domain/crc32.js';
import { parseCameraId } from '../../src/domain/ids.js';
import { createLogger } from '../../src/log.js';
import { createS3Store } from '../../src/object-store/s3.js';
import { openRecordingPathOf } from '../../src/spool/layout.js';
import { openSpool } from '../../src/spool/open-spool.js';
import { bytesOf } from '../object-store/byte-source.js';
import { startFaultProxy } from '../object-store/fault-proxy.js';
import { sealedSegment } from '../support/memory-spool.js';
import { tempDirUntil } from '../support/temp-dir.js';
import { toolPath } from '../support/tools.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const CAMERAS = ['camera-1', 'camera-2', 'camera-3'].map(parseCameraId);
const SEGMENTS_EACH = 32;
/** Two parts. */
const SEGMENT_BYTES = 12 * 1024 * 1024;
const AT_ONCE = 4;
const RUNS = 3;
const START_MS = Date.UTC(2025, 11, 14);
const SEGMENT_MS = 900_000;

it('drains as fast as curl sends, oldest first, the cameras in turn', async () => {
  const { endpoint, accessKeyId, secretAccessKey } = inject('s3');
  const proxy = await startFaultProxy(endpoint);
  onTestFinished(async () => await proxy.close());
  const bucket = `backlog-${randomBytes(4).toString('hex')}`;
  const place = { endpoint: proxy.endpoint, bucket, region: 'us-east-1', accessKeyId, secretAccessKey };
  const store = createS3Store(place);
  onTestFinished(() => store.close());
  await store.ensureBucket(AbortSignal.timeout(20_000));
  const bytes = bytesOf(SEGMENT_BYTES);
  const [ours, curls]: [number[], number[]] = [[], []];
  for (let run = 0; run < RUNS; run += 1) {
    const seen = proxy.requests.length;
    ours.push(await drained(await spoolOf(bytes, run), place));
    expectOrder(begunIn(proxy.requests.slice(seen), bucket));
    curls.push(await sentByCurl(bytes, `run-${run}`, place));
  }
  const ratio = median(ours) / median(curls);
  const words = (rates: readonly number[]): string => rates.map((rate) => (rate / 1e6).toFixed(0)).join(' ');
  process.stdout.write(`drain ${words(ours)} MB/s, curl ${words(curls)} MB/s, ratio ${ratio.toFixed(2)}\n`);
  expect(ratio).toBeGreaterThanOrEqual(0.9);
});

/** Keys in the order of the first request about each. */
function begunIn(requests: readonly string[], bucket: string): readonly string[] {
  const keys = requests.flatMap((line) => new RegExp(`^\\S+ /${bucket}/(camera-[^? ]+)`).exec(line)?.[1] ?? []);
  return [...new Set(keys)];
}

/** Up to the few that begin in the same moment. */
function expectOrder(begun: readonly string[]): void {
  expect(begun).toHaveLength(CAMERAS.length * SEGMENTS_EACH);
  for (const camera of CAMERAS) {
    const keys = begun.filter((key) => key.startsWith(`${camera}/`));
    const places = [...keys].sort().map((key) => keys.indexOf(key));
    for (const [at, place] of places.entries()) expect(Math.abs(place - at)).toBeLessThan(AT_ONCE);
    const early = begun.slice(0, begun.length / 2).filter((key) => key.startsWith(`${camera}/`));
    // A camera of which one takes long is not given another slot meanwhile.
    expect(early.length).toBeGreaterThan(SEGMENTS_EACH / 4);
  }
}

interface Place {
  readonly endpoint: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

async function spoolOf(bytes: Uint8Array, run: number): Promise<string> {
  const dir = await tempDirUntil(onTestFinished, 'backlog');
  const spool = await openSpool(dir, { log: createLogger({ level: 'silent', name: 'test' }) });
  const digest = { crc32Hex: crc32Hex(crc32(bytes)), sha256Hex: createHash('sha256').update(bytes).digest('hex') };
  for (const camera of CAMERAS) {
    for (let index = 0; index < SEGMENTS_EACH; index += 1) {
      const fromMs = START_MS + run * 86_400_000 + index * SEGMENT_MS;
      const usual = sealedSegment(camera, spool.recorder, index, fromMs);
      const sizes = { sizeBytes: bytes.length, completeBytes: bytes.length };
      const recording = { ...usual.recording, ...sizes, offsetBytes: 0, sha256Hex: digest.sha256Hex };
      const { crc32Hex: whole } = digest;
      const segment = {
        ...usual,
        sizeBytes: bytes.length,
        crc32Hex: whole,
        container: 'as-recorded' as const,
        recording,
      };
      const recordingPath = openRecordingPathOf(spool.layout, segment.id);
      await mkdir(dirname(recordingPath), { recursive: true });
      await writeFile(recordingPath, bytes);
      await spool.seal({ segment, header: null, recordingPath });
      await rmdir(dirname(recordingPath));
    }
  }
  return dir;
}

/** From the first line it says, so without its start. */
async function drained(spoolDir: string, place: Place): Promise<number> {
  const env = {
    PATH: `${dirname(toolPath('ffmpeg'))}:${process.env['PATH']}`,
    S3_ENDPOINT: place.endpoint,
    S3_BUCKET: place.bucket,
    S3_ACCESS_KEY_ID: place.accessKeyId,
    S3_SECRET_ACCESS_KEY: place.secretAccessKey,
    MAX_CONCURRENT_UPLOADS: String(AT_ONCE),
  };
  const program = spawn(process.execPath, [MAIN, 'drain', spoolDir], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(program, 'exit');
  let stored = 0;
  let [beganAtMs, endedAtMs] = [0, 0];
  for await (const line of createInterface({ input: program.stdout })) {
    if (line.startsWith('To be sent')) beganAtMs = performance.now();
    if (!/^\S+ is stored/.test(line)) continue;
    stored += 1;
    endedAtMs = performance.now();
  }
  expect(await exited).toEqual([0, null]);
  return (stored * SEGMENT_BYTES * 1_000) / (endedAtMs - beganAtMs);
}

/** One process for all, which keeps its connections. */
async function sentByCurl(bytes: Uint8Array, prefix: string, place: Place): Promise<number> {
  const dir = await tempDirUntil(onTestFinished, 'curl');
  const count = CAMERAS.length * SEGMENTS_EACH;
  const config: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const path = join(dir, `${index}.bin`);
    await writeFile(path, bytes);
    config.push(`upload-file = "${path}"`, `url = "${presigned(`/${place.bucket}/${prefix}/${index}.bin`, place)}"`);
  }
  await writeFile(join(dir, 'all'), config.join('\n'));
  const argv = ['-sS', '--fail', '--parallel', '--parallel-max', String(AT_ONCE), '-H', 'Expect:'];
  const beganAtMs = performance.now();
  await promisify(execFile)('curl', [...argv, '--config', join(dir, 'all')], { timeout: 300_000 });
  return (count * bytes.length * 1_000) / (performance.now() - beganAtMs);
}

/** A PUT that needs no header but `host`, by signature version 4. */
function presigned(path: string, { endpoint, accessKeyId, secretAccessKey }: Place): string {
  const stamp = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '');
  const scope = `${stamp.slice(0, 8)}/us-east-1/s3/aws4_request`;
  const query = new URLSearchParams({
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${accessKeyId}/${scope}`,
    'X-Amz-Date': stamp,
    'X-Amz-Expires': '3600',
    'X-Amz-SignedHeaders': 'host',
  }).toString();
  const { host } = new URL(endpoint);
  const request = ['PUT', path, query, `host:${host}\n`, 'host', 'UNSIGNED-PAYLOAD'].join('\n');
  const digest = createHash('sha256').update(request).digest('hex');
  const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
  const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
  const signature = hmac(key, ['AWS4-HMAC-SHA256', stamp, scope, digest].join('\n')).toString('hex');
  return `${endpoint}${path}?${query}&X-Amz-Signature=${signature}`;
}

function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}
