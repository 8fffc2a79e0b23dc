import { describe, expect, inject, test } from 'vitest';
import type { Decline, Declined } from '../../src/domain/declines.js';
import { parseCameraId, parseRecorderId } from '../../src/domain/ids.js';
import { redact } from '../../src/redact.js';
import { DeclinedCameras } from '../../src/workers/declined-cameras.js';
import { freshCamera } from '../support/camera-harness.js';
import { openTemporalView } from '../support/camera-workflow.js';
import { FakeRecorder } from '../support/fake-recorder.js';
import { createNamespace } from '../support/temporal-namespace.js';
import { waitFor } from '../support/wait-for.js';
import { SPEC, startTestWorker } from '../support/worker-harness.js';

const camera = parseCameraId('camera-1');
const NEVER = new AbortController().signal;
const detail = redact('this recorder has no URL for the camera');

/** A clock turned by hand, and what the camera's workflow was told. */
function declining() {
  let nowMs = 0;
  const clock = { wallMs: () => nowMs, monotonicMs: () => nowMs, sleep: async () => undefined };
  const cameras = new DeclinedCameras({
    recorderId: parseRecorderId('r1'),
    policies: { declinedForgottenMs: 30_000 },
    clock,
  });
  const told: Decline[] = [];
  const answers: (() => void)[] = [];
  const signal = async (_: string, it: Declined): Promise<void> => {
    answers.shift()?.();
    told.push(it.decline);
  };
  const client = { workflow: { getHandle: () => ({ signal }) } };
  const session = { ask: async (rpc: (client: unknown) => Promise<unknown>) => await rpc(client) } as never;
  return {
    told,
    answers,
    accept: () => cameras.accepted(camera),
    decline: (decline: Decline) => cameras.declined(camera, { decline, detail }),
    pass: (ms: number) => void (nowMs += ms),
    tell: async () => await cameras.tell(session, NEVER),
    shown: () => cameras.current.get(camera),
  };
}

describe('a camera that is asked for and declined', () => {
  test('is shown from the second time on: another recorder may take it at once', () => {
    const it = declining();
    it.decline('no-secret');
    expect(it.shown()).toBeUndefined();
    it.pass(1_000);
    it.decline('no-secret');
    expect(it.shown()).toEqual({ decline: 'no-secret', detail, sinceMs: 0 });
  });

  test('is shown no more when it is taken, or asked for no more', () => {
    const it = declining();
    const twice = (): void => [1, 2].forEach(() => it.decline('no-space'));
    twice();
    it.accept();
    expect(it.shown()).toBeUndefined();
    twice();
    it.pass(29_999);
    expect(it.shown()).toBeDefined();
    it.pass(1);
    expect(it.shown()).toBeUndefined();
  });

  test('is told to its workflow once for each reason, and again after a failure', async () => {
    const it = declining();
    it.decline('no-secret');
    await it.tell();
    expect(it.told).toEqual([]);
    it.decline('no-secret');
    it.answers.push(() => {
      throw new Error('unavailable');
    });
    await expect(it.tell()).rejects.toThrow('unavailable');
    for (let time = 0; time < 3; time++) {
      it.decline('no-secret');
      await it.tell();
    }
    it.decline('no-capacity');
    await it.tell();
    expect(it.told).toEqual(['no-secret', 'no-capacity']);
  });
});

test('with a real Temporal, page, status and details say why a camera is not taken, until it is', async ({
  onTestFinished,
}) => {
  const { address } = inject('temporal');
  const namespace = await createNamespace(address);
  const recorder = new FakeRecorder();
  recorder.declined = { code: 'no-secret', detail };
  const it = await startTestWorker({ address, namespace, recorderId: 'declining', recorder });
  const view = await openTemporalView({ address, namespace, register: onTestFinished });
  const [wanted, given] = [freshCamera(), freshCamera()];
  for (const id of [wanted, given]) {
    const input = { spec: SPEC, timeScale: 0.05 };
    await it.client.workflow.start('Camera', { taskQueue: 'camera-recorder', workflowId: id, args: [input] });
  }
  const isTold = async (): Promise<boolean> => (await it.status(wanted)).declined.length > 0;
  await waitFor(isTold, { what: 'the workflow to know', deadlineMs: 15_000, pollMs: 100 });
  const declined = { decline: 'no-secret', detail };
  expect((await it.status(wanted)).declined).toMatchObject([{ recorder: 'declining', ...declined }]);
  expect(await view.currentDetails(wanted)).toContain('`declining` does not take it since');
  expect(await view.currentDetails(wanted)).toContain('into the file of its secret in CAMERA_SECRETS_DIR');
  expect(it.worker.status().declined.get(wanted)).toMatchObject(declined);

  await it.client.workflow.getHandle(given).cancel();
  const isForgotten = (): boolean => !it.worker.status().declined.has(given);
  await waitFor(isForgotten, { what: 'the cancelled one to be forgotten', deadlineMs: 10_000, pollMs: 50 });
  expect(it.worker.status().declined.has(wanted)).toBe(true);

  recorder.declined = null;
  await it.attached(wanted);
  expect(it.worker.status().declined.size).toBe(0);
  expect((await it.status(wanted)).declined).toEqual([]);
  expect(await view.currentDetails(wanted)).not.toContain('does not take it');
});
