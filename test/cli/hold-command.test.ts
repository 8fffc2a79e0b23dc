/** Holds, as an operator places them with the built program, and retention, on a real SeaweedFS. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { PutBucketLifecycleConfigurationCommand } from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { keepDayRecord } from '../../src/activities/day-records.js';
import { expireCamera } from '../../src/activities/expire-camera.js';
import { parseCameraId, parseObjectKey } from '../../src/domain/ids.js';
import { DAY_MS, parseUtcDay } from '../../src/domain/utc-day.js';
import { createLogger } from '../../src/log.js';
import type { ObjectStore } from '../../src/object-store/object-store.js';
import { createS3Store } from '../../src/object-store/s3.js';
import { createS3Client } from '../../src/object-store/s3-client.js';
import { readDayRecord } from '../../src/playback/day-records.js';
import { at, store as put, wholeDay } from '../playback/story.js';
import { afterFile } from '../support/after-file.js';
import { tempDir } from '../support/temp-dir.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const BUCKET = `holds-${randomBytes(4).toString('hex')}`;
const camera = parseCameraId('camera-1');
const soon = (): AbortSignal => AbortSignal.timeout(20_000);

let bucket: ObjectStore;

beforeAll(async () => {
  bucket = createS3Store({ ...inject('s3'), bucket: BUCKET, region: 'us-east-1' });
  afterFile(async () => bucket.close());
  await bucket.ensureBucket(soon());
  await put(bucket, wholeDay(camera, at('2025-12-14T00:00:00Z'), 60));
  await keepDayRecord(bucket, { camera, day: parseUtcDay('20251214'), nowMs: Date.now() }, soon());
});

async function run(...args: readonly string[]) {
  const { endpoint, accessKeyId, secretAccessKey } = inject('s3');
  const keys = { S3_ENDPOINT: endpoint, S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey };
  const env = { PATH: process.env['PATH'], ...keys, S3_BUCKET: BUCKET, SITE_TIMEZONE: 'Europe/Berlin' };
  const options = { cwd: await tempDir('holds'), env, timeout: 20_000 };
  return await new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    const child = execFile(process.execPath, [MAIN, ...args], options, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr });
    });
  });
}

/** What was stored just now looks forty days old to it. */
async function expire() {
  const later = (ms: number): number => ms + 40 * DAY_MS;
  const store = new Proxy(bucket, {
    get: (target, name) => {
      if (name === 'timeMs') return async (signal: AbortSignal) => later(await target.timeMs(signal));
      const found: unknown = Reflect.get(target, name, target);
      return typeof found === 'function' ? found.bind(target) : found;
    },
  });
  const deps = {
    store,
    clock: { wallMs: () => later(Date.now()) },
    log: createLogger({ level: 'silent', name: 'test' }),
    onDay: () => undefined,
  };
  return await expireCamera(deps, { camera, policy: { maxAgeMs: DAY_MS, maxBytes: null }, mode: 'delete' }, soon());
}

describe('a hold', () => {
  it('beats every deletion until it is released, and then nothing of it is left', { timeout: 60_000 }, async () => {
    expect(await run('holds')).toMatchObject({ code: 1, stdout: '', stderr: 'Nothing is held.\n' });
    const placed = await run('hold', camera, '2025-12-14T05:30', '2025-12-14T07:10', '--reason', 'the shed, report 12');
    expect(placed).toMatchObject({ code: 0, stderr: '' });
    const [line, there] = placed.stdout.split('\n');
    expect(line).toMatch(/^camera-1_\d{8}T\d{6}Z-[0-9a-f]{4}: camera-1, 2025-12-14 05:30:00 to 2025-12-14 07:10:00/);
    expect(line).toContain('(Europe/Berlin), held: the shed, report 12');
    expect(there).toBe('01:40:00 of recordings are held.');
    const id = line?.split(':')[0] ?? '';

    // Berlin is an hour ahead: the hours from 4 to 7 of UTC are touched.
    expect(await expire()).toMatchObject({ expiredObjects: 21, heldObjects: 3, storedObjects: 3, problems: [] });
    const told = await run('coverage', camera, '2025-12-14', '--utc', '--check');
    expect(told.code).toBe(0);
    expect(told.stdout).toContain(
      '00:00:00  04:00:00  04:00:00  expired: The footage was deleted by the retention rule.',
    );
    expect(told.stdout).toContain('04:00:00  07:00:00  03:00:00  recorded, 3 segments');
    const found = await readDayRecord(bucket, camera, parseUtcDay('20251214'), soon());
    expect(found).toMatchObject({ record: { holds: [{ id, reason: 'the shed, report 12', releasedAtMs: null }] } });

    expect((await run('holds', camera, '--utc')).stdout).toContain(
      '2025-12-14 04:30:00 to 2025-12-14 06:10:00 (UTC), held',
    );
    const released = await run('release', id);
    expect(released).toMatchObject({ code: 0, stdout: expect.stringContaining(', released ') });
    expect(await expire()).toMatchObject({ expiredObjects: 3, heldObjects: 0, storedObjects: 0 });
    expect(await run('holds', camera)).toMatchObject({ code: 1, stdout: expect.stringContaining(id) });
    const late = await run('hold', camera, '2025-12-14T05:30', '2025-12-14T07:10', '--reason', 'too late');
    expect(late.stdout).toContain(
      'Nothing of it is in the bucket now; what comes is held. 01:40:00 of it had expired before',
    );
  });

  it('is in the report of all cameras', async () => {
    await put(bucket, wholeDay(parseCameraId('yard'), at('2025-12-14T00:00:00Z'), 60).slice(0, 12));
    await bucket.putSmall(parseObjectKey('photos/holiday.jpg'), new Uint8Array(5), {}, soon());
    const told = await run('report', '2025-12-14', '--utc');
    expect(told).toMatchObject({ code: 1, stderr: '' });
    expect(told.stdout.split('\n').slice(0, 5)).toEqual([
      'camera    recorded   expired  missing  unexplained  why',
      'camera-1       0 s  24:00:00      0 s          0 s',
      'yard      12:00:00       0 s      0 s     12:00:00',
      '',
      expect.stringMatching(/^2 cameras, read in \d/),
    ]);
    const json = await run('report', '2025-12-14T00:00..2025-12-14T12:00', '--utc', '--json');
    expect(json.code).toBe(0);
    expect(JSON.parse(json.stdout).cameras.map((one: { readonly isComplete: boolean }) => one.isComplete)).toEqual([
      true,
      true,
    ]);
  });

  it('warns of a bucket that deletes by a rule of its own', async () => {
    const client = createS3Client({ ...inject('s3'), bucket: BUCKET, region: 'us-east-1' });
    const rule = { ID: 'old', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 30 } } as const;
    await client.send(
      new PutBucketLifecycleConfigurationCommand({ Bucket: BUCKET, LifecycleConfiguration: { Rules: [rule] } }),
    );
    client.destroy();
    const { code, stderr } = await run('hold', camera, '2025-12-20', '2025-12-21', '--reason', 'to come');
    expect([code, stderr]).toEqual([
      0,
      'Warning: the bucket has a lifecycle rule that does not know of holds: old: deletes everything after 30 days.\n',
    ]);
  });

  it('is refused without a reason, for a time that is none, and for what is no hold', async () => {
    const told = async (...args: readonly string[]) => (await run(...args)).stderr;
    expect(await told('hold', camera, '2025-12-14', '2025-12-15', '--reason', ' ')).toContain('--reason: say why');
    expect(await told('hold', camera, '2025-12-15', '2025-12-14', '--reason', 'x')).toContain(
      'is neither a day nor a range',
    );
    expect(await told('release', 'camera-1_20251214T000000Z-0000')).toContain(
      'There is no hold camera-1_20251214T000000Z',
    );
  });
});
