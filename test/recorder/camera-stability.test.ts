import { describe, expect, test } from 'vitest';
import { GAP_CAUSES, type GapCause, type GapClaim } from '../../src/domain/coverage.js';
import { parseRecorderId } from '../../src/domain/ids.js';
import { instabilityWords } from '../../src/domain/instability.js';
import {
  CameraStability,
  coveredRatio,
  isUnstable,
  STABLE_FROM,
  UNSTABLE_FROM,
} from '../../src/recorder/camera-stability.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const by = parseRecorderId('r1');
const gap = (fromMs: number, toMs: number, cause: GapCause = 'camera-stalled'): GapClaim => ({
  fromMs,
  toMs,
  cause,
  by,
});

test.each([
  [false, 0, false],
  [false, 5, false],
  [false, 6, true],
  [true, 6, true],
  [true, 5, true],
  [true, 3, true],
  [true, 2, false],
  [true, 0, false],
])('unstable before: %s, with %i reconnects in the hour: %s', (was, reconnects, expected) => {
  expect(isUnstable(was, reconnects)).toBe(expected);
});

test.each<readonly [string, readonly GapClaim[], number]>([
  ['nothing', [], 1],
  ['a tenth', [gap(1_100, 1_200)], 0.9],
  ['what began before, as far as it is inside', [gap(500, 1_100)], 0.9],
  ['what has not ended', [gap(1_900, 9_000)], 0.9],
  ['what is over', [gap(0, 1_000)], 1],
  ['two gaps', [gap(1_000, 1_100), gap(1_400, 1_500, 'camera-unreachable')], 0.8],
  ['all of it', [gap(0, 9_000)], 0],
  ['what somebody asked for', [gap(1_000, 1_500, 'paused'), gap(1_500, 1_600, 'reconfigured')], 1],
])('of an hour that misses %s', (_, claims, ratio) => {
  expect(coveredRatio({ fromMs: 1_000, toMs: 2_000 }, claims)).toBeCloseTo(ratio, 9);
});

test('a range without length is covered', () => {
  expect(coveredRatio({ fromMs: 5, toMs: 5 }, [gap(0, 9)])).toBe(1);
});

test.each([
  [14, 0.961_9, '14 reconnects/h, 96.1 % covered'],
  [6, 0.999_99, '6 reconnects/h, 99.9 % covered'],
  [6, 1, '6 reconnects/h, 100.0 % covered'],
  [60, 0, '60 reconnects/h, 0.0 % covered'],
])('%i reconnects and a coverage of %d are told as %s', (reconnects, ratio, words) => {
  expect(instabilityWords({ reconnects, coveredRatio: ratio })).toBe(words);
});

describe('a camera that is watched', () => {
  function watched() {
    let nowMs = 1_000_000;
    let startedAtMs = nowMs;
    const clock = { wallMs: () => nowMs, monotonicMs: () => nowMs - startedAtMs, sleep: async () => undefined };
    let stability = new CameraStability(clock);
    return {
      get stability() {
        return stability;
      },
      /** Another worker, which reads what this one noted; monotonic time begins anew, as on a machine that was started again. */
      restart: (awayMs: number) => {
        const note = stability.note();
        nowMs += awayMs;
        startedAtMs = nowMs;
        stability = new CameraStability(clock, note);
      },
      pass: (ms: number) => void (nowMs += ms),
      nowMs: () => nowMs,
      now: (claims: readonly GapClaim[] = []) => stability.now(() => claims),
    };
  }

  test('is unstable from the sixth loss within an hour, with what it misses, until two are left of them', () => {
    const it = watched();
    const seen: string[] = [];
    const look = (): void => {
      const now = it.now();
      seen.push(now === null ? 'stable' : instabilityWords(now));
    };
    for (let loss = 0; loss < UNSTABLE_FROM; loss++) {
      it.pass(MINUTE_MS);
      it.stability.lost('stream-ended');
      it.stability.sealed([gap(it.nowMs(), it.nowMs() + 6_000, 'stream-ended')]);
      look();
    }
    it.pass(54 * MINUTE_MS);
    look();
    for (let minute = 0; minute < 4; minute++) {
      it.pass(MINUTE_MS);
      look();
    }
    expect(seen).toEqual([
      ...Array.from({ length: 5 }, () => 'stable'),
      '6 reconnects/h, 91.6 % covered',
      '6 reconnects/h, 99.0 % covered',
      // The gap after a loss is in the hour for a few seconds longer than the loss.
      '5 reconnects/h, 99.0 % covered',
      '4 reconnects/h, 99.1 % covered',
      '3 reconnects/h, 99.3 % covered',
      'stable',
    ]);
  });

  test('says since when, and counts the gap that is open', () => {
    const it = watched();
    for (let loss = 0; loss < UNSTABLE_FROM; loss++) it.stability.lost('camera-unreachable');
    const sinceMs = it.nowMs();
    expect(it.now()).toMatchObject({ sinceMs });
    it.pass(10_000);
    expect(it.now([gap(sinceMs + 5_000, it.nowMs())])).toEqual({ sinceMs, reconnects: 6, coveredRatio: 0.5 });
  });

  test('is as unstable to the next worker as to the one before it, until the hour is over', () => {
    const it = watched();
    for (let loss = 0; loss < UNSTABLE_FROM; loss++) it.stability.lost('stream-ended');
    it.stability.sealed([gap(it.nowMs(), it.nowMs() + 6_000, 'stream-ended')]);
    it.pass(MINUTE_MS);
    const before = it.now();
    expect(before).toMatchObject({ reconnects: 6, coveredRatio: 0.9 });
    it.restart(0);
    expect(it.now()).toEqual(before);
    it.restart(HOUR_MS - MINUTE_MS - 1);
    expect(it.now()).toMatchObject({ sinceMs: before?.sinceMs, reconnects: 6 });
    it.pass(1);
    expect(it.now()).toBeNull();
  });

  test('that lost three connections is unstable to the next worker only if it was', () => {
    const it = watched();
    for (let loss = 0; loss < STABLE_FROM + 1; loss++) it.stability.lost('stream-ended');
    it.restart(0);
    expect(it.now()).toBeNull();
    for (let loss = STABLE_FROM + 1; loss < UNSTABLE_FROM; loss++) it.stability.lost('stream-ended');
    expect(it.now()).toMatchObject({ reconnects: 6 });
  });

  test('of a wrong clock says nothing to the next worker', () => {
    const it = watched();
    for (let loss = 0; loss < UNSTABLE_FROM; loss++) it.stability.lost('stream-ended');
    expect(it.now()).not.toBeNull();
    it.restart(-1_000);
    expect(it.now()).toBeNull();
  });

  test('that loses its connection all the time has a note that does not grow, and says of which time it is', () => {
    const it = watched();
    for (let loss = 0; loss < 600; loss++) {
      it.pass(3_000);
      it.stability.lost('stream-ended');
      it.stability.sealed([gap(it.nowMs(), it.nowMs() + 600, 'stream-ended')]);
    }
    const note = it.stability.note();
    expect([note.lostAtMs.length, note.claims.length]).toEqual([120, 120]);
    expect(note.sinceMs).toBe(note.claims[0]?.fromMs);
    it.restart(3_000);
    expect(it.now()).toMatchObject({ reconnects: 120, coveredRatio: 0.8 });
  });

  test('does not come and go with each loss at the edge', () => {
    const it = watched();
    const changes: boolean[] = [];
    // One each 11 minutes after a bad start: five or six within any hour.
    for (let loss = 0; loss < 30; loss++) {
      it.pass(loss < UNSTABLE_FROM ? MINUTE_MS : 11 * MINUTE_MS);
      it.stability.lost('camera-stalled');
      const isNow = it.now() !== null;
      if (isNow !== (changes.at(-1) ?? false)) changes.push(isNow);
    }
    expect(changes).toEqual([true]);
  });

  test.each(GAP_CAUSES)('loses its connection by %s or not', (cause) => {
    const it = watched();
    for (let loss = 0; loss < UNSTABLE_FROM; loss++) it.stability.lost(cause);
    const isWanted = ['removed', 'paused', 'reconfigured', 'not-scheduled', 'expired', 'disk-full'].includes(cause);
    expect(it.now() === null).toBe(isWanted);
  });

  test('is no longer unstable after an hour of peace', () => {
    const it = watched();
    for (let loss = 0; loss < UNSTABLE_FROM; loss++) it.stability.lost('stream-ended');
    expect(it.now()).not.toBeNull();
    it.pass(HOUR_MS - 1);
    expect(it.now()).not.toBeNull();
    it.pass(1);
    expect(it.now()).toBeNull();
    expect(STABLE_FROM).toBeLessThan(UNSTABLE_FROM);
  });
});
