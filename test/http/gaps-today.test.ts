import { expect, it } from 'vitest';
import { parseCameraId } from '../../src/domain/ids.js';
import { gapsToday, NO_GAPS_YET, observeGaps } from '../../src/http/gaps-today.js';

const camera = parseCameraId('camera-1');
const totals = (gapSecByCause: Readonly<Record<string, number>>) => new Map([[camera, { gapSecByCause }]]);

it('everything since the start of the worker belongs to the first day', () => {
  const state = observeGaps(NO_GAPS_YET, '2026-11-25', totals({ 'camera-stalled': 8 }));
  expect(gapsToday(state, camera)).toEqual({ 'camera-stalled': 8 });
});

it('midnight begins anew, and only what comes later counts', () => {
  let state = observeGaps(NO_GAPS_YET, '2026-11-25', totals({ 'camera-stalled': 8 }));
  state = observeGaps(state, '2026-11-26', totals({ 'camera-stalled': 8, 'disk-full': 2 }));
  expect(gapsToday(state, camera)).toEqual({ 'disk-full': 2 });
  state = observeGaps(state, '2026-11-26', totals({ 'camera-stalled': 9, 'disk-full': 2 }));
  expect(gapsToday(state, camera)).toEqual({ 'camera-stalled': 1, 'disk-full': 2 });
});

it('healed time never makes a negative gap', () => {
  let state = observeGaps(NO_GAPS_YET, '2026-11-25', totals({ 'recorder-lost': 60 }));
  state = observeGaps(state, '2026-11-26', totals({ 'recorder-lost': 10 }));
  expect(gapsToday(state, camera)).toEqual({});
});

it('an unknown camera has none', () => {
  expect(gapsToday(NO_GAPS_YET, camera)).toEqual({});
});

it('no day has a longer gap than it has lasted', () => {
  const state = observeGaps(NO_GAPS_YET, '2026-11-25', totals({ 'recorder-restarted': 200_000 }));
  expect(gapsToday(state, camera, 3_600)).toEqual({ 'recorder-restarted': 3_600 });
});
