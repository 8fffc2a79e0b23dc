import { describe, expect, it } from 'vitest';
import type { CameraCondition } from '../../src/domain/camera.js';
import { GAP_CAUSES } from '../../src/domain/coverage.js';
import { DECLINES, declineTexts } from '../../src/domain/declines.js';
import { parseCameraId, parseObjectKey } from '../../src/domain/ids.js';
import { UNSTABLE_TODO } from '../../src/domain/instability.js';
import { createLocalTime } from '../../src/domain/local-time.js';
import { type StatusInput, statusView } from '../../src/http/status-view.js';
import { redact } from '../../src/redact.js';
import { at, camera1, cameraConfig, recording, statistics, statusInput, uploads } from './status-inputs.js';

const camera2 = parseCameraId('camera-2');
const only = (more: Partial<StatusInput>) => statusView(statusInput(more)).cameras[0];
const withUploads = (more: Partial<typeof uploads>): Partial<StatusInput> => ({
  worker: { ...statusInput().worker, uploads: new Map([[camera1, { ...uploads, ...more }]]) },
});

it('a camera that records is told in one sentence, in the time of the site', () => {
  expect(only({})).toEqual({
    id: 'camera-1',
    name: 'camera-1',
    place: '',
    level: 'good',
    state: 'recording since 14:03:12, segment seals at 14:15:00, last stored 14:00–14:15',
    todo: null,
    isRecording: true,
    lastFrame: '3 s ago',
    gapsToday: 'none',
    waitingUploads: 'none',
    segmentSec: 900,
    storedSegments: 1,
    webUiUrl: null,
  });
});

it('the head of the page names the zone and its offset', () => {
  expect(statusView(statusInput())).toMatchObject({
    now: '2026-11-25 14:08:02, Europe/Berlin (UTC+01:00)',
    clock: '14:08:02',
    zone: 'Europe/Berlin (UTC+01:00)',
  });
  const summer = statusInput({ nowMs: Date.parse('2026-07-01T12:00:00Z'), time: createLocalTime('Europe/Berlin') });
  expect(statusView(summer).now).toBe('2026-07-01 14:00:00, Europe/Berlin (UTC+02:00)');
});

describe('the state in words', () => {
  const since = at('13:03:12');
  const down = (cause: (typeof GAP_CAUSES)[number], retryAtMs: number): CameraCondition => ({
    kind: 'down',
    sinceMs: since,
    cause,
    retryAtMs,
    detail: redact('rtsp://u:p@a/b'),
  });
  it.each<readonly [string, CameraCondition, string]>([
    ['connecting', { kind: 'connecting', sinceMs: since }, 'connecting since 14:03:12, last stored 14:00–14:15'],
    ['paused', { kind: 'paused', sinceMs: since }, 'paused since 14:03:12, last stored 14:00–14:15'],
    ['never recorded here', { kind: 'unassigned', sinceMs: since }, 'not recorded here, last stored 14:00–14:15'],
    [
      'stopped',
      { kind: 'unassigned', sinceMs: since, cause: 'removed' },
      'not recorded here: The camera was stopped or taken out of the configuration. Last stored 14:00–14:15.',
    ],
    [
      'moved',
      { kind: 'unassigned', sinceMs: since, cause: 'moved' },
      'not recorded here: The camera moved from one recorder to another. Last stored 14:00–14:15.',
    ],
    [
      'down, waiting',
      down('camera-refused', at('13:35:00')),
      'down since 14:03:12: The camera answers but refuses the stream. It is tried again at 14:35:00. Last stored 14:00–14:15.',
    ],
    [
      'down, refused in a way that is known',
      { ...down('camera-refused', at('13:35:00')), refusal: 'not-found' } as CameraCondition,
      'down since 14:03:12: The camera has no stream at this path. It is tried again at 14:35:00. Last stored 14:00–14:15.',
    ],
    [
      'down, trying',
      down('camera-unreachable', at('13:08:02')),
      'down since 14:03:12: The camera does not answer on the network. It is tried again now. Last stored 14:00–14:15.',
    ],
  ])('%s', (_name, condition, state) => {
    expect(only({ conditions: new Map([[camera1, condition]]) })?.state).toBe(state);
  });

  it.each<readonly [string, CameraCondition]>([
    ['down', down('camera-refused', 0)],
    ['connecting', { kind: 'connecting', sinceMs: since }],
    ['paused', { kind: 'paused', sinceMs: since }],
  ])('the age of the last frame stays known while a camera is %s', (_name, condition) => {
    const conditions = new Map([[camera1, condition]]);
    expect(only({ ...withUploads({ lastStored: null }), conditions })?.lastFrame).toBe('8 min ago');
    const stored = { fromMs: at('13:00:00'), toMs: at('13:08:00') };
    expect(only({ ...withUploads({ lastStored: stored }), conditions })?.lastFrame).toBe('2 s ago');
    const first = new Map([[camera1, { ...statistics, lastSealed: null }]]);
    expect(only({ ...withUploads({ lastStored: null }), statistics: first, conditions })?.lastFrame).toBe('none');
  });

  it('a camera that was stopped comes with what to do, and one that was never recorded here does not', () => {
    const todoOf = (cause?: 'removed' | 'moved') =>
      only({ conditions: new Map([[camera1, { kind: 'unassigned', sinceMs: since, cause }]]) })?.todo;
    expect(todoOf('removed')).toBe('Start its workflow again when it should record.');
    expect(todoOf('moved')).toBe('Nothing: another recorder took over.');
    expect(todoOf()).toBeNull();
  });

  describe.each(DECLINES)('a camera that is not taken here (%s)', (decline) => {
    const declined = new Map([[camera2, { decline, detail: redact('more exactly'), sinceMs: since }]]);
    const worker = { ...statusInput().worker, declined };
    const { what, todo } = declineTexts[decline];
    const row = { level: 'bad', state: `not taken since 14:03:12: ${what} It is asked for again and again.`, todo };

    it('has a row that says why and what to do', () => {
      const view = statusView(statusInput({ worker }));
      expect(view.cameras.map(({ id }) => id)).toEqual([camera1, camera2]);
      expect(view.cameras[1]).toMatchObject(row);
      expect(view.headline).toBe('1 of 2 cameras are recording.');
    });

    it.each<readonly [CameraCondition, boolean]>([
      [{ kind: 'unassigned', sinceMs: since, cause: 'removed' }, true],
      [{ kind: 'paused', sinceMs: since }, true],
      [{ kind: 'connecting', sinceMs: since }, false],
      [recording, false],
    ])('and had %o before', (condition, isTold) => {
      const conditions = new Map([[camera2, condition]]);
      const words = statusView(statusInput({ worker, conditions })).cameras.find(({ id }) => id === camera2);
      expect(words?.state.startsWith('not taken')).toBe(isTold);
    });
  });

  describe('a camera that comes and goes', () => {
    const unstable = { sinceMs: at('12:30:00'), reconnects: 14, coveredRatio: 0.961 };
    const head = 'unstable since 13:30:00: 14 reconnects/h, 96.1 % covered';
    const away = (awayMs: number): CameraCondition => ({
      ...down('stream-ended', 0),
      sinceMs: at('13:08:02') - awayMs,
      unstable,
    });

    it.each<readonly [string, CameraCondition, string, boolean]>([
      ['while it records', { ...recording, unstable }, `${head}; recording since 14:03:12, segment`, true],
      ['in a blip', away(19_999), `${head}; down since 14:07:42: The camera ended the stream.`, false],
      ['while it connects', { kind: 'connecting', sinceMs: at('13:08:00'), unstable }, `${head}; connecting`, false],
    ])('is unstable %s', (_name, condition, state, isRecording) => {
      const view = statusView(statusInput({ conditions: new Map([[camera1, condition]]) }));
      expect(view.cameras[0]).toMatchObject({ level: 'unstable', todo: UNSTABLE_TODO, isRecording });
      expect(view.cameras[0]?.state.startsWith(state)).toBe(true);
      expect(view.headline).toBe('1 of 1 camera is recording, 1 unstable.');
    });

    it('is down when it stays away for longer than a blip', () => {
      const words = only({ conditions: new Map([[camera1, away(20_000)]]) });
      expect(words).toMatchObject({ level: 'bad', isRecording: false });
      expect(words?.state).toMatch(
        /^down since 14:07:42: The camera ended the stream\. .*; unstable since 13:30:00: 14/,
      );
    });
  });

  it('every cause comes with what to do', () => {
    for (const cause of GAP_CAUSES) {
      expect(only({ conditions: new Map([[camera1, down(cause, 0)]]) })?.todo).toMatch(/\.$/);
    }
  });

  it('a segment that is sealed but not stored is said to be so', () => {
    expect(only(withUploads({ lastStored: null }))?.state).toContain(', last sealed 13:45–14:00 (not stored yet)');
  });

  it('a first segment that is still open has neither', () => {
    const first = new Map([[camera1, { ...statistics, lastSealed: null }]]);
    expect(only({ ...withUploads({ lastStored: null }), statistics: first })?.state).toBe(
      'recording since 14:03:12, segment seals at 14:15:00',
    );
  });

  it('a configured camera that nothing has taken is shown, and so is one that was added by hand', () => {
    const added = parseCameraId('added');
    const view = statusView(statusInput({ conditions: new Map([[added, recording]]), worker: statusInput().worker }));
    expect(view.cameras.map(({ id, level }) => [id, level])).toEqual([
      ['camera-1', 'off'],
      ['added', 'good'],
    ]);
  });
});

it.each([
  [{}, 'none'],
  [{ 'camera-stalled': 0.2 }, 'none'],
  [{ 'camera-stalled': 8.2 }, '8 s (camera-stalled 8 s)'],
  [{ 'camera-stalled': 8, 'disk-full': 3_700 }, '61 min (disk-full 61 min, camera-stalled 8 s)'],
])('gaps %o are told as %s', (gaps, words) => {
  expect(only({ gapsToday: () => gaps })?.gapsToday).toBe(words);
});

it.each([
  [
    { waitingSegments: 3, waitingBytes: 1_400_000_000, oldestWaitingMs: at('12:00:00') },
    '3 (1.4 GB, oldest until 13:00:00)',
  ],
  [{ lostInStore: 2 }, 'none; 2 lost in the store and sent again'],
])('uploads %o are told as %s', (more, words) => {
  expect(only(withUploads(more))?.waitingUploads).toBe(words);
});

it.each([
  ['sent again', 'Its recording was still here and is sent again under another key. Check the disks of the store.'],
  ['lost', 'Its recording is no longer here. Check the disks of the store, and whether it has a copy.'],
] as const)('an object that is damaged in the store and %s is an alarm that names it', (remedy, what) => {
  const key = parseObjectKey('camera-1/20261125/10-15-00_camera-1.mp4');
  const damaged = [{ camera: camera1, key, why: redact('its CRC-32 is 00000000'), remedy }];
  const { notices } = statusView(statusInput({ worker: { ...statusInput().worker, damaged } }));
  expect(notices).toEqual([`${key} in the store is damaged: its CRC-32 is 00000000. ${what}`]);
});

it.each([
  [[recording], '1 of 1 camera is recording.'],
  [[recording, { kind: 'connecting', sinceMs: 0 }], '1 of 2 cameras are recording.'],
  [[recording, { kind: 'paused', sinceMs: 0 }], '1 of 1 camera is recording, 1 off.'],
  [[{ kind: 'paused', sinceMs: 0 }], 'No camera is to be recorded.'],
  [[], 'There is no camera yet.'],
] as const)('the headline of %o is %s', (conditions, headline) => {
  const entries = conditions.map((condition, index) => [parseCameraId(`camera-${index + 1}`), condition] as const);
  expect(statusView(statusInput({ configured: [], conditions: new Map(entries) })).headline).toBe(headline);
});

it('what does not answer is told with what it means', () => {
  const worker = {
    ...statusInput().worker,
    temporal: { isReachable: false, sinceMs: at('13:00:00'), detail: null },
    store: { isReachable: false, sinceMs: at('13:01:00'), detail: redact('connection refused.') },
  };
  expect(statusView(statusInput({ worker })).notices).toEqual([
    'Temporal does not answer since 14:00:00. Recording and uploading go on; nothing is lost.',
    'The store does not answer as it should since 14:01:00. Recordings wait in the spool. Last try: connection refused.',
  ]);
});

it('a process that records nothing does not say that recording goes on', () => {
  const temporal = { isReachable: false, sinceMs: at('13:00:00'), detail: null };
  const worker = { ...statusInput().worker, temporal, store: null };
  expect(statusView(statusInput({ worker })).notices).toEqual([
    'Temporal does not answer since 14:00:00. Workflows go on when it does.',
  ]);
});

it('what has been away for a moment only is not told', () => {
  const away = { isReachable: false, sinceMs: at('13:08:00'), detail: null };
  const worker = { ...statusInput().worker, temporal: away };
  expect(statusView(statusInput({ worker })).notices).toEqual([]);
});

it('links lead to the workflow of the camera in its namespace', () => {
  const view = statusView(statusInput({ webUi: { url: 'http://localhost:8233', namespace: 'cams' } }));
  expect(view.webUiUrl).toBe('http://localhost:8233/namespaces/cams/workflows');
  expect(view.cameras[0]?.webUiUrl).toBe('http://localhost:8233/namespaces/cams/workflows/camera-1');
});

it('name, site and tags come from the configuration', () => {
  const configured = [cameraConfig(camera1, { name: 'Door', site: 'Home', tags: ['street'] })];
  expect(only({ configured })).toMatchObject({ name: 'Door', place: 'Home, street' });
});

it('the spool is told in a sentence', () => {
  const none = { bytes: 0, count: 0 };
  const byState = { open: none, sealed: none, uploading: none, stored: none, quarantined: none };
  const usage = { freeBytes: 12e9, totalBytes: 100e9, oldestUnsentMs: null, byState };
  const told = (spool: StatusInput['worker']['spool']) =>
    statusView(statusInput({ worker: { ...statusInput().worker, spool } })).spool;
  expect(told(null)).toBe('The spool has not been looked at yet.');
  expect(told(usage)).toBe('Spool: 12.0 GB free of 100 GB; everything sealed is stored.');
  const busy = {
    ...byState,
    sealed: { bytes: 1e9, count: 2 },
    uploading: { bytes: 4e8, count: 1 },
    quarantined: { bytes: 1, count: 1 },
  };
  expect(told({ ...usage, oldestUnsentMs: at('12:15:00'), byState: busy })).toBe(
    'Spool: 12.0 GB free of 100 GB; 3 segments (1.4 GB) wait for the store, the oldest until 13:15:00; 1 file in quarantine.',
  );
  const one = { ...byState, sealed: { bytes: 1e9, count: 1 }, quarantined: { bytes: 2, count: 2 } };
  expect(told({ ...usage, byState: one })).toContain(
    '; 1 segment (1.0 GB) waits for the store; 2 files in quarantine.',
  );
});

it('a limit that is reached is the reason, and not a full disk', () => {
  const down = {
    kind: 'down',
    cause: 'disk-full',
    sinceMs: at('13:07:00'),
    retryAtMs: at('13:09:00'),
    detail: redact(''),
  };
  const conditions = new Map([[camera1, down as CameraCondition]]);
  const { notices, cameras } = statusView(statusInput({ conditions, limitNotice: 'Enough.' }));
  expect(notices).toEqual(['Enough.']);
  expect(cameras[0]).toMatchObject({
    level: 'bad',
    state: 'stopped since 14:07:00: the limit is reached, last stored 14:00–14:15',
    todo: null,
  });
  expect(statusView(statusInput({ conditions })).cameras[0]?.state).toContain('The spool has no space left.');
});

it('a moment of sealing that has passed is not told', () => {
  const late = { ...statistics, openSegment: { startedAtMs: at('12:59:58'), sealsAtMs: at('13:00:00') } };
  const [camera] = statusView(statusInput({ statistics: new Map([[camera1, late]]) })).cameras;
  expect(camera?.state).not.toContain('seals');
});

it('gaps are told with since when they are counted, where that is not since midnight', () => {
  const since = { countedSinceMs: () => at('13:00:00') };
  expect(only(since)?.gapsToday).toBe('none, counted since 14:00:00');
  expect(only({ ...since, gapsToday: () => ({ 'camera-stalled': 8 }) })?.gapsToday).toBe(
    '8 s (camera-stalled 8 s), counted since 14:00:00',
  );
});

describe('a camera that is not configured and no longer recorded here', () => {
  const gone = { configured: [], conditions: new Map([[camera1, { kind: 'unassigned', sinceMs: 0 } as const]]) };
  const dayLater = { nowMs: at('13:15:00') + 86_400_000 };

  it('stays on the page for a day', () => {
    expect(only({ ...gone, nowMs: dayLater.nowMs - 1 })?.level).toBe('off');
    expect(statusView(statusInput({ ...gone, ...dayLater })).cameras).toEqual([]);
  });

  it('stays for as long as something of it waits', () => {
    expect(only({ ...gone, ...dayLater, ...withUploads({ waitingSegments: 1 }) })?.waitingUploads).toMatch(/^1 /);
  });

  it('stays for ever when it is configured', () => {
    expect(only({ ...dayLater, conditions: gone.conditions })?.level).toBe('off');
  });
});

it('the status shows what is recorded, and says so of a camera that records well, too', () => {
  const recorded = { ...cameraConfig(camera1).spec, segmentDurationSec: 20 };
  const [camera] = statusView(statusInput({ specs: new Map([[camera1, recorded]]) })).cameras;
  expect(camera).toMatchObject({ level: 'good', segmentSec: 20, todo: expect.stringContaining('--name reconfigure') });
  expect(statusView(statusInput()).cameras[0]?.todo).toBeNull();
});
