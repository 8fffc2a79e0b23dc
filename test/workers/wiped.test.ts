/** Temporal loses its database while recorders work with it: nothing stops, nothing moves, and what it knew is there again. */
import { Connection } from '@temporalio/client';
import { beforeAll, expect, test } from 'vitest';
import type { CameraId } from '../../src/domain/ids.js';
import { MemoryStore } from '../../src/object-store/memory.js';
import { readNamespaceId } from '../../src/spool/namespace-id.js';
import { afterFile } from '../support/after-file.js';
import { freshCamera } from '../support/camera-harness.js';
import { type RollingServer, startRollingServer } from '../support/rolling-server.js';
import { registerNamespace } from '../support/temporal-namespace.js';
import { waitFor } from '../support/wait-for.js';
import { assignmentOf, SPEC, segmentOf, startTestWorker, type TestWorker } from '../support/worker-harness.js';

const CAMERAS_EACH = 4;
/** Longer than the test: only what is noticed at once happens in it. */
const NEVER_MS = 600_000;

interface Recording {
  readonly it: TestWorker;
  readonly cameras: readonly CameraId[];
}

let server: RollingServer;
beforeAll(async () => {
  server = await startRollingServer(afterFile);
});

test('every camera gets its workflow back where it is recorded, and what was announced is announced again', {
  timeout: 120_000,
}, async () => {
  const store = storeThatHangsOnce();
  const recorders = [await recordingAt('one', store), await recordingAt('two', store)];
  const [{ it, cameras }] = recorders as [Recording, Recording];
  const idBefore = await readNamespaceId(it.spool.layout);
  const announced = segmentOf(cameras[0] as CameraId, it.spool, 0);
  it.seal(announced);
  await waitFor(() => it.worker.status().uploadsInFlight === 1, { what: 'the upload to begin', deadlineMs: 20_000 });
  // Each would take all of them.
  for (const recording of recorders) recording.it.recorder.declined = null;
  await wipe();
  for (const recording of recorders) await attachedAgain(recording);
  expect(recorders.map((one) => foreignOf(one, recorders))).toEqual([[], []]);
  await waitFor(async () => (await it.spool.find(announced.id))?.kind === 'stored', {
    what: 'what was announced before to be stored',
    deadlineMs: 20_000,
  });
  const idNow = await readNamespaceId(it.spool.layout);
  expect(idNow).toBeDefined();
  expect(idNow).not.toBe(idBefore);
});

/** With a namespace, as a stranger would make it: without our search attributes. */
async function wipe(): Promise<void> {
  await server.wipe();
  await server.start();
  const connection = await Connection.connect({ address: server.address });
  await waitFor(async () => await registerNamespace(connection, server.namespace).then(() => true), {
    what: 'the new namespace',
    deadlineMs: 20_000,
    pollMs: 200,
  });
  await connection.close();
}

async function recordingAt(recorderId: string, store: MemoryStore): Promise<Recording> {
  const cameras = Array.from({ length: CAMERAS_EACH }, () => freshCamera(recorderId));
  const it = await startTestWorker({
    address: server.address,
    namespace: server.namespace,
    recorderId,
    configured: cameras.map((id) => ({ id, spec: SPEC })),
    store,
    policies: { unattachedGraceMs: NEVER_MS, untouchedMs: NEVER_MS },
  });
  for (const camera of cameras) {
    await it.attached(camera);
    // As the real recorder does when something attaches.
    await it.spool.assignments.save(assignmentOf(camera));
  }
  // Where there are two, the second one's cameras must not go to the first.
  it.recorder.declined = { code: 'no-capacity', detail: 'enough' };
  return { it, cameras };
}

async function attachedAgain({ it, cameras }: Recording): Promise<void> {
  for (const camera of cameras) await it.attached(camera, 2);
  for (const camera of cameras) expect(it.recorder.of(camera).at(-1)?.end).toBe('attached');
  expect(it.recorder.stopsUnattached).toEqual([]);
}

/** Cameras of others that were attached here. */
function foreignOf({ it, cameras }: Recording, all: readonly Recording[]): readonly CameraId[] {
  const others = all.flatMap((one) => one.cameras).filter((camera) => !cameras.includes(camera));
  return others.filter((camera) => it.recorder.of(camera).length > 0);
}

/** The first upload hangs until the next one begins. */
function storeThatHangsOnce(): MemoryStore {
  let begun = 0;
  let nextBegan: () => void = () => undefined;
  const next = new Promise<void>((resolve) => {
    nextBegan = resolve;
  });
  return new MemoryStore({
    onRequest: async ({ when, operation }) => {
      if (when !== 'before' || operation !== 'createUpload') return;
      begun += 1;
      if (begun > 1) return nextBegan();
      await next;
      throw new Error('too late');
    },
  });
}
