import { describe, expect, it } from 'vitest';
import { CAUSE_LETTERS, pictureOf } from '../../src/cli/coverage-picture.js';
import { coverageReport } from '../../src/cli/coverage-report.js';
import { coverageText, lengthWords } from '../../src/cli/coverage-text.js';
import type { CoverageSpan } from '../../src/domain/coverage.js';
import { parseCameraId } from '../../src/domain/ids.js';
import type { Timeline } from '../../src/playback/timeline.js';
import { at, segment } from '../playback/story.js';

const camera = parseCameraId('camera-1');
const HOUR_MS = 3_600_000;

function recorded(from: string, to: string, where: 'spool' | 'store' = 'store'): CoverageSpan {
  const { id, fromMs, toMs } = segment(camera, from, to);
  return { kind: 'footage', segment: id, fromMs, toMs, where };
}

function timeline(spans: readonly CoverageSpan[], changes: Partial<Timeline> = {}): Timeline {
  const range = { fromMs: spans[0]?.fromMs ?? 0, toMs: spans.at(-1)?.toMs ?? 0 };
  return {
    range,
    spans,
    beganAtMs: null,
    longestMs: 900_000,
    objects: { segments: 0, gaps: 0 },
    recordedDays: 0,
    unreadable: [],
    badRecords: [],
    ...changes,
  };
}

function text(
  told: Timeline,
  options: { readonly nowMs: number; readonly timezone?: string; readonly hasColour?: boolean },
): string {
  const report = coverageReport(camera, told, { nowMs: options.nowMs, segmentDurationSec: 900 });
  const { timezone = 'UTC', hasColour = false } = options;
  return coverageText(report, { timezone, asked: told.range, sources: ['bucket b at http://s'], hasColour });
}

describe('what is younger than two segments', () => {
  const spans: readonly CoverageSpan[] = [
    recorded('10:00', '10:15'),
    { kind: 'unexplained', fromMs: at('10:15'), toMs: at('10:50') },
  ];

  it.each([
    ['10:50', '10:15', 0],
    ['11:00', '10:30', 15 * 60_000],
    ['11:30', '11:00', 35 * 60_000],
  ])('at %s begins at %s', (now, settled, unexplainedMs) => {
    const report = coverageReport(camera, timeline(spans), { nowMs: at(now), segmentDurationSec: 900 });
    expect(new Date(report.settledMs).toISOString().slice(11, 16)).toBe(settled);
    expect(report.totals.unexplainedMs).toBe(unexplainedMs);
    expect(report.totals.unexplainedMs + report.pendingMs).toBe(35 * 60_000);
  });

  it('is judged by the longest segment that was seen, when that is longer than the one set here', () => {
    const given = { nowMs: at('11:05'), segmentDurationSec: 60 };
    const report = coverageReport(camera, timeline(spans, { longestMs: 901_900 }), given);
    expect(new Date(report.settledMs).toISOString().slice(11, 16)).toBe('10:30');
  });
});

describe('the picture', () => {
  it('has a letter of its own for every cause', () => {
    const letters = Object.values(CAUSE_LETTERS);
    expect(new Set(letters).size).toBe(letters.length);
    expect(letters.every((letter) => /^[A-Z]$/.test(letter))).toBe(true);
  });

  it.each([
    [HOUR_MS / 12, 1_000, 5],
    [HOUR_MS, 5_000, 12],
    [23 * HOUR_MS, 60_000, 23],
    [25 * HOUR_MS, 60_000, 25],
    [30 * 24 * HOUR_MS, 900_000, 30],
  ])('of %d ms has marks of %d ms in %d lines', (lengthMs, markMs, lines) => {
    const range = { fromMs: 0, toMs: lengthMs };
    const picture = pictureOf(range, [{ kind: 'footage', ...range, segments: 1, onlyInSpool: 0 }]);
    expect([picture.markMs, picture.lines.length]).toEqual([markMs, lines]);
  });

  it('shows the worst of each mark, and only the lines there is something to show in', () => {
    const spans: readonly CoverageSpan[] = [
      recorded('10:00', '10:01'),
      { kind: 'gap', cause: 'moved', fromMs: at('10:01'), toMs: at('10:01:01') },
      recorded('10:01:01', '10:02:30'),
      { kind: 'unexplained', fromMs: at('10:02:30'), toMs: at('10:02:31') },
      { kind: 'gap', cause: 'paused', fromMs: at('10:02:31'), toMs: at('10:04') },
      recorded('10:04', '10:05', 'spool'),
    ];
    const day = { fromMs: at('00:00'), toMs: at('23:59:59') };
    const told = text(timeline(spans, { range: day, beganAtMs: at('10:00') }), { nowMs: at('12:00') });
    expect(told.split('\n').slice(2, 6)).toEqual([
      '',
      '10:00 ▇M?P▇',
      '',
      '▇ recorded   M moved   ? unexplained   P paused   one mark is 1 min',
    ]);
    expect(told).toContain('00:00:00  10:00:00  10:00:00  nothing known of this camera');
    expect(told).toContain('recorded, 1 segment, 1 of them not uploaded yet');
  });

  it('is coloured only when it may be', () => {
    const told = timeline([recorded('10:00', '10:15')]);
    expect(text(told, { nowMs: at('12:00'), hasColour: true })).toContain('\u001b[32m▇\u001b[39m');
    expect(text(told, { nowMs: at('12:00') })).not.toContain('\u001b');
  });
});

it('on a day with two offsets each time has its own', () => {
  const spans: readonly CoverageSpan[] = [
    recorded('2026-10-24T22:00:00Z', '2026-10-25T00:30:00Z'),
    { kind: 'gap', cause: 'camera-stalled', fromMs: at('2026-10-25T00:30:00Z'), toMs: at('2026-10-25T01:30:00Z') },
    recorded('2026-10-25T01:30:00Z', '2026-10-25T23:00:00Z'),
  ];
  const told = text(timeline(spans), { nowMs: at('2026-10-27T00:00:00Z'), timezone: 'Europe/Berlin' });
  expect(told).toContain('camera-1, 2026-10-25, Europe/Berlin (UTC+02:00, then UTC+01:00)');
  expect(told).toContain('02:30:00 UTC+02:00  02:30:00 UTC+01:00  01:00:00  camera-stalled');
  expect(told).toContain('24:00:00 recorded, 01:00:00 missing');
});

it.each([
  [0, '0 s'],
  [3, '0.1 s'],
  [12_340, '12.4 s'],
  [60_000, '00:01:00'],
  [86_380_600, '23:59:41'],
  [172_799_000, '47:59:59'],
])('%d ms are %s', (lengthMs, words) => {
  expect(lengthWords(lengthMs)).toBe(words);
});
