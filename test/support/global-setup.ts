/** One Temporal (in memory) and one SeaweedFS for the whole suite; tests keep apart by queue, workflow id and key. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import type { BucketAddress } from '../../src/embedded/bucket-probe.js';
import { startSeaweedfs } from '../../src/embedded/seaweedfs.js';
import { startTemporalServer } from '../../src/embedded/temporal-server.js';
import { toolPath } from './tools.js';

declare module 'vitest' {
  export interface ProvidedContext {
    temporal: { readonly address: string; readonly namespace: string; readonly uiUrl: string };
    s3: BucketAddress;
  }
}

export default async function startServers(project: TestProject): Promise<() => Promise<void>> {
  const dir = await mkdtemp(join(tmpdir(), 'camera-recorder-suite-'));
  const starting = [
    startTemporalServer({ temporalPath: toolPath('temporal'), dbPath: null, logPath: join(dir, 'temporal.log') }),
    startSeaweedfs({
      weedPath: toolPath('weed'),
      dir: join(dir, 'seaweedfs'),
      accessKeyId: 'suite',
      secretAccessKey: randomBytes(16).toString('hex'),
      bucket: 'suite',
    }),
  ] as const;
  const tearDown = async (): Promise<void> => {
    const started = await Promise.allSettled(starting);
    await Promise.all(started.map(async (server) => server.status === 'fulfilled' && (await server.value.kill())));
    await rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  try {
    const [temporal, { endpoint, bucket, accessKeyId, secretAccessKey }] = await Promise.all(starting);
    const { address, namespace, uiUrl } = temporal;
    project.provide('temporal', { address, namespace, uiUrl });
    project.provide('s3', { endpoint, bucket, accessKeyId, secretAccessKey });
  } catch (error) {
    await tearDown();
    throw error;
  }
  return tearDown;
}
