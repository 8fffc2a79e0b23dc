/**
 * Records the histories that `replay.test.ts` replays, from a real server, through the command line tool:
 * `RECORD_HISTORIES=<name> npx vitest run test/replay` writes `histories/<name>-*.json`. Old ones stay for as long as a workflow with
 * such a history may be open.
 *
 * A run may miss what a case must show (`cases.ts`) where that hangs on a moment, as a task that times out: record again then.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { CameraId } from '../../src/domain/ids.js';
import { KEEP_ALL } from '../../src/domain/retention.js';
import { temporalCli, uploadResult } from '../support/camera-harness.js';
import { startRollingServer } from '../support/rolling-server.js';
import { waitFor } from '../support/wait-for.js';
import { SPEC, segmentOf, startTestWorker, type TestWorker } from '../support/worker-harness.js';
import { recordSystemHistories } from './record-system-histories.js';
import type { Save } from './recorded-system.js';

const SEGMENTS_UNTIL_ROLL_OVER = 12;

export async function recordHistories(options: {
  readonly dir: string;
  readonly name: string;
  readonly register: (close: () => Promise<void>) => unknown;
}): Promise<void> {
  const { dir, name, register } = options;
  const write: Save = async (target, file, workflowId, ...more) => {
    const args = ['workflow', 'show', '--workflow-id', workflowId, ...more, '-o', 'json'];
    const text = await temporalCli(target.address, target.namespace, args);
    await mkdir(dir, { recursive: true });
    await writeFile(join(dir, `${name}-${file}.json`), withoutMachine(text));
  };
  await recordSystemHistories(write, register);
  const { address, namespace } = await startRollingServer(register);
  const it = await startTestWorker({ address, namespace, recorderId: 'replayed', register });
  const save = async (file: string, workflowId: string, ...more: readonly string[]): Promise<void> => {
    await write({ address, namespace }, file, workflowId, ...more);
  };
  const cancelled = await everyMessageThenCancel(it);
  await save('camera-cancelled', cancelled.camera);
  await save('upload', cancelled.upload);
  const { camera, runId } = await rollOver(it);
  await save('camera-continued', camera, '--run-id', runId);
  await save('camera-next-run', camera);
  await save('camera-refused', await refused(it));
  await save('upload-lost', await lostUpload(it));
  await save('retention', await retentionReport(it));
}

/** Of one camera, by hand. */
async function retentionReport({ client }: TestWorker): Promise<string> {
  const workflowId = 'retention-report';
  const policies = { usual: KEEP_ALL, cameras: { 'camera-told': { maxAgeMs: 345_600_000, maxBytes: null } } };
  const args = [{ mode: 'report', policies, timeScale: 0.05 }];
  await client.workflow.execute('Retention', { taskQueue: 'camera-recorder', workflowId, args });
  return workflowId;
}

/** Replay needs neither where this ran nor the stack of a failure, which holds paths. One line an event. */
function withoutMachine(text: string): string {
  const ofRecorder = new RegExp(`\\b${hostname()}-([0-9a-f]{6})\\b`, 'g');
  const anywhere = (part: string): string =>
    part.replaceAll(ofRecorder, 'box-$1').replaceAll(`@${hostname()}`, '@host');
  const { events } = JSON.parse(anywhere(text)) as { readonly events: readonly unknown[] };
  const lines = events.map((event) => JSON.stringify(event, (key, value: unknown) => cleaned(key, value, anywhere)));
  return `{"events":[\n${lines.join(',\n')}\n]}\n`;
}

function cleaned(key: string, value: unknown, anywhere: (text: string) => string): unknown {
  if (key === 'stackTrace') return '';
  if (key !== 'data' || typeof value !== 'string') return value;
  return Buffer.from(anywhere(Buffer.from(value, 'base64').toString('utf8'))).toString('base64');
}

async function everyMessageThenCancel(it: TestWorker): Promise<{ readonly camera: CameraId; readonly upload: string }> {
  const camera = 'camera-told' as CameraId;
  it.recorder.declined = { code: 'no-secret', detail: 'no URL' };
  const handle = await start(it, camera, { spec: SPEC, timeScale: 0.05 });
  const isDeclined = async (): Promise<boolean> => (await it.status(camera)).declined.length > 0;
  await waitFor(isDeclined, { what: 'the workflow to know that it is declined', deadlineMs: 10_000 });
  it.recorder.declined = null;
  await it.attached(camera);
  const segment = segmentOf(camera, it.spool, 0);
  it.seal(segment);
  await uploadResult(it.client, segment.id);
  const { id, recorder, fromMs, toMs, sizeBytes, gapsBefore } = segment;
  await handle.signal('segmentsSealed', [{ segment: id, recorder, fromMs, toMs, sizeBytes, gapsBefore }]);
  await handle.executeUpdate('pause');
  await waitFor(async () => (await it.status(camera)).condition.kind === 'paused', {
    what: 'pause',
    deadlineMs: 10_000,
  });
  await handle.executeUpdate('resume');
  await it.attached(camera, 2);
  await handle.executeUpdate('reconfigure', { args: [{ segmentDurationSec: 300 }] });
  await it.attached(camera, 3);
  await handle.cancel();
  await handle.result().catch(() => undefined);
  return { camera, upload: `upload/${id}` };
}

async function rollOver(it: TestWorker): Promise<{ readonly camera: CameraId; readonly runId: string }> {
  const camera = 'camera-rolled' as CameraId;
  const handle = await start(it, camera, { spec: SPEC, timeScale: 0.05 });
  await it.attached(camera);
  const { runId } = await handle.describe();
  for (let index = 0; index < SEGMENTS_UNTIL_ROLL_OVER; index++) {
    const segment = segmentOf(camera, it.spool, index);
    it.seal(segment);
    await uploadResult(it.client, segment.id);
  }
  await waitFor(async () => (await handle.describe()).runId !== runId, { what: 'the next run', deadlineMs: 20_000 });
  await it.attached(camera, 2);
  return { camera, runId };
}

async function refused(it: TestWorker): Promise<CameraId> {
  const camera = 'camera-refused' as CameraId;
  const handle = await start(it, camera, { spec: { source: { kind: 'secret' } } });
  await handle.result().catch(() => undefined);
  return camera;
}

/** Its recorder is nobody, and an operator says so. */
async function lostUpload({ client, spool }: TestWorker): Promise<string> {
  const { id, sizeBytes, fromMs } = segmentOf('camera-lost' as CameraId, spool, 0);
  const workflowId = `upload/${id}`;
  const handle = await client.workflow.start('UploadSegment', {
    taskQueue: 'camera-recorder',
    workflowId,
    args: [{ segment: id, recorder: 'lost', sizeBytes, fromMs }],
  });
  await handle.signal('recorderLost');
  await handle.result().catch(() => undefined);
  return workflowId;
}

async function start({ client }: TestWorker, camera: CameraId, input: unknown) {
  return await client.workflow.start('Camera', { taskQueue: 'camera-recorder', workflowId: camera, args: [input] });
}
