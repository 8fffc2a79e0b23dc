import { expect, it } from 'vitest';
import { misspeltVariable, nearest } from '../../src/config/did-you-mean.js';
import {
  PLAIN_SETTINGS,
  PROGRAM_VARIABLES,
  SECRET_SETTINGS,
  TEMPORAL_VARIABLES,
} from '../../src/config/setting-names.js';

it('no name of ours is taken for a misspelling', () => {
  const ours = [...PLAIN_SETTINGS, ...SECRET_SETTINGS, ...TEMPORAL_VARIABLES, ...PROGRAM_VARIABLES];
  expect([...ours, 'CAMERA1_RTSP_URL', 'CAMERA12_RTSP_URL_FILE'].filter((name) => misspeltVariable(name))).toEqual([]);
});

it('a name with one letter dropped is known again, but for the two that are too common', () => {
  for (const name of [...PLAIN_SETTINGS, ...SECRET_SETTINGS]) {
    const expected = name === 'LOG_LEVEL' || name === 'TEMP_DIR' ? undefined : name;
    expect(misspeltVariable(name.slice(0, 4) + name.slice(5))).toBe(expected);
  }
});

it.each([
  ['segment_secnods', 'segment_seconds'],
  ['sites', 'site'],
  ['tag', 'tags'],
  ['colour', undefined],
])('in a list of keys, %s is nearest to %s', (name, expected) => {
  expect(nearest(name, ['site', 'tags', 'segment_seconds'])).toBe(expected);
});
