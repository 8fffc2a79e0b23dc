/** A password that is wrong: a Tapo locks its account after a few tries, and every further one renews the lock. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, inject, it } from 'vitest';
import type { CameraId } from '../../src/domain/ids.js';
import { refusalTexts } from '../../src/domain/refusals.js';
import type { StatusView } from '../../src/http/status-view.js';
import type { SimulatedCamera } from '../../src/simulator/simulated-camera.js';
import { afterFile } from '../support/after-file.js';
import { openTemporalView, type TemporalView } from '../support/camera-workflow.js';
import { type RecorderSystem, startSystem } from '../support/recorder-system.js';
import { tempDirUntil } from '../support/temp-dir.js';
import { waitFor } from '../support/wait-for.js';

const TIME_SCALE = 0.015;
/** 60, 300 and 1,860 s, as they are here. */
const WAITS_MS = [60_000, 300_000, 1_860_000].map((waitMs) => waitMs * TIME_SCALE);
/** A lock lasts 1,800 s; it is counted from the last try. */
const LOCK = { kind: 'lock-out', failures: 3, durationMs: 1_800_000 * TIME_SCALE } as const;
/** For FFmpeg to start, to be refused and to be classified, on a busy machine; less than the waits differ. */
const SLACK_MS = 3_500;
const SEGMENT_SEC = 5;

let system: RecorderSystem;
let temporal: TemporalView;
let camera: SimulatedCamera;
let id: CameraId;
let secretPath: string;

beforeAll(async () => {
  const secretsDir = await tempDirUntil(afterFile, 'secrets');
  system = await startSystem({
    register: afterFile,
    cameras: [{ user: 'admin', password: 'right' }],
    segmentSec: SEGMENT_SEC,
    env: { CAMERA_SECRETS_DIR: secretsDir, CAMERA_RECORDER_TIME_SCALE: String(TIME_SCALE) },
  });
  [camera, id] = [system.cameras[0] as SimulatedCamera, system.ids[0] as CameraId];
  secretPath = join(secretsDir, id);
  const { address } = inject('temporal');
  temporal = await openTemporalView({ address, namespace: system.namespace, register: afterFile });
  await system.recording();
});

it('is tried after 60, 300 and 1,860 s, said in words everywhere, and heals by itself', {
  timeout: 120_000,
}, async () => {
  await camera.setFault(LOCK);
  await writeFile(secretPath, camera.url.replace(':right@', ':wrong@'));
  const brokenAtMs = camera.nowMs();
  await camera.setFault({ kind: 'reset' });

  await waitFor(() => triesSince(brokenAtMs).length === 3, { what: 'three tries', deadlineMs: 30_000 });
  await expectWordsEverywhere();

  // While the longest wait goes on.
  await writeFile(secretPath, camera.url);
  await waitFor(() => triesSince(brokenAtMs).length === 4, { what: 'a fourth try', deadlineMs: 45_000 });
  const tries = triesSince(brokenAtMs);
  expect(tries.map(({ outcomes }) => outcomes)).toEqual([
    ['challenged', 'rejected'],
    ['challenged', 'rejected'],
    ['challenged', 'rejected'],
    ['challenged', 'accepted'],
  ]);
  for (const [index, waitMs] of WAITS_MS.entries()) {
    const betweenMs = (tries[index + 1]?.firstAtMs ?? 0) - (tries[index]?.lastAtMs ?? 0);
    expect(betweenMs, `wait ${index + 1}`).toBeGreaterThanOrEqual(waitMs);
    expect(betweenMs, `wait ${index + 1}`).toBeLessThan(waitMs + SLACK_MS);
  }
  await system.recording();
  await expectGapIsExplained(brokenAtMs, tries[3]?.lastAtMs ?? 0);
});

/** One connection is one try: FFmpeg asks, is challenged, and answers with the password once. */
function triesSince(fromMs: number) {
  const attempts = camera.attempts.filter(({ atMs }) => atMs >= fromMs);
  return [...new Set(attempts.map(({ connection }) => connection))]
    .map((connection) => {
      const own = attempts.filter((attempt) => attempt.connection === connection);
      return {
        outcomes: own.map(({ outcome }) => outcome),
        firstAtMs: own[0]?.atMs ?? 0,
        lastAtMs: own.at(-1)?.atMs ?? 0,
      };
    })
    .filter(({ outcomes }) => outcomes.some((outcome) => outcome !== 'challenged'));
}

const { todo: TODO, ...said } = refusalTexts.unauthorized;
const WHAT = said.what.replace(/\.$/, '');

async function expectWordsEverywhere(): Promise<void> {
  const { recorder } = system;
  const soon = { deadlineMs: 15_000, pollMs: 200 };
  await waitFor(async () => (await temporal.currentDetails(id)).includes(WHAT), {
    what: 'the current details',
    ...soon,
  });
  const [details, status] = [await temporal.currentDetails(id), await temporal.status(id)];
  expect(details).toContain(TODO);
  expect(details).toContain('401');
  expect(status.condition).toMatchObject({ kind: 'down', cause: 'camera-refused', refusal: 'unauthorized' });

  const view: StatusView = JSON.parse((await recorder.page('/status.json')) ?? '');
  expect(view.cameras[0]).toMatchObject({ level: 'bad', state: expect.stringContaining(WHAT) });
  expect(view.cameras[0]?.todo).toContain(TODO);
  const page = (await recorder.page('/')) ?? '';
  expect(page).toContain(WHAT);
  expect(page).toContain(TODO);
  expect(await recorder.page('/metrics')).toContain(`camera_stream_connected{camera_id="${id}"} 0`);

  // A blip leaves a camera ready for 20 s.
  const ready = await waitFor(
    async () => {
      const answer = await fetch(`${recorder.pageUrl}/ready`);
      return answer.status === 503 ? await answer.text() : null;
    },
    { what: '/ready to say no', deadlineMs: 30_000, pollMs: 250 },
  );
  expect(ready).toContain(`${id}: ${WHAT}`);
}

async function expectGapIsExplained(brokenAtMs: number, healedAtMs: number): Promise<void> {
  await system.storedUntil(id, healedAtMs + SEGMENT_SEC * 1_000, 60_000);
  const { gaps, missing, doubled } = await system.audit(0);
  expect(missing).toEqual([]);
  expect(doubled).toEqual([]);
  const refused = gaps.filter(({ cause }) => cause === 'camera-refused');
  const refusedMs = refused.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
  expect(refusedMs).toBeGreaterThan(0.9 * (healedAtMs - brokenAtMs));
}
