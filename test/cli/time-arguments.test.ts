import { describe, expect, it } from 'vitest';
import { momentIn, rangeOf, TimeArgumentError } from '../../src/cli/time-arguments.js';

const NOW_MS = Date.parse('2026-11-25T23:30:00Z');

describe('a day', () => {
  it.each([
    ['2026-11-25', 'Europe/Berlin', '2026-11-24T23:00:00Z', 24],
    ['20261125', 'UTC', '2026-11-25T00:00:00Z', 24],
    ['2026-03-29', 'Europe/Berlin', '2026-03-28T23:00:00Z', 23],
    ['2026-10-25', 'Europe/Berlin', '2026-10-24T22:00:00Z', 25],
    ['2026-04-05', 'Australia/Lord_Howe', '2026-04-04T13:00:00Z', 24.5],
    // Its clocks skip the hour after midnight.
    ['2024-09-08', 'America/Santiago', '2024-09-08T04:00:00Z', 23],
    ['2026-11-25', 'Asia/Kathmandu', '2026-11-24T18:15:00Z', 24],
    ['today', 'Europe/Berlin', '2026-11-25T23:00:00Z', 24],
    ['today', 'UTC', '2026-11-25T00:00:00Z', 24],
    ['yesterday', 'UTC', '2026-11-24T00:00:00Z', 24],
  ])('%s in %s begins at %s and has %d hours', (text, timezone, from, hours) => {
    const range = rangeOf(text, timezone, NOW_MS);
    expect(new Date(range.fromMs).toISOString()).toBe(from.replace('Z', '.000Z'));
    expect((range.toMs - range.fromMs) / 3_600_000).toBe(hours);
  });
});

describe('a range', () => {
  it.each([
    ['2026-11-25T14:00..2026-11-25T15:30', 'Europe/Berlin', '2026-11-25T13:00:00Z', '2026-11-25T14:30:00Z'],
    ['2026-11-25T14:00Z..2026-11-25T15:30:20+01:00', 'Asia/Tokyo', '2026-11-25T14:00:00Z', '2026-11-25T14:30:20Z'],
    ['2026-11-25..2026-11-27', 'UTC', '2026-11-25T00:00:00Z', '2026-11-27T00:00:00Z'],
    // The clocks show 02:30 twice: the first time.
    ['2026-10-25T02:30..2026-10-25T03:30', 'Europe/Berlin', '2026-10-25T00:30:00Z', '2026-10-25T02:30:00Z'],
  ])('%s in %s', (text, timezone, from, to) => {
    expect(rangeOf(text, timezone, NOW_MS)).toEqual({ fromMs: Date.parse(from), toMs: Date.parse(to) });
  });
});

describe('a moment', () => {
  it.each([
    ['yesterday 14:32', 'UTC', '2026-11-24T14:32:00Z'],
    ['yesterday 14:32', 'Europe/Berlin', '2026-11-25T13:32:00Z'],
    ['today 00:10:05', 'Europe/Berlin', '2026-11-25T23:10:05Z'],
    ['2026-11-25T14:32', 'Europe/Berlin', '2026-11-25T13:32:00Z'],
    ['2026-11-25 14:32Z', 'Europe/Berlin', '2026-11-25T14:32:00Z'],
  ])('%s in %s', (text, timezone, at) => {
    expect(momentIn(text, timezone, NOW_MS)).toBe(Date.parse(at));
  });

  it.each(['today', 'yesterday 25:00', 'yesterday 14:32 or so', 'tomorrow 14:32', ''])('refuses "%s"', (text) => {
    expect(() => momentIn(text, 'UTC', NOW_MS)).toThrow(TimeArgumentError);
  });
});

it.each([
  '',
  '2026-02-30',
  '2026-11-25T25:00',
  'tomorrow',
  '2026-11-25..',
  '2026-11-26..2026-11-25',
  'a..b..c',
  '2026-11-25T14:00',
])('refuses "%s", saying what is allowed', (text) => {
  expect(() => rangeOf(text, 'UTC', NOW_MS)).toThrow(TimeArgumentError);
});
