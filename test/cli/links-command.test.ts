import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { expect, inject, it } from 'vitest';
import { parseCameraId } from '../../src/domain/ids.js';
import { createS3Store } from '../../src/object-store/s3.js';
import { segment, store } from '../playback/story.js';
import { tempDir } from '../support/temp-dir.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

it('prints a link to each object of a time, and what is missing between', async () => {
  const camera = parseCameraId(`links-${randomBytes(4).toString('hex')}`);
  const s3 = inject('s3');
  const bucket = createS3Store({ ...s3, region: 'us-east-1' });
  await store(bucket, [
    segment(camera, '2025-12-13T10:00:00Z', '2025-12-13T10:15:00Z'),
    segment(camera, '2025-12-13T10:30:00Z', '2025-12-13T10:45:00Z'),
  ]).finally(() => bucket.close());
  const env = {
    PATH: process.env['PATH'],
    S3_ENDPOINT: s3.endpoint,
    S3_PUBLIC_ENDPOINT: 'https://store.example.com',
    S3_BUCKET: s3.bucket,
    S3_ACCESS_KEY_ID: s3.accessKeyId,
    S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
  };
  const args = [MAIN, 'export', camera, '2025-12-13T10:00', '2025-12-13T10:45', '--links', '--valid', '2', '--utc'];
  const options = { cwd: await tempDir('links'), env, timeout: 20_000 };
  const stdout = await new Promise<string>((resolve, reject) => {
    execFile(process.execPath, args, options, (error, out) => (error === null ? resolve(out) : reject(error)));
  });
  const lines = stdout.trim().split('\n');
  expect(lines).toHaveLength(3);
  expect(lines[0]).toContain(`https://store.example.com/${s3.bucket}/${camera}/20251213/`);
  expect(lines[0]).toContain('X-Amz-Expires=7200');
  expect(lines[1]).toMatch(/^missing: 2025-12-13 10:15:00 .*unexplained$/);
  expect(stdout).not.toContain(s3.secretAccessKey);
});
