import { expect, it } from 'vitest';
import { NOTHING_TOLD, progressLines, sayEachTenth } from '../../src/cli/progress-lines.js';
import { type StartScreen, startScreen } from '../../src/cli/start-screen.js';
import { statusText } from '../../src/cli/status-text.js';
import { parseCameraId } from '../../src/domain/ids.js';
import type { CameraView, StatusView } from '../../src/http/status-view.js';

const camera: CameraView = {
  id: parseCameraId('camera-1'),
  name: 'Door',
  place: 'Home, street',
  level: 'good',
  state: 'recording since 14:03:12',
  todo: null,
  isRecording: true,
  lastFrame: '1 s ago',
  gapsToday: 'none',
  waitingUploads: 'none',
  segmentSec: 60,
  storedSegments: 0,
  webUiUrl: 'http://127.0.0.1:8233/namespaces/default/workflows/camera-1',
};
const view: StatusView = {
  headline: '1 of 1 camera is recording.',
  now: '2026-11-25 14:08:02, Europe/Berlin (UTC+01:00)',
  clock: '14:08:02',
  zone: 'Europe/Berlin (UTC+01:00)',
  notices: [],
  spool: 'Spool: 12.0 GB free of 100 GB; everything sealed is stored.',
  bucket:
    'Bucket: 12.0 GB stored, 3.1 GB more a day. The store holds 200 GB (S3_CAPACITY_BYTES). Retention keeps about 20.0 GB.',
  cameras: [camera],
  webUiUrl: null,
};
const screen: StartScreen = {
  version: '0.1.0',
  zone: 'Europe/Berlin (UTC+01:00)',
  pageUrl: 'http://127.0.0.1:9090',
  temporal: { address: '127.0.0.1:7233', namespace: 'default', isEmbedded: true },
  webUiUrl: 'http://127.0.0.1:8233',
  store: {
    endpoint: 'http://127.0.0.1:8333',
    bucket: 'camera-recordings',
    filesUrl: 'http://127.0.0.1:8888/buckets/camera-recordings/',
    isEmbedded: true,
  },
  cameras: ['camera-1', 'camera-2'],
  simulatedCameras: ['camera-1', 'camera-2'],
  takenIds: ['camera-1', 'camera-2'],
  segmentDurationSec: 60,
  recordedSegmentSec: [60, 60],
  bytesPerHour: 1.8e9,
  capacityBytes: null,
  isEverythingKept: true,
  spoolDir: '/here/.data/spool',
  spoolRoomBytes: 90e9,
  dataDir: '/here/.data',
  maxDataBytes: 10e9,
  secretsDir: '/here/.data/camera-secrets',
  temporalCommand: 'temporal',
};

it.each<[string, Partial<StartScreen>, string]>([
  [
    'a store of one’s own, of which nobody said how much it holds',
    { dataDir: null },
    'It writes about 1.8 GB an hour, in segments of 60 s. Nothing of it is ever deleted: RETENTION_DAYS and RETENTION_BYTES are not set, nor is S3_CAPACITY_BYTES, which would tell when the store is full.',
  ],
  [
    'a store that holds so much, and no retention',
    { dataDir: null, capacityBytes: 200e9 },
    'At that rate an empty store of 200 GB (S3_CAPACITY_BYTES) is full in about 4 d 15 h, and nothing is ever deleted: RETENTION_DAYS and RETENTION_BYTES are not set.',
  ],
  [
    'a spool of one’s own',
    { dataDir: null },
    '  Spool            /here/.data/spool (room for about 2 d 2 h while the store is away)\n',
  ],
  ['retention', { dataDir: null, isEverythingKept: false }, 'in segments of 60 s.\n'],
])('says of %s what there is to say', (_what, change, words) => {
  expect(startScreen({ ...screen, ...change })).toContain(words);
});

it('the screen fits a terminal and names every place', () => {
  const text = startScreen(screen);
  expect(text.split('\n').length).toBeLessThanOrEqual(25);
  for (const place of [
    'http://127.0.0.1:9090/',
    'http://127.0.0.1:8233',
    '127.0.0.1:7233',
    'http://127.0.0.1:8333',
    'http://127.0.0.1:8888/buckets/camera-recordings/',
    '/here/.data/spool',
    'Europe/Berlin (UTC+01:00)',
  ]) {
    expect(text).toContain(place);
  }
  expect(text).toContain(
    'It writes about 1.8 GB an hour, in segments of 60 s. Everything started here is under /here/.data; recording stops when that holds 10.0 GB.',
  );
});

it('the next camera is added by one command that holds no URL', () => {
  expect(startScreen(screen)).toContain(
    `temporal workflow start --type Camera --task-queue camera-recorder --workflow-id camera-3 --fail-existing --input '{"spec":{"source":{"kind":"secret","name":"camera-3"},"segmentDurationSec":60}}'`,
  );
});

it('a camera added before is listed, and the next one gets an id that is free', () => {
  const later = { ...screen, cameras: ['camera-1', 'camera-3'], takenIds: ['camera-1', 'camera-2', 'camera-3'] };
  expect(startScreen(later)).toContain('camera-1 (simulated), camera-3\n');
  expect(startScreen(later)).toContain('--workflow-id camera-4 --fail-existing');
  expect(startScreen({ ...screen, cameras: [], takenIds: [] })).toContain('--workflow-id camera-1 --fail-existing');
});

it('another server is named in every command', () => {
  const temporal = { address: 't:7234', namespace: 'cams', isEmbedded: false };
  expect(startScreen({ ...screen, temporal })).toContain('workflow start --address t:7234 --namespace cams --type');
});

it('a page on another port is named in the command that asks it', () => {
  expect(startScreen(screen)).toContain('npx camera-recorder status\n');
  const pageUrl = 'http://127.0.0.1:12345';
  expect(startScreen({ ...screen, pageUrl })).toContain('npx camera-recorder status --url http://127.0.0.1:12345\n');
});

it('what was given is not said to be started here', () => {
  const given = startScreen({
    ...screen,
    temporal: { ...screen.temporal, isEmbedded: false },
    store: { ...screen.store, filesUrl: null, isEmbedded: false },
    simulatedCameras: [],
    dataDir: null,
    secretsDir: null,
  });
  expect(given).not.toMatch(/started here|simulated|stops when/);
  expect(given).toContain('CAMERA3_RTSP_URL');
});

it('progress is told once, and trouble with what to do', () => {
  const first = progressLines(NOTHING_TOLD, view);
  expect(first.lines).toEqual(['camera-1: recording since 14:03:12.']);
  expect(progressLines(first.told, view).lines).toEqual([]);
  const stored = progressLines(first.told, { ...view, cameras: [{ ...camera, storedSegments: 1 }] });
  expect(stored.lines).toEqual(['camera-1: a segment is in the store.']);
  const trouble = progressLines(stored.told, {
    ...view,
    notices: ['Temporal does not answer since 14:08:00.'],
    cameras: [{ ...camera, level: 'bad', state: 'down since 14:08:00: Gone.', todo: 'Check it.' }],
  });
  expect(trouble.lines).toEqual([
    'camera-1: down since 14:08:00: Gone. Check it.',
    'Temporal does not answer since 14:08:00.',
  ]);
  expect(progressLines(trouble.told, view).lines).toEqual([
    'camera-1: recording since 14:03:12.',
    'Temporal and store answer again.',
  ]);
});

it('a long wait is told in tenths', () => {
  const said: string[] = [];
  const say = sayEachTenth((line) => said.push(line));
  for (const line of ['drawing: 1 %', 'drawing: 9 %', 'drawing: 10 %', 'drawing: 19 %', 'ready']) say(line);
  expect(said).toEqual(['drawing: 0 %', 'drawing: 10 %', 'ready']);
});

it('status prints the words of the page', () => {
  expect(statusText({ ...view, notices: ['The store is away.'] })).toBe(`1 of 1 camera is recording.
2026-11-25 14:08:02, Europe/Berlin (UTC+01:00)
! The store is away.

Door (camera-1), Home, street
  recording since 14:03:12
  last frame: 1 s ago; gaps today: none; waiting uploads: none
  http://127.0.0.1:8233/namespaces/default/workflows/camera-1

Spool: 12.0 GB free of 100 GB; everything sealed is stored.
Bucket: 12.0 GB stored, 3.1 GB more a day. The store holds 200 GB (S3_CAPACITY_BYTES). Retention keeps about 20.0 GB.
`);
});

it('tells the length of the segments that are recorded, not of those that are configured now', () => {
  expect(startScreen({ ...screen, recordedSegmentSec: [20, 20] })).toContain('in segments of 20 s');
  expect(startScreen({ ...screen, recordedSegmentSec: [60, 20, 20] })).toContain('in segments of 20 and 60 s');
  expect(startScreen({ ...screen, recordedSegmentSec: [] })).toContain('in segments of 60 s');
});
