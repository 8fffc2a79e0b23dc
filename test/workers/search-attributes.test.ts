/** A Temporal of somebody else's, which has none of our search attributes. */

import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { Connection } from '@temporalio/client';
import { pino } from 'pino';
import { expect, inject, onTestFinished, test } from 'vitest';
import { SEARCH_ATTRIBUTES } from '../../src/workflows/contract.js';
import { freshCamera, uploadResult } from '../support/camera-harness.js';
import { registerNamespace } from '../support/temporal-namespace.js';
import { toolPath } from '../support/tools.js';
import { waitFor } from '../support/wait-for.js';
import { SPEC, segmentOf, startTestWorker } from '../support/worker-harness.js';

const run = promisify(execFile);
const KEYWORD = 2;
/** A database of Temporal's has no more columns for them. */
const MOST_KEYWORDS = 10;
const FOREIGN = Array.from({ length: MOST_KEYWORDS }, (_, index) => `Foreign${index}`);

async function foreignTemporal() {
  const { address } = inject('temporal');
  const namespace = `foreign-${randomBytes(4).toString('hex')}`;
  const connection = await Connection.connect({ address });
  onTestFinished(async () => await connection.close());
  await registerNamespace(connection, namespace);
  const attributes = async (): Promise<readonly string[]> => {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    return Object.keys(customAttributes);
  };
  await waitFor(async () => (await attributes()).length >= 0, {
    what: 'the namespace',
    deadlineMs: 20_000,
    pollMs: 100,
  });
  return { address, namespace, connection, attributes };
}

test('a Temporal without our search attributes is given them, and the camera gets its workflow', async () => {
  const { address, namespace, attributes } = await foreignTemporal();
  expect(await attributes()).not.toContain('CameraId');
  const camera = freshCamera();
  const it = await startTestWorker({
    address,
    namespace,
    recorderId: 'guest',
    configured: [{ id: camera, spec: SPEC }],
  });
  await it.attached(camera);
  expect(await attributes()).toEqual(expect.arrayContaining(Object.keys(SEARCH_ATTRIBUTES)));
});

test('one that refuses them is recorded beside, the commands are logged, and all goes on once a person has run them', async () => {
  const { address, namespace, connection, attributes } = await foreignTemporal();
  await connection.operatorService.addSearchAttributes({
    namespace,
    searchAttributes: Object.fromEntries(FOREIGN.map((name) => [name, KEYWORD])),
  });
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const camera = freshCamera();
  const it = await startTestWorker({
    address,
    namespace,
    recorderId: 'refused',
    configured: [{ id: camera, spec: SPEC }],
    log,
  });
  expect([...it.recorder.recording.keys()]).toEqual([camera]);
  const { run: commands } = await waitFor(() => lines.find(({ run }) => run !== undefined), {
    what: 'the commands to be logged',
    deadlineMs: 20_000,
  });
  expect(commands).toContain(
    `temporal operator search-attribute create --namespace ${namespace} --name CameraId --type Keyword`,
  );
  const segment = segmentOf(camera, it.spool, 0);
  it.seal(segment);
  await waitFor(() => lines.some(({ loop }) => loop === 'temporal'), {
    what: 'the workflow of the camera to be refused',
    deadlineMs: 20_000,
  });
  expect(await attributes()).not.toContain('CameraId');
  expect(it.recorder.recording.get(camera)?.kind).toBe('recording');
  expect(it.worker.status()).toMatchObject({ temporal: { isReachable: true } });

  await connection.operatorService.removeSearchAttributes({ namespace, searchAttributes: FOREIGN });
  for (const command of commands as readonly string[]) {
    const [, ...args] = command.split(' ');
    await run(toolPath('temporal'), [...args, '--address', address]);
  }
  await it.attached(camera);
  expect((await uploadResult(it.client, segment.id)).sizeBytes).toBe(segment.sizeBytes);
});
