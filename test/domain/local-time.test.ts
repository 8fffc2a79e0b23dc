import { describe, expect, it } from 'vitest';
import { byteWords, createLocalTime, durationWords } from '../../src/domain/local-time.js';

const at = (iso: string): number => Date.parse(iso);

describe('a moment, said on 2026-11-25 at noon UTC', () => {
  it.each([
    ['UTC', '2026-11-25T11:03:12Z', '11:03:12'],
    ['Europe/Berlin', '2026-11-25T11:03:12Z', '12:03:12'],
    ['Europe/Berlin', '2026-11-24T23:00:00Z', '00:00:00'],
    ['Europe/Berlin', '2026-11-24T22:59:59Z', '2026-11-24 23:59:59'],
    ['Europe/Berlin', '2026-07-01T10:00:00Z', '2026-07-01 12:00:00 UTC+02:00'],
    ['Asia/Kolkata', '2026-11-25T11:03:12Z', '16:33:12'],
    ['America/St_Johns', '2026-11-25T02:00:00Z', '2026-11-24 22:30:00'],
  ])('in %s, %s is %s', (timezone, iso, words) => {
    expect(createLocalTime(timezone).moment(at(iso), at('2026-11-25T12:00:00Z'))).toBe(words);
  });
});

describe('the offset', () => {
  it.each([
    ['UTC', '2026-11-25T00:00:00Z', 'UTC+00:00'],
    ['Europe/London', '2026-01-01T00:00:00Z', 'UTC+00:00'],
    ['Europe/London', '2026-07-01T00:00:00Z', 'UTC+01:00'],
    ['America/St_Johns', '2026-01-01T00:00:00Z', 'UTC-03:30'],
    ['Asia/Kathmandu', '2026-01-01T00:00:00Z', 'UTC+05:45'],
  ])('of %s at %s is %s', (timezone, iso, offset) => {
    expect(createLocalTime(timezone).offset(at(iso))).toBe(offset);
  });
});

describe('the hour that daylight saving repeats (Berlin, 2026-10-25 03:00 summer time)', () => {
  const time = createLocalTime('Europe/Berlin');
  it('is told apart by the offset', () => {
    const nowMs = at('2026-10-25T02:30:00Z');
    expect(time.moment(at('2026-10-25T00:30:00Z'), nowMs)).toBe('02:30:00 UTC+02:00');
    expect(time.moment(at('2026-10-25T01:30:00Z'), nowMs)).toBe('02:30:00');
  });
  it('belongs to one day of 25 hours', () => {
    expect(time.day(at('2026-10-24T22:00:00Z'))).toBe('2026-10-25');
    expect(time.day(at('2026-10-25T22:59:59Z'))).toBe('2026-10-25');
    expect(time.day(at('2026-10-25T23:00:00Z'))).toBe('2026-10-26');
  });
});

it.each([
  { timezone: 'UTC', at: '2026-11-25T00:00:00Z', start: '2026-11-25T00:00:00Z' },
  { timezone: 'Europe/Berlin', at: '2026-11-25T11:03:12.345Z', start: '2026-11-24T23:00:00Z' },
  { timezone: 'Europe/Berlin', at: '2026-10-25T22:59:59Z', start: '2026-10-24T22:00:00Z' },
  { timezone: 'Europe/Berlin', at: '2026-03-29T21:59:59Z', start: '2026-03-28T23:00:00Z' },
  { timezone: 'Asia/Kathmandu', at: '2026-11-25T11:03:12Z', start: '2026-11-24T18:15:00Z' },
  { timezone: 'Asia/Beirut', at: '2026-03-29T12:00:00Z', start: '2026-03-28T22:00:00Z' },
])('the day of $at began in $timezone at $start', ({ timezone, at: moment, start }) => {
  expect(createLocalTime(timezone).startOfDay(at(moment))).toBe(at(start));
});

it.each([
  ['2026-11-25T13:00:00Z', '2026-11-25T13:15:00Z', '14:00–14:15'],
  ['2026-11-25T13:03:12Z', '2026-11-25T13:15:00Z', '14:03:12–14:15'],
  ['2026-11-24T22:45:00Z', '2026-11-24T23:00:00Z', '2026-11-24 23:45–00:00'],
])('the range %s to %s is %s', (from, to, words) => {
  expect(createLocalTime('Europe/Berlin').range(at(from), at(to), at('2026-11-25T14:00:00Z'))).toBe(words);
});

it.each([
  [-5, '0 s'],
  [400, '0 s'],
  [119_000, '119 s'],
  [120_000, '2 min'],
  [7_199_000, '119 min'],
  [11_100_000, '3 h 5 min'],
  [188_000_000, '2 d 4 h'],
])('%d ms are %s', (durationMs, words) => {
  expect(durationWords(durationMs)).toBe(words);
});

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_400_000_000, '1.4 GB'],
  [512_000_000, '512 MB'],
  [48e15, '48000 TB'],
])('%d bytes are %s', (sizeBytes, words) => {
  expect(byteWords(sizeBytes)).toBe(words);
});
