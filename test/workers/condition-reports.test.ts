import { expect, test } from 'vitest';
import type { CameraCondition } from '../../src/domain/camera.js';
import { parseCameraId } from '../../src/domain/ids.js';
import { redact } from '../../src/redact.js';
import { ConditionReports } from '../../src/workers/condition-reports.js';
import type { ConditionChange } from '../../src/workflows/contract.js';
import { policiesOf } from '../../src/workflows/policies.js';
import { FakeRecorder, recordingNow } from '../support/fake-recorder.js';
import { MemorySpool } from '../support/memory-spool.js';

const camera = parseCameraId('camera-1');
const NEVER = new AbortController().signal;
const SECOND_MS = 1_000;

const connecting: CameraCondition = { kind: 'connecting', sinceMs: 0 };
const down: CameraCondition = {
  kind: 'down',
  sinceMs: 0,
  cause: 'camera-stalled',
  retryAtMs: 0,
  detail: redact('no frame'),
};

/** Reports once a second of a clock turned by hand; `sent` holds second and kind of every signal. */
function reporting() {
  let nowSec = 0;
  const recorder = new FakeRecorder();
  const sent: (readonly [number, string])[] = [];
  const clock = {
    wallMs: () => 0,
    monotonicMs: () => nowSec * SECOND_MS,
    sleep: async () => undefined,
  };
  const spool = new MemorySpool('r1');
  const reports = new ConditionReports({ recorder, spool, policies: policiesOf(), timezone: 'Europe/Berlin', clock });
  const signal = async (_: string, change: ConditionChange): Promise<void> =>
    void sent.push([nowSec, change.condition.kind]);
  const client = { workflow: { getHandle: () => ({ signal }) } };
  const session = { ask: async (rpc: (client: unknown) => Promise<unknown>) => await rpc(client) } as never;
  const pass = async (seconds: number): Promise<void> => {
    for (const end = nowSec + seconds; nowSec < end; nowSec++) await reports.report(session, NEVER);
  };
  return { sent, pass, reports, show: (condition: CameraCondition) => recorder.setCondition(camera, condition) };
}

test('a condition is told when it has lasted ten seconds, once', async () => {
  const it = reporting();
  it.show(recordingNow());
  await it.pass(200);
  expect(it.sent).toEqual([[10, 'recording']]);
});

test('newer frames are no change of the condition', async () => {
  const it = reporting();
  for (let round = 0; round < 5; round++) {
    it.show(recordingNow());
    await it.pass(20);
  }
  expect(it.sent).toEqual([[10, 'recording']]);
});

test('what does not last is not told', async () => {
  const it = reporting();
  it.show(recordingNow());
  await it.pass(100);
  it.show(down);
  await it.pass(9);
  it.show(recordingNow());
  await it.pass(100);
  expect(it.sent).toEqual([[10, 'recording']]);
});

test('a flapping camera is told of at most once a minute, and its last state in the end', async () => {
  const it = reporting();
  for (let round = 0; round < 20; round++) {
    it.show(round % 2 === 0 ? down : connecting);
    await it.pass(12);
  }
  it.show(recordingNow());
  await it.pass(120);
  const gaps = it.sent.slice(1).map(([second], index) => second - (it.sent[index]?.[0] ?? 0));
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(60);
  expect(it.sent.at(-1)?.[1]).toBe('recording');
});

test('a new attempt is told again, though nothing changed here', async () => {
  const it = reporting();
  it.show(recordingNow());
  await it.pass(30);
  it.reports.forget(camera);
  await it.pass(100);
  expect(it.sent).toEqual([
    [10, 'recording'],
    [70, 'recording'],
  ]);
});

test('that a camera is unstable is told once, its blips are not, and it is told anew when it is twice as bad', async () => {
  const it = reporting();
  it.show(recordingNow());
  await it.pass(100);
  for (let reconnects = 6; reconnects <= 16; reconnects++) {
    const unstable = { sinceMs: 0, reconnects, coveredRatio: 0.9 };
    it.show({ ...down, unstable });
    await it.pass(4);
    it.show({ ...recordingNow(), unstable });
    await it.pass(116);
  }
  expect(it.sent).toEqual([
    [10, 'recording'],
    // 6, 8 and 16 reconnects: two minutes each, ten seconds after the camera is back.
    [114, 'recording'],
    [354, 'recording'],
    [1_314, 'recording'],
  ]);
});
