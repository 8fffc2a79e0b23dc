import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type CameraId, parseRecorderId, type RecorderId } from '../../src/domain/ids.js';
import {
  RECORDER_LOST_SIGNAL,
  SEGMENTS_LOST_SIGNAL,
  type SegmentNotice,
  uploadWorkflowIdOf,
} from '../../src/workflows/contract.js';
import { afterFile } from '../support/after-file.js';
import { freshCamera, type Harness, startHarness } from '../support/camera-harness.js';
import { openTemporalView, type TemporalView } from '../support/camera-workflow.js';
import { sealedSegment } from '../support/memory-spool.js';
import { createNamespace } from '../support/temporal-namespace.js';
import { waitFor } from '../support/wait-for.js';

const FIRST_MS = Date.UTC(2025, 11, 14, 1, 30);
const INPUT = { spec: { source: { kind: 'secret', name: 'camera-3' } }, timeScale: 0.1 };

let harness: Harness;
let view: TemporalView;

beforeAll(async () => {
  const { address } = inject('temporal');
  const namespace = await createNamespace(address);
  harness = await startHarness({ address, namespace, recorderId: 'story' });
  view = await openTemporalView({ address, namespace, register: afterFile });
});
afterAll(async () => await harness?.close());

function start(camera: CameraId, input: unknown = INPUT): Promise<string> {
  return harness.cli(
    ...['workflow', 'start', '--type', 'Camera', '--task-queue', 'camera-recorder', '--workflow-id', camera],
    ...['--fail-existing', '--input', JSON.stringify(input)],
  );
}

function noticeOf(camera: CameraId, index: number): SegmentNotice {
  const segment = sealedSegment(camera, harness.spool.recorder, index, FIRST_MS);
  harness.spool.add(segment);
  const { id, recorder, fromMs, toMs, sizeBytes, gapsBefore } = segment;
  return { segment: id, recorder, fromMs, toMs, sizeBytes, gapsBefore };
}

test('a camera started by the command line is recorded, and each announced segment is uploaded by its own workflow', async () => {
  const camera = freshCamera();
  await start(camera);
  await harness.attached(camera);
  const notices = [noticeOf(camera, 0), noticeOf(camera, 1)];
  await harness.announce(camera, notices);
  for (const { segment } of notices) {
    const receipt = await harness.uploaded(segment);
    expect(receipt).toMatchObject({ key: expect.stringContaining(`${camera}/20251214/`), proof: 'full-crc32' });
  }
  const status = await harness.status(camera);
  expect(status.recorder).toBe('story' as RecorderId);
  expect(status.lastEndedAtMs).toBe(FIRST_MS + 120_000);
  expect(status.recent.map(({ segment }) => segment)).toEqual(notices.map(({ segment }) => segment));
  expect(status.timezone).toBe('Europe/Berlin');
  const details = await view.currentDetails(camera);
  expect(details).toContain('| 2025-12-14 02:30:00 UTC+01:00 | 60 |');
  expect(details).not.toMatch(/\d\d:\d\d:\d\dZ/);
  const upload = `upload/${notices[0]?.segment}`;
  const { staticSummary } = await harness.client.workflow.getHandle(upload).describe();
  expect(await staticSummary()).toMatch(/^2025-12-14 02:30:00 UTC\+01:00, 60 s, /);
  expect(await view.currentDetails(upload)).toContain('Footage from 2025-12-14 02:30:00 UTC+01:00. Stored as');
  const described = await harness.client.workflow.getHandle(camera).describe();
  expect(described.searchAttributes).toMatchObject({ CameraId: [camera], Recorder: ['story'] });
  await harness.client.workflow.getHandle(camera).cancel();
});

test('a notice that comes three times starts one upload', async () => {
  const camera = freshCamera();
  await start(camera);
  await harness.attached(camera);
  const notice = noticeOf(camera, 0);
  await harness.announce(camera, [notice, notice]);
  await harness.uploaded(notice.segment);
  await harness.announce(camera, [notice]);
  const last = noticeOf(camera, 1);
  await harness.announce(camera, [last]);
  await harness.uploaded(last.segment);
  const history = await harness.client.workflow.getHandle(camera).fetchHistory();
  const started = (history.events ?? []).filter((event) => event.startChildWorkflowExecutionInitiatedEventAttributes);
  expect(started).toHaveLength(2);
  expect(harness.sent.filter((id) => id === notice.segment)).toHaveLength(1);
  await harness.client.workflow.getHandle(camera).cancel();
});

test('a camera that is reset by hand starts no upload again: not one under way, stored, or reclaimed', async () => {
  const camera = freshCamera();
  await start(camera);
  await harness.attached(camera);
  const notices = [noticeOf(camera, 0), noticeOf(camera, 1), noticeOf(camera, 2)] as const;
  // Its upload goes on for as long as its file is nowhere.
  harness.spool.segments.delete(notices[0].segment);
  await harness.announce(camera, notices);
  await Promise.all([notices[1], notices[2]].map(async ({ segment }) => await harness.uploaded(segment)));
  harness.spool.segments.delete(notices[2].segment);
  const runsOf = async (): Promise<readonly string[]> =>
    await Promise.all(
      notices.map(async ({ segment }) => {
        const { runId, status } = await harness.client.workflow.getHandle(`upload/${segment}`).describe();
        return `${status.name} ${runId}`;
      }),
    );
  const before = await runsOf();
  const how = ['--type', 'FirstWorkflowTask', '--reason', 'test'];
  await harness.cli('workflow', 'reset', '--workflow-id', camera, ...how);
  await harness.attached(camera, 2);
  await waitFor(async () => (await harness.status(camera)).recent.length === notices.length, {
    what: 'the new run to have asked for every upload',
    deadlineMs: 15_000,
  });
  expect(await runsOf()).toEqual(before);
  expect(before.map((run) => run.split(' ')[0])).toEqual(['RUNNING', 'COMPLETED', 'COMPLETED']);
  const sent = notices.map(({ segment }) => harness.sent.filter((id) => id === segment).length);
  expect(sent).toEqual([0, 1, 1]);
  await harness.client.workflow.getHandle(camera).cancel();
});

test('a camera that is reset by hand waits again for what was declared lost, until that is declared once more', async () => {
  const camera = freshCamera();
  await start(camera);
  await harness.attached(camera);
  const notice = { ...noticeOf(camera, 0), recorder: parseRecorderId('burnt') };
  const upload = harness.client.workflow.getHandle(uploadWorkflowIdOf(notice.segment));
  const declareLost = async (): Promise<void> => {
    await upload.signal(RECORDER_LOST_SIGNAL);
    await expect(upload.result()).rejects.toMatchObject({ cause: { type: 'recorder-lost' } });
    await harness.client.workflow.getHandle(camera).signal(SEGMENTS_LOST_SIGNAL, [notice.segment]);
  };
  const isWaiting = async (): Promise<boolean> => (await upload.describe()).status.name === 'RUNNING';
  await harness.announce(camera, [notice]);
  await waitFor(isWaiting, { what: 'the upload to wait', deadlineMs: 10_000 });
  await declareLost();
  const how = ['--type', 'FirstWorkflowTask', '--reason', 'test'];
  await harness.cli('workflow', 'reset', '--workflow-id', camera, ...how);
  await waitFor(isWaiting, { what: 'the upload to wait again', deadlineMs: 15_000 });
  await declareLost();
  expect(await isWaiting()).toBe(false);
  await harness.client.workflow.getHandle(camera).cancel();
});

test('a locked account is waited for with other settings, and forgotten with another source', async () => {
  const camera = freshCamera();
  await start(camera);
  await harness.attached(camera);
  const handle = harness.client.workflow.getHandle(camera);
  const notBeforeMs = Date.now() + 3_600_000;
  const condition = { kind: 'down', cause: 'camera-refused', sinceMs: 1, retryAtMs: notBeforeMs, detail: '401' };
  await handle.signal('conditionChanged', { recorder: harness.spool.recorder, condition, notBeforeMs });
  await handle.executeUpdate('reconfigure', { args: [{ audio: 'off' }] });
  await harness.attached(camera, 2);
  await handle.executeUpdate('reconfigure', { args: [{ source: { kind: 'secret', name: 'camera-4' } }] });
  await harness.attached(camera, 3);
  expect(harness.recorder.of(camera).map(({ options }) => options.notBeforeMs)).toEqual([null, notBeforeMs, null]);
  await handle.cancel();
});

test('cancel stops FFmpeg, starts the uploads of the last segments, and only then the camera is canceled', async () => {
  const camera = freshCamera();
  await start(camera);
  await harness.attached(camera);
  const last = noticeOf(camera, 4);
  harness.recorder.beforeStopped = async (stopped) => {
    if (stopped === camera) await harness.announce(camera, [last]);
  };
  harness.recorder.lastEndedAtMs = last.toMs;
  await harness.cli('workflow', 'cancel', '--workflow-id', camera);
  await expect(harness.client.workflow.getHandle(camera).result()).rejects.toThrow(/cancel/i);
  expect(harness.recorder.of(camera).at(-1)?.end).toEqual({ stopped: 'cancelled' });
  await harness.uploaded(last.segment);
  const { searchAttributes } = await harness.client.workflow.getHandle(camera).describe();
  expect(searchAttributes).toMatchObject({ CameraState: ['removed'] });
  expect(await harness.status(camera)).toMatchObject({ condition: { kind: 'removed' }, stopping: null });
  const parent = (await harness.client.workflow.getHandle(`upload/${last.segment}`).describe()).raw
    .workflowExecutionInfo?.parentExecution?.workflowId;
  expect(parent).toBe(camera);
});

test('wrong input fails the workflow at once and names every mistake', async () => {
  const camera = freshCamera();
  await start(camera, { spec: { source: { kind: 'secret' }, segmentDurationSec: 7, colour: 'red' } });
  const handle = harness.client.workflow.getHandle(camera);
  await expect(handle.result()).rejects.toMatchObject({
    cause: { type: 'invalid-input', message: expect.stringMatching(/source\.name.*segmentDurationSec.*colour/s) },
  });
});

test('a URL with a password is refused with what to do, and the password is not repeated', async () => {
  const camera = freshCamera();
  await start(camera, { spec: { source: { kind: 'url', rtspUrl: 'rtsp://u:hunter2@10.0.0.9/stream1' } } });
  const failure = await harness.client.workflow
    .getHandle(camera)
    .result()
    .then(
      () => '',
      (error: unknown) => String((error as { cause: Error }).cause.message),
    );
  expect(failure).toContain('CAMERA_SECRETS_DIR');
  expect(failure).toContain(`temporal workflow delete --workflow-id ${camera}`);
  expect(failure).not.toContain('hunter2');
});

test('a recorder that declines says why, and another try later takes the camera', async () => {
  const camera = freshCamera();
  harness.recorder.declined = { code: 'no-secret', detail: 'no file camera-3 in CAMERA_SECRETS_DIR' };
  await start(camera);
  await waitFor(
    async () => {
      const { raw } = await harness.client.workflow.getHandle(camera).describe();
      return raw.pendingActivities?.some(({ lastFailure }) => lastFailure?.message?.includes('no file camera-3'));
    },
    { what: 'the refusal to be readable', deadlineMs: 10_000, pollMs: 100 },
  );
  harness.recorder.declined = null;
  await harness.attached(camera);
  await harness.client.workflow.getHandle(camera).cancel();
});

test('a signal that no recorder sends is ignored, and the camera goes on', async () => {
  const camera = freshCamera();
  await start(camera);
  await harness.attached(camera);
  const signal = async (name: string, input: string): Promise<string> =>
    await harness.cli('workflow', 'signal', '--workflow-id', camera, '--name', name, '--input', input);
  await signal('segmentsSealed', '{"segment":"x"}');
  await signal(
    'segmentsSealed',
    '[{"segment":"../x","recorder":"r","fromMs":1,"toMs":2,"sizeBytes":3,"gapsBefore":[]}]',
  );
  await signal(
    'conditionChanged',
    '{"recorder":"STORY!","condition":{"kind":"paused","sinceMs":1},"notBeforeMs":null}',
  );
  await signal('conditionChanged', 'null');
  const notice = noticeOf(camera, 0);
  await harness.announce(camera, [notice]);
  await harness.uploaded(notice.segment);
  expect((await harness.status(camera)).recent).toHaveLength(1);
  await harness.client.workflow.getHandle(camera).cancel();
});
