import { expect, test } from 'vitest';
import { DEFAULT_SPEC } from '../../src/domain/camera.js';
import { parseCameraId } from '../../src/domain/ids.js';
import { parseCameraInput, parseSpecChange } from '../../src/workflows/camera-input.js';
import type { CameraInput } from '../../src/workflows/contract.js';

const SOURCE = { kind: 'secret', name: 'camera-3' } as const;
const camera = parseCameraId('camera-3');
const current = { ...DEFAULT_SPEC, source: SOURCE };

const wrong: readonly (readonly [string, string, unknown, readonly RegExp[]])[] = [
  ['nothing at all', 'camera-3', undefined, [/spec/, /Example: .*"name":"camera-3"/]],
  ['a state given by hand', 'camera-3', { spec: { source: SOURCE }, carried: {} }, [/carried/]],
  ['no source', 'camera-3', { spec: {} }, [/spec\.source/]],
  ['an unknown key', 'camera-3', { spec: { source: SOURCE, sement: 1 } }, [/sement/]],
  [
    'a length that does not divide a day',
    'camera-3',
    { spec: { source: SOURCE, segmentDurationSec: 7 } },
    [/divide a day/],
  ],
  ['a workflow id that is no camera id', 'Camera 3', { spec: { source: SOURCE } }, [/workflow id.*camera id/]],
  [
    'three mistakes',
    'Camera 3',
    { spec: { source: SOURCE, segmentDurationSec: 7, audio: 'opus' } },
    [/workflow id/, /segmentDurationSec/, /audio/],
  ],
  [
    'a password',
    'camera-3',
    { spec: { source: { kind: 'url', rtspUrl: 'rtsp://admin:hunter2@10.0.0.3/stream1' } } },
    [/CAMERA_SECRETS_DIR/, /CAMERA3_RTSP_URL/, /temporal workflow delete --workflow-id camera-3/],
  ],
];

test.each(wrong)('%s is refused in words', (_, workflowId, input, expected) => {
  const parsed = parseCameraInput(workflowId, input as CameraInput, false);
  const message = parsed.kind === 'invalid' ? parsed.message : '';
  for (const pattern of expected) expect(message).toMatch(pattern);
  expect(message).not.toContain('hunter2');
});

test('only a source is needed', () => {
  expect(parseCameraInput('camera-3', { spec: { source: SOURCE } }, false)).toEqual({
    kind: 'valid',
    camera,
    spec: current,
  });
});

test('a run that was continued is taken as it is, with defaults for what is newer than it', () => {
  const carried = { schema: 1 } as never;
  const spec = { source: SOURCE, segmentDurationSec: 7 };
  expect(parseCameraInput('camera-3', { spec, carried }, true)).toEqual({
    kind: 'valid',
    camera,
    spec: { ...current, segmentDurationSec: 7 },
  });
});

test.each([
  ['one setting', { segmentDurationSec: 300 }, { ...current, segmentDurationSec: 300 }],
  ['another source', { source: { kind: 'secret', name: 'b' } }, { ...current, source: { kind: 'secret', name: 'b' } }],
])('a change of %s keeps the rest', (_, change, spec) => {
  expect(parseSpecChange(camera, current, change)).toEqual({ kind: 'valid', spec });
});

test.each([
  ['a list', [], /must be an object/],
  ['null', null, /must be an object/],
  ['a typo', { audioo: 'off' }, /audioo/],
  [
    'a password',
    { source: { kind: 'url', rtspUrl: 'rtsp://u:hunter2@h/' } },
    /CAMERA_SECRETS_DIR.*Nothing of it was kept/,
  ],
])('a change that is %s is refused', (_, change, pattern) => {
  const parsed = parseSpecChange(camera, current, change);
  const message = parsed.kind === 'invalid' ? parsed.message : '';
  expect(message).toMatch(pattern);
  expect(message).not.toContain('hunter2');
});
