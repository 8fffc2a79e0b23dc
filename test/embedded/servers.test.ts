import { join } from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';
import { isBucketServed } from '../../src/embedded/bucket-probe.js';
import { isPortFree } from '../../src/embedded/free-port.js';
import { startSeaweedfs } from '../../src/embedded/seaweedfs.js';
import { startServerProcess } from '../../src/embedded/server-process.js';
import { startTemporalServer } from '../../src/embedded/temporal-server.js';
import { freePort } from '../support/ports.js';
import { tempDir } from '../support/temp-dir.js';
import { toolPath } from '../support/tools.js';
import { waitFor } from '../support/wait-for.js';

const key = { accessKeyId: 'mine', secretAccessKey: 'not-a-secret', bucket: 'recordings' };

test("the suite's store serves its bucket to its own key and to no other", async () => {
  const s3 = inject('s3');
  const soon = () => AbortSignal.timeout(2_000);
  expect(await isBucketServed(s3, soon())).toBe(true);
  expect(await isBucketServed({ ...s3, secretAccessKey: 'wrong' }, soon())).toBe(false);
  expect(await isBucketServed({ ...s3, bucket: 'missing' }, soon())).toBe(false);
});

test('SeaweedFS killed and started again on its directory and ports serves the same bucket', async () => {
  const options = { weedPath: toolPath('weed'), dir: await tempDir(), ...key };
  const first = await startSeaweedfs(options);
  onTestFinished(() => first.kill());
  const otherBucket = { ...first, bucket: 'missing' };
  await first.kill();
  expect(await isBucketServed(first, AbortSignal.timeout(2_000))).toBe(false);

  const second = await startSeaweedfs({ ...options, ports: first.ports });
  onTestFinished(() => second.kill());
  expect(second.ports).toEqual(first.ports);
  expect(await isBucketServed(first, AbortSignal.timeout(2_000))).toBe(true);
  expect(await isBucketServed(otherBucket, AbortSignal.timeout(2_000))).toBe(false);
});

test('Temporal started on an old file adds the search attributes and the retention it lacks, once', async () => {
  const dir = await tempDir();
  const options = { temporalPath: toolPath('temporal'), dbPath: join(dir, 'temporal.db'), logPath: join(dir, 'log') };
  await makeOldFile(options);

  const first = await startTemporalServer(options);
  onTestFinished(() => first.kill());
  const attributes = ['CameraId', 'CameraState', 'Recorder', 'SegmentStart'];
  await waitFor(async () => (await readNamespace(first.ports.http)).attributes.length === 4, {
    what: 'the search attributes',
    deadlineMs: 5_000,
  });
  const prepared = { retention: '2592000s', attributes };
  expect(await readNamespace(first.ports.http)).toEqual(prepared);
  await first.kill();

  const second = await startTemporalServer({ ...options, ports: first.ports });
  onTestFinished(() => second.kill());
  expect(second.address).toBe(first.address);
  expect(await readNamespace(second.ports.http)).toEqual(prepared);
});

test('a wanted port that somebody has is replaced, and the answer says by which', async () => {
  const dir = await tempDir();
  const taken = Number(new URL(inject('temporal').uiUrl).port);
  expect(await isPortFree(taken)).toBe(false);
  const server = await startTemporalServer({
    temporalPath: toolPath('temporal'),
    dbPath: null,
    logPath: join(dir, 'temporal.log'),
    ports: { grpc: taken },
  });
  onTestFinished(() => server.kill());
  expect(server.ports.grpc).not.toBe(taken);
  expect(server.address).toBe(`127.0.0.1:${server.ports.grpc}`);
});

/** As somebody's own `temporal server start-dev` would have made it. */
async function makeOldFile(options: { temporalPath: string; dbPath: string; logPath: string }): Promise<void> {
  const http = await freePort();
  const server = await startServerProcess({
    name: 'Temporal',
    file: options.temporalPath,
    args: ['server', 'start-dev', '--ip', '127.0.0.1', '--headless', '--db-filename', options.dbPath].concat(
      ['--port', `${await freePort()}`, '--http-port', `${http}`, '--metrics-port', `${await freePort()}`],
      ['--dynamic-config-value', 'frontend.enableServerVersionCheck=false'],
    ),
    logPath: options.logPath,
  });
  onTestFinished(() => server.kill());
  const old = await waitFor(() => readNamespace(http), { what: 'the old namespace', deadlineMs: 20_000 });
  expect(old).toEqual({ retention: '86400s', attributes: [] });
  await server.kill();
}

interface Namespace {
  readonly retention: string;
  readonly attributes: readonly string[];
}

async function readNamespace(httpPort: number): Promise<Namespace> {
  const base = `http://127.0.0.1:${httpPort}/api/v1/namespaces/default`;
  const namespace = (await (await fetch(base)).json()) as { config: { workflowExecutionRetentionTtl: string } };
  const found = (await (await fetch(`${base}/search-attributes`)).json()) as { customAttributes?: object };
  return {
    retention: namespace.config.workflowExecutionRetentionTtl,
    attributes: Object.keys(found.customAttributes ?? {}).toSorted(),
  };
}
