import { expect, it } from 'vitest';
import { type CameraId, parseCameraId, parseRecorderId } from '../../src/domain/ids.js';
import { gapObjectKeyOf } from '../../src/domain/object-key.js';
import { MemoryStore } from '../../src/object-store/memory.js';
import { declareLoss, planLoss } from '../../src/workers/declare-lost.js';
import type { LostRecorder } from '../../src/workers/lost-recorder.js';
import type { CameraStatus } from '../../src/workflows/contract.js';
import { SPEC } from '../support/worker-harness.js';

const camera: CameraId = parseCameraId('camera-1');
const [lost, other] = [parseRecorderId('lost'), parseRecorderId('other')];
/** On the boundary of a slot of 60 s. */
const DAY_MS = Date.UTC(2025, 11, 14, 1, 30);
const NOW_MS = DAY_MS + 300_000;
const ENDED_MS = DAY_MS + 90_000;

function statusWith(patch: Partial<CameraStatus>): CameraStatus {
  const status = {
    camera,
    desired: 'record' as const,
    recorder: lost,
    condition: { kind: 'unassigned' as const, sinceMs: 0 },
    spec: SPEC,
    lastEndedAtMs: ENDED_MS,
    stopping: null,
    recent: [],
  };
  return { ...status, declined: [], ...patch } as CameraStatus;
}

function lostWith(status: CameraStatus | null, owed: LostRecorder['owed'] = []): LostRecorder {
  return { recorder: lost, heardAgoMs: null, owed, cameras: new Map([[camera, status]]) };
}

const plan = async (given: LostRecorder, store = new MemoryStore()) =>
  await planLoss(given, { store, nowMs: NOW_MS }, AbortSignal.timeout(5_000));

it.each([
  ['that nobody has taken is missing until now', statusWith({}), [{ fromMs: ENDED_MS, toMs: NOW_MS }]],
  ['that another one records is told of by that one', statusWith({ recorder: other }), []],
  ['that is paused is not missing', statusWith({ desired: 'pause' }), []],
  ['that was removed is not missing', statusWith({ condition: { kind: 'removed', sinceMs: 0 } }), []],
  ['that never recorded is not missing', statusWith({ lastEndedAtMs: null }), []],
  ['of which nobody says anything is not missing', null, []],
] as const)('a camera %s', async (_, status, times) => {
  expect(await plan(lostWith(status))).toMatchObject([{ camera, times }]);
});

it('a segment whose end nobody noted is taken for one of full length, and told of once', async () => {
  const store = new MemoryStore();
  const segment = 'camera-1_20251214T013000Z-7f3a_0000' as never;
  const owed = [{ segment, camera, fromMs: DAY_MS, toMs: null, isWaiting: true }];
  const given = lostWith(statusWith({ recorder: other }), owed);
  const [one] = await plan(given, store);
  if (one === undefined) throw new Error('one camera was lost');
  expect(one.times).toEqual([{ fromMs: DAY_MS, toMs: DAY_MS + 60_000 }]);
  const signal = AbortSignal.timeout(5_000);
  expect(await declareLoss(lost, one, store, signal)).toBe(1);
  expect(await store.head(gapObjectKeyOf(camera, DAY_MS), signal)).toBeDefined();
  // Stopped before the uploads were told, it is begun again.
  expect(await declareLoss(lost, one, store, signal)).toBe(1);
  expect(await plan(given, store)).toMatchObject([{ times: [] }]);
});
