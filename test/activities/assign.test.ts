import { expect, test } from 'vitest';
import { createAssignActivities } from '../../src/activities/assign.js';
import type { CameraCondition } from '../../src/domain/camera.js';
import { parseCameraId, parseRecorderId, sessionIdOf } from '../../src/domain/ids.js';
import type { Recorder } from '../../src/recorder/recorder.js';
import { SPEC } from '../support/worker-harness.js';

const camera = parseCameraId('camera-3');
const recorderId = parseRecorderId('box-1');
type Declines = Awaited<ReturnType<Recorder['declines']>>;

function asked(given: {
  readonly declines: Declines;
  readonly condition?: CameraCondition;
  readonly isEnding?: boolean;
}) {
  const told: unknown[] = [];
  const { condition } = given;
  const { assignCamera } = createAssignActivities({
    recorderId,
    timezone: 'Europe/Berlin',
    recorder: {
      declines: async () => given.declines,
      conditions: () => new Map(condition === undefined ? [] : [[camera, condition]]),
    },
    isShuttingDown: () => given.isEnding === true,
    observer: { declined: (_, why) => told.push(why.decline), accepted: () => told.push('accepted') },
  });
  return { told, answer: assignCamera({ camera, spec: SPEC }) };
}

test.each([
  ['no-secret', 'this recorder has no URL for the camera'],
  ['no-route', 'this recorder has no way to the network of the camera'],
  ['no-capacity', 'it has 50 cameras already'],
  ['no-space', '10 bytes are free, 1073741824 must stay free'],
] as const)('a recorder that declines with %s says so in words, and another one may be asked', async (code, detail) => {
  const { answer, told } = asked({ declines: { code, detail } });
  await expect(answer).rejects.toMatchObject({
    type: code,
    nonRetryable: false,
    message: `recorder box-1 does not take the camera: ${detail}`,
  });
  expect(told).toEqual([code]);
});

test('one that could, but is shutting down, takes nothing, and nobody is told of it as of a lack', async () => {
  const { answer, told } = asked({ declines: null, isEnding: true });
  await expect(answer).rejects.toMatchObject({ type: 'shutting-down', nonRetryable: false });
  expect(told).toEqual([]);
});

test.each([
  ['nothing is missing', { declines: null }],
  [
    'it is full, and records the camera already',
    {
      declines: { code: 'no-space', detail: 'full' },
      condition: { kind: 'recording', sinceMs: 0, session: sessionIdOf(0, 0), lastFrameAtMs: 0 },
    },
  ],
] as const)('it takes the camera when %s', async (_, given) => {
  const { answer, told } = asked(given);
  expect(await answer).toEqual({ recorder: recorderId, timezone: 'Europe/Berlin' });
  expect(told).toEqual(['accepted']);
});

test('a password in the words of a refusal is not told', async () => {
  const { answer } = asked({ declines: { code: 'no-secret', detail: 'rtsp://admin:hunter2@10.0.0.7/stream1' } });
  await expect(answer).rejects.not.toThrow(/hunter2/);
});
