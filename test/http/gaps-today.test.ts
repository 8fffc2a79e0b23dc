import { describe, expect, it } from 'vitest';
import type { GapCause, GapClaim } from '../../src/domain/coverage.js';
import { parseCameraId, parseRecorderId, parseSessionId, segmentIdOf } from '../../src/domain/ids.js';
import { GapsToday, knownSince, type ToldSegment } from '../../src/http/gaps-today.js';

const camera = parseCameraId('camera-1');
const session = parseSessionId('20261125T130312Z-7f3a');
const by = parseRecorderId('box');
const day = { fromMs: 100_000, toMs: 200_000 };

const claim = (cause: GapCause, fromMs: number, toMs: number): GapClaim => ({ cause, fromMs, toMs, by });

function segment(index: number, fromMs: number, toMs: number, ...gapsBefore: readonly GapClaim[]): ToldSegment {
  return { id: segmentIdOf(camera, session, index), camera, fromMs, toMs, gapsBefore };
}

describe('the gaps of today', () => {
  it('are those of sealed segments, whoever told of them first, and those to come', () => {
    const gaps = new GapsToday(150_000);
    const told = segment(0, 120_000, 130_000, claim('camera-stalled', 112_000, 120_000));
    gaps.sealed(told);
    gaps.sealed(told);
    expect(gaps.of(camera, [claim('paused', 190_000, 200_000)], day)).toEqual({ 'camera-stalled': 8, paused: 10 });
  });

  it('begin at midnight, in the middle of a gap', () => {
    const gaps = new GapsToday(0);
    gaps.sealed(segment(0, 50_000, 60_000, claim('paused', 40_000, 50_000)));
    gaps.sealed(segment(1, 103_000, 110_000, claim('recorder-restarted', 60_000, 103_000)));
    const expected = { 'recorder-restarted': 3 };
    expect(gaps.of(camera, [], day)).toEqual(expected);
    gaps.forgetBefore(day.fromMs);
    expect(gaps.of(camera, [], day)).toEqual(expected);
    expect(gaps.of(camera, [], { fromMs: 0, toMs: day.toMs })).toEqual({ 'recorder-restarted': 43 });
  });

  it('are none of an unknown camera, nor of one that was cancelled', () => {
    const gaps = new GapsToday(0);
    expect(gaps.of(camera, [claim('removed', 110_000, 190_000)], day)).toEqual({});
  });

  it('are counted since the start, until the spool tells of earlier', () => {
    const gaps = new GapsToday(150_000);
    expect(gaps.countedSinceMs(camera)).toBe(150_000);
    gaps.knownSince(camera, 20_000);
    expect(gaps.countedSinceMs(camera)).toBe(20_000);
    gaps.knownSince(camera, 160_000);
    expect(gaps.countedSinceMs(camera)).toBe(150_000);
  });
});

describe('a spool tells without a hole', () => {
  const touching = [
    segment(2, 80_000, 90_000, claim('paused', 70_300, 80_000)),
    segment(0, 50_000, 60_000, claim('moved', 45_000, 50_000)),
    segment(1, 60_000, 70_000),
  ];

  it.each([
    { what: 'back to the first claim of its oldest segment', segments: touching, endedAtMs: 90_000, sinceMs: 45_000 },
    { what: 'although the newest was sealed meanwhile', segments: touching, endedAtMs: 70_000, sinceMs: 45_000 },
    {
      what: 'back to the end of what is known when nothing is in it',
      segments: [],
      endedAtMs: 90_000,
      sinceMs: 90_000,
    },
    { what: 'not over a segment that is gone', segments: touching.slice(0, 2), endedAtMs: 90_000, sinceMs: 70_300 },
    { what: 'not when the newest is gone', segments: touching, endedAtMs: 99_000, sinceMs: 99_000 },
  ])('$what', ({ segments, endedAtMs, sinceMs }) => {
    expect(knownSince(segments, endedAtMs)).toBe(sinceMs);
  });
});
