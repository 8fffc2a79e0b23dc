import { describe, expect, test } from 'vitest';
import { stepBetween } from '../../src/recorder/clock-steps.js';
import { lookedAgain, silenceFrom } from '../../src/recorder/silence.js';
import {
  continuedAt,
  type FileTimes,
  mediaStartOf,
  nominalStartOf,
  sealsAtOf,
  startOf,
  timesOf,
} from '../../src/recorder/times.js';

const T = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const file = (changed: Partial<FileTimes>): FileTimes => ({
  index: 1,
  bornAtMs: T,
  firstSeenAtMs: T + 400,
  earliestStartMs: T - 900,
  continuesAtMs: null,
  lastGrewAtMs: T + 9_000,
  steppedMs: 0,
  ...changed,
});
const media = { videoStartMs: 0, videoEndMs: 10_000, segmentDurationSec: 10 };

test('a cut file lasts from its birth to the birth of its successor', () => {
  const successor = file({ index: 2, bornAtMs: T + 10_050 });
  expect(timesOf(file({}), successor, media)).toMatchObject({ fromMs: T, toMs: T + 10_050 });
});

test('where the file system keeps no birth time, first seen stands for it', () => {
  const unborn = { bornAtMs: null, earliestStartMs: null };
  const successor = file({ index: 2, ...unborn, firstSeenAtMs: T + 10_400 });
  expect(timesOf(file(unborn), successor, media)).toMatchObject({ fromMs: T + 400, toMs: T + 10_400 });
});

test('a cut file without a birth time that was adopted begins with its media, not with the adoption', () => {
  const adopted = file({ bornAtMs: null, firstSeenAtMs: T + 8_000, earliestStartMs: T - 300 });
  expect(timesOf(adopted, null, media)).toMatchObject({ fromMs: T - 300, toMs: T + 9_700 });
});

test('the first of a session starts at the smallest modification time less media end', () => {
  expect(timesOf(file({ index: 0 }), null, media)).toMatchObject({ fromMs: T - 900, toMs: T + 9_100 });
});

test('what is heard before it is seen is not footage, and only the first of a session is joined so', () => {
  const late = { ...media, videoStartMs: 1_861 };
  expect(timesOf(file({ index: 0 }), null, late)).toMatchObject({ fromMs: T + 961, toMs: T + 9_100 });
  expect(timesOf(file({ index: 1 }), null, late)).toMatchObject({ fromMs: T, toMs: T + 9_100 });
});

test('the last of a session ends with its last video frame', () => {
  expect(timesOf(file({ earliestStartMs: null }), null, media)).toMatchObject({ fromMs: T, toMs: T + 10_000 });
  expect(timesOf(file({ earliestStartMs: T - 400 }), null, media)).toMatchObject({ fromMs: T, toMs: T + 9_600 });
});

test('a camera whose clock was set ahead by five minutes has no footage after the last byte', () => {
  const ahead = { ...media, videoEndMs: 310_000 };
  const stopped = { lastGrewAtMs: T + 6_000 };
  expect(timesOf(file(stopped), null, ahead)).toMatchObject({ fromMs: T, toMs: T + 6_000 });
  expect(timesOf(file({ ...stopped, steppedMs: 60_000 }), null, ahead)).toMatchObject({ toMs: T + 66_000 });
});

describe('a cut file that was born long after its first pictures came, because FFmpeg waited for their sound', () => {
  const late = file({ continuesAtMs: T - 2_500, earliestStartMs: T - 200, lastGrewAtMs: T + 10 });

  test('begins where the file before it ended, and that one ends there', () => {
    expect(timesOf(file({ index: 0, earliestStartMs: T - 9_000 }), late, media).toMs).toBe(T - 2_500);
    expect(timesOf(late, null, { ...media, videoEndMs: 200 })).toMatchObject({ fromMs: T - 2_500, toMs: T - 2_300 });
    expect(mediaStartOf(late)).toBe(T - 2_500);
  });

  test('has its own times when it grew on, and still touches the file before it', () => {
    const grown = { ...late, earliestStartMs: T - 300, lastGrewAtMs: T + 9_000 };
    expect(timesOf(grown, null, media)).toMatchObject({ fromMs: T - 2_500, toMs: T + 9_700 });
    expect(mediaStartOf(grown)).toBe(T);
  });

  test('is moved by a clock that was set as its birth is', () => {
    expect(startOf({ ...late, steppedMs: 5_000 })).toBe(T + 2_500);
  });

  test('as late as sound usually is begins with its birth, which the next worker knows as well', () => {
    expect(startOf({ ...late, continuesAtMs: T - 500 })).toBe(T);
  });
});

describe('where the media before a file ended', () => {
  const born = { bornAtMs: T + 12_000, modifiedAtMs: T + 12_010 };
  const before = { times: file({ index: 0, steppedMs: 100 }), latelyStartMs: T - 600, videoEndMs: 10_000 };

  test('is told by what was seen of it lately', () => {
    expect(continuedAt(before, born)).toBe(T + 9_500);
  });

  test('is told by its birth where nobody saw it grow, unless that is far off', () => {
    const unseen = { ...before, latelyStartMs: null };
    const times = { ...unseen.times, earliestStartMs: T + 2_000 };
    expect(continuedAt({ ...unseen, times }, born)).toBe(T + 10_110);
    expect(continuedAt({ ...unseen, times }, { bornAtMs: T + 60_000, modifiedAtMs: T + 60_010 })).toBeNull();
  });

  test('does not matter to a file that has grown for long, and is unknown for the first one', () => {
    expect(continuedAt(before, { ...born, modifiedAtMs: T + 15_000 })).toBeNull();
    expect(continuedAt(null, born)).toBeNull();
  });
});

test('a file seals at the first boundary after its birth, also where its media began before an earlier one', () => {
  const bornAtMs = Date.UTC(2026, 0, 2, 3, 4, 10, 200);
  const first = file({ index: 0, bornAtMs, earliestStartMs: bornAtMs - 1_900 });
  expect(new Date(startOf(first)).toISOString()).toContain('03:04:08.300');
  expect(new Date(sealsAtOf(first, 10)).toISOString()).toContain('03:04:20.000');
});

test('a clock set while a file was open moves its start, not its successor', () => {
  const successor = file({ index: 2, bornAtMs: T + 15_000 });
  expect(timesOf(file({ steppedMs: 5_000 }), successor, media)).toMatchObject({ fromMs: T + 5_000, toMs: T + 15_000 });
});

test('a clock set far back leaves no segment turned around', () => {
  const successor = file({ index: 2, bornAtMs: T - 60_000 });
  expect(timesOf(file({}), successor, media)).toMatchObject({ fromMs: T, toMs: T + 10_000 });
});

test.each([
  { index: 0, second: 5, millis: 678, duration: 900, nominal: '03:04:05.000' },
  { index: 1, second: 0, millis: 92, duration: 60, nominal: '03:04:00.000' },
  { index: 7, second: 2, millis: 508, duration: 10, nominal: '03:04:00.000' },
  { index: 7, second: 2, millis: 508, duration: 900, nominal: '03:00:00.000' },
])('file $index opened at second $second.$millis is named $nominal', ({ index, second, millis, duration, nominal }) => {
  const at = Date.UTC(2026, 0, 2, 3, 4, second, millis);
  expect(new Date(nominalStartOf(index, at, duration)).toISOString()).toBe(`2026-01-02T${nominal}Z`);
});

test.each([
  { wall: 500, step: 0 },
  { wall: 740, step: 0 },
  { wall: 5_500, step: 5_000 },
  { wall: -3_500, step: -4_000 },
])('wall time passing $wall ms in 500 ms is a step of $step', ({ wall, step }) => {
  expect(stepBetween({ wallMs: T, monotonicMs: 10 }, { wallMs: T + wall, monotonicMs: 510 })).toBe(step);
});

test('silence counts while we look and starts anew with every frame', () => {
  let silence = silenceFrom(0, 10);
  for (const nowMs of [500, 1_000, 1_500]) silence = lookedAgain(silence, nowMs, 10);
  expect(silence.silentMs).toBe(1_500);
  expect(lookedAgain(silence, 2_000, 11).silentMs).toBe(0);
});

test('a minute in which the supervisor slept is not a minute of silence', () => {
  expect(lookedAgain(silenceFrom(0, 10), 60_000, 10).silentMs).toBe(1_500);
});
