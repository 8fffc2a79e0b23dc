import { expect, test } from 'vitest';
import { type CameraSpec, DEFAULT_SPEC } from '../../src/domain/camera.js';
import { parseCameraId } from '../../src/domain/ids.js';
import { otherSettings } from '../../src/workers/other-settings.js';

const camera1 = parseCameraId('camera-1');
const spec: CameraSpec = { ...DEFAULT_SPEC, source: { kind: 'secret', name: 'camera-1' } };

test('a camera that is recorded as it is configured has nothing to tell', () => {
  expect(otherSettings(camera1, spec, { ...spec, source: { name: 'camera-1', kind: 'secret' } })).toBeNull();
});

test('a later setting is named, with the command that applies it', () => {
  const text = otherSettings(camera1, { ...spec, segmentDurationSec: 20 }, { ...spec, audio: 'off' });
  expect(text).toContain('(segmentDurationSec 20, not 900; audio aac, not off)');
  expect(text).toContain(
    `temporal workflow update execute --workflow-id camera-1 --name reconfigure --input '{"segmentDurationSec":900,"audio":"off"}'`,
  );
});

test('another source is named whole, safe in a shell', () => {
  const text = otherSettings(camera1, spec, { ...spec, source: { kind: 'url', rtspUrl: "rtsp://h/it's" } });
  expect(text).toContain(`--input '{"source":{"kind":"url","rtspUrl":"rtsp://h/it'\\''s"}}'`);
});
