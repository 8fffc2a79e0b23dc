import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, inject, it } from 'vitest';
import { parseCameraId } from '../../src/domain/ids.js';
import { createS3Store } from '../../src/object-store/s3.js';
import { segment, store } from '../playback/story.js';
import { tempDir } from '../support/temp-dir.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

const camera = parseCameraId(`links-${randomBytes(4).toString('hex')}`);

beforeAll(async () => {
  const bucket = createS3Store({ ...inject('s3'), region: 'us-east-1' });
  await store(bucket, [
    segment(camera, '2025-12-13T10:00:00Z', '2025-12-13T10:15:00Z'),
    segment(camera, '2025-12-13T10:30:00Z', '2025-12-13T10:45:00Z'),
  ]).finally(() => bucket.close());
});

/** The built program with the store's settings only: no Temporal, no camera. */
async function run(...args: readonly string[]): Promise<{ readonly code: number; readonly stdout: string }> {
  const { endpoint, bucket, accessKeyId, secretAccessKey } = inject('s3');
  const env = {
    PATH: process.env['PATH'],
    S3_ENDPOINT: endpoint,
    S3_PUBLIC_ENDPOINT: 'https://store.example.com',
    S3_BUCKET: bucket,
    S3_ACCESS_KEY_ID: accessKeyId,
    S3_SECRET_ACCESS_KEY: secretAccessKey,
  };
  const options = { cwd: await tempDir('links'), env, timeout: 20_000 };
  return await new Promise((resolve) => {
    const child = execFile(process.execPath, [MAIN, ...args, '--utc'], options, (_error, stdout) => {
      resolve({ code: child.exitCode ?? -1, stdout });
    });
  });
}

it('prints a link to each object of a time, and what is missing between', async () => {
  const { code, stdout } = await run(
    ...['export', camera, '2025-12-13T10:00', '2025-12-13T10:45', '--links', '--valid', '2'],
  );
  expect(code).toBe(0);
  const lines = stdout.trim().split('\n');
  expect(lines).toHaveLength(3);
  expect(lines[0]).toContain(`https://store.example.com/${inject('s3').bucket}/${camera}/20251213/`);
  expect(lines[0]).toContain('X-Amz-Expires=7200');
  expect(lines[1]).toMatch(/^missing: 2025-12-13 10:15:00 .*unexplained$/);
  expect(stdout).not.toContain(inject('s3').secretAccessKey);
});

it('prints a link to a moment', async () => {
  const { code, stdout } = await run('open', camera, '2025-12-13 10:32:05');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^https:\/\/store\.example\.com\/\S+X-Amz-Expires=86400\S+#t=125\n$/);
});

it('says of a moment without footage what is missing, and where footage goes on', async () => {
  const { code, stdout } = await run('open', camera, '2025-12-13 10:20');
  expect(code).toBe(1);
  expect(stdout).toMatch(/^missing: 2025-12-13 10:15:00 .* to 2025-12-13 10:30:00 .*, unexplained\n/);
  expect(stdout).toMatch(/\nThe next footage begins at 2025-12-13 10:30:00 .*\.\n$/);
});
