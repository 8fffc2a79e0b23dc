import { expect, it } from 'vitest';
import { meantVariable, misspeltVariable, nearest } from '../../src/config/did-you-mean.js';
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

it.each([
  ['CAMERA_RTSP_URL', [], 'CAMERA1_RTSP_URL'],
  ['CAMERA1_RTSP', [], 'CAMERA1_RTSP_URL'],
  ['CAM1_RTSP_URL', [], 'CAMERA1_RTSP_URL'],
  ['CAM_2_URL_FILE', [], 'CAMERA2_RTSP_URL_FILE'],
  ['CAMERA_URL_3', [], 'CAMERA3_RTSP_URL'],
  ['camera1_rtsp_url', [], 'CAMERA1_RTSP_URL'],
  ['RTSP_URL', [], 'CAMERA1_RTSP_URL'],
  ['MAX_UPLOADS', [], 'MAX_CONCURRENT_UPLOADS'],
  ['STALL_SECONDS', [], 'STALL_TIMEOUT_SECONDS'],
  ['BUCKET', ['S3_ENDPOINT'], 'S3_BUCKET'],
  ['S3_BUCKET_NAME', [], 'S3_BUCKET'],
])('%s, where %j is given, is meant for %s', (name, given, expected) => {
  expect(meantVariable(name, (other) => (given as readonly string[]).includes(other))).toBe(expected);
});

it.each([
  ['BUCKET', []],
  ['BUCKET', ['S3_ENDPOINT', 'S3_BUCKET']],
  ['RTSP_URL', ['CAMERA1_RTSP_URL']],
  ['CAM1_RTSP_URL', ['CAMERA1_RTSP_URL_FILE']],
  ['CAMERA1_RTSP_URL', []],
  ['CAMERA_SERVICE_HOST', []],
  ['CAMERA_PORT', []],
  ['TEMPORAL_URL', []],
  ['FRIGATE_RTSP_PASSWORD', []],
  ['REGION', ['S3_ENDPOINT']],
  ['LOG_FORMAT', []],
  ['_', []],
  ['npm_config_cache', []],
  ['MAX_OLD_SPACE_SIZE', []],
])('%s, where %j is given, may be for any other program', (name, given) => {
  expect(meantVariable(name, (other) => (given as readonly string[]).includes(other))).toBeUndefined();
});
