import { describe, expect, it } from 'vitest';
import type { ReadinessPolicy } from '../../src/config/config.js';
import type { CameraCondition } from '../../src/domain/camera.js';
import { type CameraId, parseCameraId, parseSessionId } from '../../src/domain/ids.js';
import {
  judgeReadiness,
  observeReadiness,
  READY_AFTER_MS,
  type ReadinessState,
  STARTUP_MS,
  UNREADY_AFTER_MS,
} from '../../src/http/readiness.js';
import { redact } from '../../src/redact.js';

const one = parseCameraId('camera-1');
const two = parseCameraId('camera-2');
const recording: CameraCondition = {
  kind: 'recording',
  sinceMs: 0,
  session: parseSessionId('20251214T013002Z-7f3a'),
  lastFrameAtMs: 0,
};
const connecting: CameraCondition = { kind: 'connecting', sinceMs: 0 };
const down: CameraCondition = {
  kind: 'down',
  sinceMs: 0,
  cause: 'camera-unreachable',
  retryAtMs: 0,
  detail: redact(''),
};
const paused: CameraCondition = { kind: 'paused', sinceMs: 0 };

/** Looks at one camera at the given times; tells whether it was ready after each. */
function looks(...seen: readonly (readonly [number, CameraCondition])[]): readonly boolean[] {
  let state: ReadinessState = new Map();
  return seen.map(([nowMs, condition]) => {
    state = observeReadiness(state, new Map([[one, condition]]), nowMs);
    return state.get(one)?.isReady === true;
  });
}

describe('hysteresis', () => {
  it('believes the first look', () => {
    expect(looks([0, recording])).toEqual([true]);
    expect(looks([0, connecting])).toEqual([false]);
  });
  it('overlooks a reconnect', () => {
    expect(looks([0, recording], [1_000, down], [8_000, connecting], [9_000, recording])).toEqual([
      true,
      true,
      true,
      true,
    ]);
  });
  it('gives up a camera that stays away', () => {
    expect(
      looks([0, recording], [1_000, down], [999 + UNREADY_AFTER_MS, down], [1_000 + UNREADY_AFTER_MS, down]),
    ).toEqual([true, true, true, false]);
  });
  it('starts counting again after every return', () => {
    expect(looks([0, recording], [1_000, down], [15_000, recording], [16_000, down], [30_000, down])).toEqual(
      Array.from({ length: 5 }, () => true),
    );
  });
  it('takes a camera back only when it stays', () => {
    expect(
      looks([0, down], [1_000, recording], [2_000, down], [3_000, recording], [3_000 + READY_AFTER_MS, recording]),
    ).toEqual([false, false, false, false, true]);
  });
  it('forgets a camera that is gone', () => {
    const state = observeReadiness(new Map(), new Map([[one, down]]), 0);
    expect([...observeReadiness(state, new Map(), 1).keys()]).toEqual([]);
  });
});

function judge(
  policy: ReadinessPolicy,
  cameras: readonly (readonly [CameraId, CameraCondition])[],
  upForMs = STARTUP_MS,
  notices: readonly string[] = [],
) {
  const conditions = new Map(cameras);
  const state = observeReadiness(new Map(), conditions, 0);
  const times = { nowMs: 0, upForMs };
  return judgeReadiness({ policy, state, conditions, declined: new Map(), expected: [one, two], ...times, notices });
}

describe('the answer', () => {
  it.each<readonly [ReadinessPolicy, CameraCondition, CameraCondition, boolean]>([
    ['all', recording, recording, true],
    ['all', recording, down, false],
    ['all', recording, paused, true],
    ['all', paused, paused, true],
    ['any', recording, down, true],
    ['any', connecting, down, false],
    ['any', paused, paused, true],
    ['process', down, down, true],
  ])('by policy %s', (policy, first, second, isReady) => {
    expect(
      judge(policy, [
        [one, first],
        [two, second],
      ]).isReady,
    ).toBe(isReady);
  });

  it('says why in words', () => {
    expect(
      judge('all', [
        [one, recording],
        [two, down],
      ]).why,
    ).toBe('1 of 2 cameras are ready (camera-2: The camera does not answer on the network).');
    expect(judge('all', []).why).toBe('No camera is to be recorded here.');
    expect(judge('process', [[one, connecting]]).why).toBe(
      '0 of 1 camera is ready (camera-1: connecting). The policy "process" asks only that this process runs.',
    );
  });

  it.each<readonly [string, CameraCondition, CameraCondition, string]>([
    [
      'one that has come back a moment ago',
      down,
      recording,
      '0 of 1 camera is ready (camera-1: not ready yet, recording for 3 s).',
    ],
    [
      'one that is away for a moment',
      recording,
      down,
      '1 of 1 camera is ready; camera-1 is away for 3 s: The camera does not answer on the network.',
    ],
  ])('does not contradict itself about %s', (_what, before, now, why) => {
    const conditions = new Map([[one, now]]);
    const first = observeReadiness(new Map(), new Map([[one, before]]), 0);
    const state = observeReadiness(observeReadiness(first, conditions, 1_000), conditions, 4_000);
    const expected = [one];
    const answer = judgeReadiness({
      policy: 'all',
      state,
      conditions,
      declined: new Map(),
      expected,
      nowMs: 4_000,
      upForMs: STARTUP_MS,
      notices: [],
    });
    expect(answer.why).toBe(why);
  });

  it.each<readonly [CameraCondition, string]>([
    [paused, 'paused'],
    [{ kind: 'unassigned', sinceMs: 0 }, 'not recorded here'],
    [{ kind: 'unassigned', sinceMs: 0, cause: 'removed' }, 'The camera was stopped or taken out of the configuration'],
    [{ kind: 'unassigned', sinceMs: 0, cause: 'moved' }, 'The camera moved from one recorder to another'],
  ])('names a camera that is not asked for, and why: %o', (condition, state) => {
    const answer = judge('all', [
      [one, recording],
      [two, condition],
    ]);
    expect(answer).toMatchObject({ isReady: true, cameras: [{ id: one }], notAsked: [{ id: two, state }] });
  });

  it('names a camera that is not taken here, and is ready without it', () => {
    const conditions = new Map([[one, recording]]);
    const state = observeReadiness(new Map(), conditions, 0);
    const declined = new Map([[two, { decline: 'no-secret', detail: redact('no'), sinceMs: 0 } as const]]);
    const times = { nowMs: 0, upForMs: STARTUP_MS };
    const some = { policy: 'all', expected: [], notices: [] } as const;
    const answer = judgeReadiness({ ...some, state, conditions, declined, ...times });
    expect(answer).toMatchObject({
      isReady: true,
      notAsked: [{ id: two, state: 'not taken: This recorder has no usable URL for the camera' }],
    });
  });

  it('says what else a person should know, and is not kept from being ready by it', () => {
    const answer = judge('all', [[one, recording]], STARTUP_MS, ['The limit is too low.']);
    expect(answer).toMatchObject({ isReady: true, why: '1 of 1 camera is ready. The limit is too low.' });
  });

  it('says that a camera is unstable, and is ready all the same', () => {
    const unstable = { sinceMs: 0, reconnects: 14, coveredRatio: 0.961 };
    const words = 'unstable (14 reconnects/h, 96.1 % covered), recording';
    expect(judge('all', [[one, { ...recording, unstable }]])).toMatchObject({
      isReady: true,
      why: '1 of 1 camera is ready.',
      cameras: [{ id: one, isReady: true, state: words }],
    });
  });

  it('waits for configured cameras, but only while starting', () => {
    expect(judge('all', [[one, recording]], 1_000)).toMatchObject({
      isReady: false,
      why: '1 of 2 cameras are ready (camera-2: not started yet).',
    });
    expect(judge('all', [[one, recording]], STARTUP_MS).isReady).toBe(true);
  });
});
