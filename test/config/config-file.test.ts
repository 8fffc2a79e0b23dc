import { expect, it } from 'vitest';
import { parseConfigFile } from '../../src/config/config-file.js';

it.each([
  ['camera1_rtsp_url', 'CAMERA1_RTSP_URL', 'camera-1'],
  ['CAMERA2_RTSP_URL', 'CAMERA2_RTSP_URL', 'camera-2'],
  ['camera12_rtsp_url_file', 'CAMERA12_RTSP_URL_FILE', 'camera-12'],
  ['camera3_url', 'CAMERA3_RTSP_URL', 'camera-3'],
  ['rtsp_url', 'CAMERA1_RTSP_URL', 'camera-1'],
])('%s in the file is told where cameras belong, and nothing of its value', (key, variable, id) => {
  const { mistakes, settings } = parseConfigFile(`${key} = "rtsp://user:hunter2@192.168.1.97/stream1"`, 'my.toml');
  expect(mistakes).toEqual([
    {
      setting: `${key} (in my.toml)`,
      problem: 'is not a setting of the file.',
      allowed: `the environment variable ${variable}; here, [[cameras]] with id = "${id}" for its name and the rest`,
    },
  ]);
  expect(settings).toEqual({});
});

it.each([
  ['camera', 'cameras'],
  ['camera1', 'cameras'],
  ['segment_second', 'segment_seconds'],
])('%s in the file is taken for %s', (key, meant) => {
  expect(parseConfigFile(`${key} = 1`, 'my.toml').mistakes).toEqual([
    { setting: `${key} (in my.toml)`, problem: `is not a setting of ours. Did you mean ${meant}?`, allowed: null },
  ]);
});
