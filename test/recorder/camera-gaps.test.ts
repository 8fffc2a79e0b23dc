import { describe, expect, test } from 'vitest';
import type { Clock } from '../../src/clock.js';
import { parseCameraId, parseRecorderId, parseSessionId } from '../../src/domain/ids.js';
import type { TimeRange } from '../../src/domain/time-range.js';
import { CameraGaps } from '../../src/recorder/camera-gaps.js';
import type { Assignment } from '../../src/spool/spool.js';

const me = parseRecorderId('box');
const T = Date.UTC(2026, 0, 2, 3, 0, 0);
const SEC = 1_000;
const HOUR = 3_600 * SEC;

/** A wall clock that is set by hand; monotonic time goes on. */
class SetClock implements Clock {
  wall = T;
  monotonic = 0;
  wallMs = () => this.wall;
  monotonicMs = () => this.monotonic;
  sleep = async () => undefined;
  pass(ms: number) {
    this.wall += ms;
    this.monotonic += ms;
  }
}

function journalOf(lastEndedAtMs: number): Assignment {
  return {
    schema: 1,
    camera: parseCameraId('camera-1'),
    spec: {
      source: { kind: 'secret', name: 'camera-1' },
      segmentDurationSec: 900,
      audio: 'off',
      stallTimeoutMs: 4_000,
      socketTimeoutMs: 2_500,
      tlsVerify: false,
    },
    desired: 'record',
    stopCause: null,
    taskToken: null,
    notBeforeMs: null,
    lastEndedAtMs,
    openClaims: [],
    updatedAtMs: lastEndedAtMs,
  };
}

/** @returns the claims it carries */
function sealed(gaps: CameraGaps, footage: TimeRange, isClockStepped = false) {
  const gapsBefore = gaps.claimsBefore(footage, isClockStepped);
  gaps.sealed({ ...footage, gapsBefore });
  return gapsBefore;
}

/** Frames came, and what they are in is sealed. @returns its claims */
function recorded(gaps: CameraGaps, footage: TimeRange, isClockStepped = false) {
  gaps.began();
  const claims = sealed(gaps, footage, isClockStepped);
  return claims.map(({ cause, fromMs, toMs }) => [cause, (fromMs - T) / SEC, (toMs - T) / SEC]);
}

test('a clock that was hours ahead and set right: claimed from then on, and every later gap too', () => {
  const clock = new SetClock();
  const gaps = new CameraGaps(clock, me, journalOf(T + 5 * HOUR));
  expect(gaps.note('recorder-restarted')).toBe(true);
  clock.pass(20 * SEC);
  gaps.note('camera-unreachable');
  clock.pass(10 * SEC);
  expect(recorded(gaps, { fromMs: clock.wall, toMs: clock.wall + 60 * SEC })).toEqual([
    ['clock-stepped', 0, 20],
    ['camera-unreachable', 20, 30],
  ]);
  clock.pass(60 * SEC);
  gaps.note('stream-ended');
  clock.pass(5 * SEC);
  expect(recorded(gaps, { fromMs: clock.wall, toMs: clock.wall + 60 * SEC })).toEqual([['stream-ended', 90, 95]]);
});

test('set back while a file is open: the gap after its session is claimed', () => {
  const clock = new SetClock();
  const gaps = new CameraGaps(clock, me, undefined);
  expect(recorded(gaps, { fromMs: T, toMs: T + 60 * SEC })).toEqual([]);
  clock.pass(90 * SEC);
  clock.wall -= 2 * HOUR;
  // The open file's times are corrected by whoever follows it.
  const from = T + 60 * SEC - 2 * HOUR;
  expect(recorded(gaps, { fromMs: from, toMs: clock.wall }, true)).toEqual([]);
  gaps.note('stream-ended');
  const goneAtMs = clock.wall;
  clock.pass(7 * SEC);
  const again = { fromMs: clock.wall, toMs: clock.wall + SEC };
  expect(recorded(gaps, again)).toEqual([['stream-ended', (goneAtMs - T) / SEC, (clock.wall - T) / SEC]]);
});

test('set far forward: the time that never was is claimed as such, causes noted after it as they are', () => {
  const clock = new SetClock();
  const gaps = new CameraGaps(clock, me, journalOf(T));
  clock.pass(10 * SEC);
  clock.wall += 3 * HOUR;
  const from = clock.wall - 5 * SEC;
  expect(recorded(gaps, { fromMs: from, toMs: clock.wall }, true)).toEqual([['clock-stepped', 0, 3 * 3_600 + 5]]);
});

test('footage of the future, of our own spool or another recorder, moves no end', () => {
  const clock = new SetClock();
  const gaps = new CameraGaps(clock, me, journalOf(T - 30 * SEC));
  expect(gaps.noteElsewhere(T + 5 * HOUR)).toBe(false);
  expect(gaps.lastEndedAtMs).toBe(T - 30 * SEC);
  expect(gaps.noteElsewhere(T + 2 * SEC)).toBe(true);
});

test('a cause that was noted by a clock ahead names no later gap', () => {
  const clock = new SetClock();
  const gaps = new CameraGaps(clock, me, journalOf(T));
  clock.wall += 5 * HOUR;
  gaps.note('disk-full');
  clock.wall -= 5 * HOUR;
  clock.pass(10 * SEC);
  recorded(gaps, { fromMs: clock.wall, toMs: clock.wall + 60 * SEC });
  clock.pass(60 * SEC);
  gaps.note('stream-ended');
  clock.pass(5 * SEC);
  expect(recorded(gaps, { fromMs: clock.wall, toMs: clock.wall + SEC })).toEqual([['stream-ended', 70, 75]]);
});

test('a cause that has just been noted is in the journal, where it holds until another one is', () => {
  const clock = new SetClock();
  const gaps = new CameraGaps(clock, me, journalOf(T));
  gaps.note('stream-ended');
  clock.pass(2 * SEC);
  gaps.note('camera-unreachable');
  expect(gaps.openClaims(clock.wallMs())).toEqual([
    { cause: 'stream-ended', fromMs: T, toMs: T + 2 * SEC, by: me },
    { cause: 'camera-unreachable', fromMs: T + 2 * SEC, toMs: T + 2 * SEC + 1, by: me },
  ]);
});

describe('a camera that nobody here knows, found in the bucket to be recorded until T', () => {
  /** Seen here for the first time 100 s later. */
  function found(...story: readonly ((gaps: CameraGaps, clock: SetClock) => void)[]) {
    const clock = new SetClock();
    clock.pass(100 * SEC);
    const gaps = new CameraGaps(clock, me, undefined);
    for (const chapter of story) {
      chapter(gaps, clock);
      clock.pass(10 * SEC);
    }
    return { gaps, claims: recorded(gaps, { fromMs: clock.wall, toMs: clock.wall + 60 * SEC }) };
  }
  const unreachable = (gaps: CameraGaps) => void gaps.note('camera-unreachable');
  const answered = (gaps: CameraGaps) => expect(gaps.noteMovedBefore(T)).toBe(true);

  test('the time until the first frame here is that of the move', () => {
    expect(found(answered).claims).toEqual([['moved', 0, 110]]);
  });

  test('what was noted here before and after the answer keeps its name', () => {
    const ended = (gaps: CameraGaps) => void gaps.note('camera-refused');
    expect(found(unreachable, answered, ended).claims).toEqual([
      ['moved', 0, 100],
      ['camera-unreachable', 100, 120],
      ['camera-refused', 120, 130],
    ]);
  });

  test('the answer goes into the assignment: a restart before the first seal keeps it', () => {
    const clock = new SetClock();
    clock.pass(100 * SEC);
    const gaps = new CameraGaps(clock, me, undefined);
    answered(gaps);
    clock.pass(5 * SEC);
    const openClaims = gaps.openClaims(clock.wallMs());
    expect(openClaims).toEqual([{ cause: 'moved', fromMs: T, toMs: T + 105 * SEC, by: me }]);
    const next = new CameraGaps(clock, me, { ...journalOf(T), openClaims });
    next.note('recorder-restarted');
    clock.pass(5 * SEC);
    expect(recorded(next, { fromMs: clock.wall, toMs: clock.wall + SEC })).toEqual([
      ['moved', 0, 105],
      ['recorder-restarted', 105, 110],
    ]);
  });

  test('once footage is known here the answer changes nothing, and one of the future never does', () => {
    const { gaps } = found();
    expect(gaps.noteMovedBefore(T)).toBe(false);
    expect(gaps.lastEndedAtMs).toBe(T + 160 * SEC);
    expect(new CameraGaps(new SetClock(), me, undefined).noteMovedBefore(T + HOUR)).toBe(false);
  });
});

describe('the seconds of the recorder’s own absence', () => {
  /** Away for 100 s after footage until T; seen again after `connectSec` more. */
  function back(journal: Assignment, left?: TimeRange) {
    const clock = new SetClock();
    clock.pass(100 * SEC);
    const gaps = new CameraGaps(clock, me, journal);
    gaps.note('recorder-restarted');
    if (left !== undefined) sealed(gaps, left);
    clock.pass(2 * SEC);
    recorded(gaps, { fromMs: clock.wall, toMs: clock.wall + 60 * SEC });
    return Object.fromEntries(gaps.msByCause());
  }

  test('are metered, once the first footage after it is sealed', () => {
    expect(back(journalOf(T))).toEqual({ 'recorder-restarted': 102 * SEC });
  });

  test('begin where the footage that was left behind ends', () => {
    expect(back(journalOf(T), { fromMs: T, toMs: T + 70 * SEC })).toEqual({ 'recorder-restarted': 32 * SEC });
  });

  test('are none when recording went on', () => {
    const clock = new SetClock();
    clock.pass(100 * SEC);
    const gaps = new CameraGaps(clock, me, journalOf(T));
    recorded(gaps, { fromMs: T, toMs: T + 160 * SEC });
    expect(Object.fromEntries(gaps.msByCause())).toEqual({});
  });

  test('are metered from when the worker before noted its end', () => {
    const openClaims = [{ cause: 'recorder-restarted', fromMs: T, toMs: T + SEC, by: me } as const];
    const journal = { ...journalOf(T), openClaims, updatedAtMs: T + SEC };
    expect(back(journal)).toEqual({ 'recorder-restarted': 101 * SEC });
  });

  test('are not metered twice when a gap was open before', () => {
    const openClaims = [{ cause: 'camera-unreachable', fromMs: T, toMs: T + 50 * SEC, by: me } as const];
    expect(back({ ...journalOf(T), openClaims })).toEqual({ 'recorder-restarted': 2 * SEC });
  });
});

describe('the seconds that are counted of a gap', () => {
  const first = parseSessionId('20260102T030000Z-0001');
  const second = parseSessionId('20260102T030010Z-0002');

  /** What is told now, in seconds by cause, each call at the next moment of a story. */
  function told(gaps: CameraGaps) {
    return Object.fromEntries([...gaps.msByCause()].map(([cause, ms]) => [cause, ms / SEC]));
  }

  /** Sealed until T, then 10 s more whose file is still open, and 4 s of silence in which nobody knows. */
  function stalled() {
    const clock = new SetClock();
    const gaps = new CameraGaps(clock, me, undefined);
    recorded(gaps, { fromMs: T - 60 * SEC, toMs: T });
    clock.pass(10 * SEC);
    gaps.framesSeen(first, T, 0);
    clock.pass(4 * SEC);
    gaps.framesSeen(first, T, 4 * SEC);
    expect(told(gaps)).toEqual({});
    gaps.note('camera-stalled');
    return { gaps, clock };
  }

  test('are those since its last frame, as soon as it is noticed, although that is not sealed yet', () => {
    const { gaps, clock } = stalled();
    expect(told(gaps)).toEqual({ 'camera-stalled': 4 });
    clock.pass(SEC);
    expect(told(gaps)).toEqual({ 'camera-stalled': 5 });
  });

  test('are those of the claim, once the file before it is sealed', () => {
    const { gaps } = stalled();
    sealed(gaps, { fromMs: T, toMs: T + 9.5 * SEC });
    gaps.sealedToItsEnd(first);
    expect(told(gaps)).toEqual({ 'camera-stalled': 4.5 });
  });

  test('stand still while a session is started, catch up when that fails, and end at the first frame', () => {
    const { gaps, clock } = stalled();
    gaps.trying();
    clock.pass(8 * SEC);
    expect(told(gaps)).toEqual({ 'camera-stalled': 4 });
    gaps.note('camera-unreachable');
    expect(told(gaps)).toEqual({ 'camera-stalled': 12 });
    gaps.trying();
    clock.pass(3 * SEC);
    gaps.framesSeen(second, null, 0);
    gaps.began();
    expect(told(gaps)).toEqual({ 'camera-stalled': 12 });
    clock.pass(2 * SEC);
    const fromMs = clock.wall - 3.5 * SEC;
    gaps.framesSeen(second, fromMs, 0);
    expect(told(gaps)).toEqual({ 'camera-stalled': 12, 'camera-unreachable': 1.5 });
    sealed(gaps, { fromMs: T, toMs: T + 10 * SEC });
    const claims = sealed(gaps, { fromMs, toMs: clock.wall });
    expect(claims.map(({ cause, fromMs: since, toMs }) => [cause, (toMs - since) / SEC])).toEqual([
      ['camera-stalled', 12],
      ['camera-unreachable', 1.5],
    ]);
    clock.pass(900 * SEC);
    expect(told(gaps)).toEqual({ 'camera-stalled': 12, 'camera-unreachable': 1.5 });
  });

  test('never shrink: what a first look saw too late is told until the truth is as much', () => {
    const { gaps, clock } = stalled();
    clock.pass(SEC);
    expect(told(gaps)).toEqual({ 'camera-stalled': 5 });
    sealed(gaps, { fromMs: T, toMs: T + 10.4 * SEC });
    gaps.sealedToItsEnd(first);
    expect(told(gaps)).toEqual({ 'camera-stalled': 5 });
    clock.pass(SEC);
    expect(told(gaps)['camera-stalled']).toBeCloseTo(5.6);
  });

  test('are none of a recording that goes on under another worker', () => {
    const clock = new SetClock();
    const openClaims = [{ cause: 'camera-stalled', fromMs: T, toMs: T + 5 * SEC, by: me } as const];
    clock.pass(300 * SEC);
    const gaps = new CameraGaps(clock, me, { ...journalOf(T), openClaims });
    gaps.trying(T + 4 * SEC);
    clock.pass(SEC);
    gaps.framesSeen(second, T + 5 * SEC, 0);
    gaps.began();
    sealed(gaps, { fromMs: T + 5 * SEC, toMs: clock.wall });
    expect(told(gaps)).toEqual({});
    gaps.note('ffmpeg-died');
    clock.pass(2 * SEC);
    expect(told(gaps)).toEqual({ 'ffmpeg-died': 2 });
  });

  test('are not those that a session recorded which ended without us', () => {
    const clock = new SetClock();
    const gaps = new CameraGaps(clock, me, journalOf(T));
    clock.pass(100 * SEC);
    gaps.leftBehind(first);
    gaps.note('recorder-restarted');
    clock.pass(SEC);
    expect(told(gaps)).toEqual({ 'recorder-restarted': 1 });
    sealed(gaps, { fromMs: T, toMs: T + 70 * SEC });
    gaps.sealedToItsEnd(first);
    expect(told(gaps)).toEqual({ 'recorder-restarted': 31 });
  });

  test('are not those of a camera that was taken away, but those before it', () => {
    const { gaps, clock } = stalled();
    gaps.note('removed');
    clock.pass(HOUR);
    expect(told(gaps)).toEqual({ 'camera-stalled': 4 });
  });
});
