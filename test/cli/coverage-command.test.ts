import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { type CameraId, parseCameraId } from '../../src/domain/ids.js';
import { objectKeysOf } from '../../src/domain/object-key.js';
import { createS3Store } from '../../src/object-store/s3.js';
import { at, claim, gapObject, segment, store, storeGap, wholeDay } from '../playback/story.js';
import { tempDir } from '../support/temp-dir.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The built program with the store's settings only: no Temporal, no camera. */
async function coverage(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  cwd?: string,
): Promise<Ended> {
  const { endpoint, bucket, accessKeyId, secretAccessKey } = inject('s3');
  const given = { S3_ENDPOINT: endpoint, S3_BUCKET: bucket, S3_ACCESS_KEY_ID: accessKeyId };
  const all = { ...given, S3_SECRET_ACCESS_KEY: secretAccessKey, SITE_TIMEZONE: 'Europe/Berlin', ...env };
  const options = {
    cwd: cwd ?? (await tempDir('coverage')),
    env: { PATH: process.env['PATH'], ...all },
    timeout: 20_000,
  };
  return await new Promise((resolve) => {
    const child = execFile(process.execPath, [MAIN, 'coverage', ...args], options, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr });
    });
  });
}

const camera = freshCamera();
const holed = freshCamera();

beforeAll(async () => {
  const bucket = createS3Store({ ...inject('s3'), region: 'us-east-1' });
  try {
    const first = wholeDay(camera, at('2025-12-12T23:00:00Z'));
    const missing = (index: number): boolean => index === 30 || index === 50 || index === 51;
    await store(
      bucket,
      first.filter(({ index }) => !missing(index)),
    );
    await store(bucket, [
      // An hour and a half that stalled for 12 s, and half an hour that was paused.
      segment(camera, '2025-12-13T06:15:00Z', '2025-12-13T06:20:00Z'),
      segment(camera, '2025-12-13T06:20:12Z', '2025-12-13T06:30:00Z', [
        claim('camera-stalled', '2025-12-13T06:20:00Z', '2025-12-13T06:20:12Z'),
      ]),
      segment(holed, '10:00', '10:15'),
      segment(holed, '10:30', '10:45'),
    ]);
    for (const [from, to] of [
      ['11:15', '11:30'],
      ['11:30', '11:45'],
    ] as const) {
      const slot = [`2025-12-13T${from}:00Z`, `2025-12-13T${to}:00Z`] as const;
      await storeGap(bucket, gapObject(camera, ...slot, [claim('paused', ...slot)]));
    }
  } finally {
    bucket.close();
  }
});

describe('camera-recorder coverage', () => {
  it('draws and tells a local day, and ends with 0 when every second is explained', async () => {
    const { code, stdout, stderr } = await coverage([camera, '2025-12-13']);
    expect([code, stderr]).toEqual([0, '']);
    const lines = stdout.split('\n');
    expect(lines[0]).toBe(`${camera}, 2025-12-13, Europe/Berlin (UTC+01:00)`);
    expect(lines[1]).toContain(`read from bucket ${inject('s3').bucket} at ${inject('s3').endpoint}`);
    expect(lines.slice(3, 27).map((line) => line.slice(0, 5))).toEqual(
      Array.from({ length: 24 }, (_, hour) => `${String(hour).padStart(2, '0')}:00`),
    );
    expect(lines[3]).toBe(`00:00 ${'▇'.repeat(60)}`);
    expect(lines[10]).toBe(`07:00 ${'▇'.repeat(20)}S${'▇'.repeat(39)}`);
    expect(lines[15]).toBe(`12:00 ${'▇'.repeat(15)}${'P'.repeat(30)}${'▇'.repeat(15)}`);
    expect(lines[28]).toBe('▇ recorded   S camera-stalled   P paused   one mark is 1 min');
    expect(lines).toContain(
      '07:20:00  07:20:12      12 s  camera-stalled: The camera is connected but sends no video.',
    );
    expect(lines).toContain('12:15:00  12:45:00  00:30:00  paused: The camera is paused.');
    expect(stdout).toContain(
      '23:29:48 recorded, 00:30:12 missing: paused 00:30:00, camera-stalled 12 s; 0 s unexplained.\n',
    );
    expect(stdout).toMatch(/95 segments and 2 gap objects, read in \d+\.\d\d s\.\n$/);
  });

  it('ends with 1 when a second is unexplained, and says which', async () => {
    const { code, stdout } = await coverage([holed, '2025-12-14T10:00Z..2025-12-14T10:45Z', '--utc']);
    expect(code).toBe(1);
    expect(stdout).toContain(`${holed}, 2025-12-14, UTC (UTC+00:00)`);
    expect(stdout).toContain('10:15:00  10:30:00  00:15:00  UNEXPLAINED: neither footage nor a reason');
    expect(stdout).toContain('00:30:00 recorded, 0 s missing; 00:15:00 unexplained.');
  });

  it('tells programs the same', async () => {
    const { code, stdout } = await coverage([holed, '2025-12-14', '--json']);
    expect(code).toBe(1);
    const told = JSON.parse(stdout);
    expect(told).toMatchObject({
      schema: 1,
      camera: holed,
      timezone: 'Europe/Berlin',
      isComplete: false,
      range: { fromMs: at('2025-12-13T23:00:00Z'), toMs: at('2025-12-14T23:00:00Z') },
      totals: { footageMs: 1_800_000, gapMs: 0, byCause: [] },
    });
    expect(told.spans.map((span: { readonly kind: string }) => span.kind)).toEqual([
      'footage',
      'unexplained',
      'footage',
      'unexplained',
    ]);
  });

  it('says so when there is nothing of the camera, or when its time has not come', async () => {
    const nobody = freshCamera();
    const none = await coverage([nobody, '2025-12-14']);
    expect([none.code, none.stdout]).toEqual([1, '']);
    expect(none.stderr).toContain(`Nothing of ${nobody} was found within a month`);
    const future = await coverage([nobody, '2925-12-14']);
    expect([future.code, future.stderr]).toEqual([1, '2925-12-14 has not begun yet.\n']);
    const bad = await coverage([nobody, 'tomorrow']);
    expect([bad.code, bad.stderr]).toEqual([1, expect.stringContaining('"tomorrow" is neither a day nor a range')]);
  });

  it('makes the records of closed days, reads a day from its record alone, and tells what somebody deleted', async () => {
    const kept = freshCamera();
    const bucket = createS3Store({ ...inject('s3'), region: 'us-east-1' });
    try {
      const day = wholeDay(kept, at('00:00'), 60);
      await store(bucket, day);
      const nothing = await coverage([kept, '2025-01-01', '--rebuild']);
      expect([nothing.code, nothing.stdout]).toEqual([1, `20250101: nothing of ${kept} is in the bucket.\n`]);
      const made = await coverage([kept, '2025-12-14', '--rebuild']);
      expect([made.code, made.stdout, made.stderr]).toEqual([
        0,
        '20251214: made anew: 24:00:00 recorded, 0 s missing, 0 s unexplained.\n',
        '',
      ]);
      const good = await coverage([kept, '2025-12-14', '--utc', '--check']);
      expect([good.code, good.stderr]).toEqual([0, '']);
      expect(good.stdout).toMatch(/24 segments and 0 gap objects, read from 1 day record in \d/);
      const [first] = day.map((one) => objectKeysOf(one).preferred);
      await bucket.delete(first === undefined ? [] : [first], AbortSignal.timeout(10_000));
      const deleted = await coverage([kept, '2025-12-14', '--utc', '--check']);
      expect([deleted.code, deleted.stderr]).toEqual([
        1,
        `! ${first} is in the record and not in the bucket; retention did not delete it.\n`,
      ]);
      const again = await coverage([kept, '2025-12-14', '--rebuild']);
      expect(again.stdout).toContain('23:00:00 recorded');
      expect(again.stdout).toContain('1 object that the old record had is not in the bucket');
      const early = await coverage([kept, 'today', '--rebuild']);
      expect([early.code, early.stderr]).toEqual([1, expect.stringContaining('has not closed yet')]);
    } finally {
      bucket.close();
    }
  });

  it('reads the spool of this machine without touching it, while a recorder has it', async () => {
    const spool = await tempDir('spool');
    const waiting = segment(holed, '10:15', '10:30');
    const folder = join(spool, 'sealed', holed);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, `${waiting.id}.json`), JSON.stringify(waiting));
    await writeFile(join(folder, `${waiting.id}.receipt.json`), '{');
    await writeFile(join(spool, 'lock'), 'of somebody else');
    const { code, stdout } = await coverage([holed, '2025-12-14T10:00Z..2025-12-14T10:45Z'], { TEMP_DIR: spool });
    expect(code).toBe(0);
    expect(stdout).toContain('recorded, 3 segments, 1 of them not uploaded yet');
    expect((await readdir(spool, { recursive: true })).sort()).toEqual([
      'lock',
      'sealed',
      `sealed/${holed}`,
      `sealed/${holed}/${waiting.id}.json`,
      `sealed/${holed}/${waiting.id}.receipt.json`,
    ]);
  });

  it('finds the store that start brought, by what it left in .data', async () => {
    const dir = await tempDir('coverage');
    const { endpoint, accessKeyId, secretAccessKey } = inject('s3');
    const bucket = createS3Store({ ...inject('s3'), bucket: 'camera-recordings', region: 'us-east-1' });
    await bucket.ensureBucket(AbortSignal.timeout(10_000));
    bucket.close();
    const ports = { temporal: {}, seaweedfs: { s3: Number(new URL(endpoint).port) }, firstCamera: 8554 };
    await mkdir(join(dir, '.data'));
    const memory = { accessKeyId, secretAccessKey, cameraUser: 'demo', cameraPassword: 'demo', ports };
    await writeFile(join(dir, '.data', 'demo.json'), JSON.stringify(memory));
    const none = { S3_ENDPOINT: '', S3_ACCESS_KEY_ID: '', S3_SECRET_ACCESS_KEY: '', S3_BUCKET: '' };
    const { code, stderr } = await coverage([freshCamera(), '2025-12-14'], none, dir);
    expect([code, stderr]).toEqual([1, expect.stringContaining(`bucket camera-recordings at ${endpoint}`)]);
    const nowhere = await coverage([freshCamera(), '2025-12-14'], none);
    expect([nowhere.code, nowhere.stderr]).toEqual([78, expect.stringContaining('S3_ENDPOINT: is missing')]);
  });
});

function freshCamera(): CameraId {
  return parseCameraId(`camera-${randomBytes(4).toString('hex')}`);
}
