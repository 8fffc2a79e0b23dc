import { expect, test } from 'vitest';
import { DEFAULT_SPEC } from '../../src/domain/camera.js';
import { DECLINES, declineTexts } from '../../src/domain/declines.js';
import { parseCameraId, parseRecorderId, parseSegmentId, parseSessionId } from '../../src/domain/ids.js';
import { UNSTABLE_TODO } from '../../src/domain/instability.js';
import { redact } from '../../src/redact.js';
import { detailsOf, segmentSummaryOf, stateWordOf } from '../../src/workflows/camera-details.js';
import type { CameraStatus } from '../../src/workflows/contract.js';
import { stampIn } from '../../src/workflows/stamp.js';

const AT_MS = Date.UTC(2025, 11, 14, 1, 30);
const session = parseSessionId('20251214T013000Z-7f3a');

function status(condition: CameraStatus['condition'], more: Partial<CameraStatus> = {}): CameraStatus {
  return {
    camera: parseCameraId('camera-1'),
    desired: 'record',
    pauseReason: null,
    recorder: parseRecorderId('r1'),
    condition,
    spec: { ...DEFAULT_SPEC, source: { kind: 'secret', name: 'camera-1' } },
    timezone: null,
    lastEndedAtMs: null,
    stopping: null,
    recent: [],
    declined: [],
    ...more,
  };
}

const unstable = { sinceMs: AT_MS - 60_000, reconnects: 14, coveredRatio: 0.961 };

const down = {
  kind: 'down',
  sinceMs: AT_MS,
  cause: 'camera-refused',
  retryAtMs: AT_MS + 60_000,
  detail: redact('401 Unauthorized'),
} as const;

test.each([
  [
    'recording',
    status({ kind: 'recording', sinceMs: AT_MS, session, lastFrameAtMs: AT_MS }),
    'Recording since 2025-12-14 01:30:00Z',
  ],
  [
    'recording',
    status({ kind: 'recording', sinceMs: AT_MS, session, lastFrameAtMs: AT_MS, unstable }),
    'Unstable since 2025-12-14 01:29:00Z: 14 reconnects/h, 96.1 % covered',
  ],
  ['connecting', status({ kind: 'connecting', sinceMs: AT_MS, unstable }), UNSTABLE_TODO],
  ['down', status({ ...down, unstable }), 'Not recording since 2025-12-14 01:30:00Z: The camera answers'],
  ['down', status(down), 'The camera answers but refuses the stream.'],
  ['down', status(down), 'Check the camera account'],
  ['down', status({ ...down, refusal: 'not-found' }), 'The camera has no stream at this path.'],
  ['down', status({ ...down, refusal: 'not-found' }), 'Check the path'],
  ['down', status(down), '401 Unauthorized. Next try at 2025-12-14 01:31:00Z'],
  ['unassigned', status({ kind: 'unassigned', sinceMs: AT_MS }, { recorder: null }), 'Waiting for a recorder'],
  ['unassigned', status({ kind: 'unassigned', sinceMs: AT_MS }), 'Start a recorder that has the secret'],
  ['unassigned', status({ kind: 'unassigned', sinceMs: AT_MS }), 'the last failure of the activity `assignCamera`'],
  ['connecting', status({ kind: 'connecting', sinceMs: AT_MS }), 'Connecting since'],
  ['paused', status({ kind: 'paused', sinceMs: AT_MS }), 'Paused since'],
  [
    'paused',
    status({ kind: 'paused', sinceMs: AT_MS }, { desired: 'pause', pauseReason: '[wall](x) *wet*' }),
    'Paused since 2025-12-14 01:30:00Z:  wall (x)  wet ',
  ],
  ['paused', status({ kind: 'connecting', sinceMs: AT_MS }, { desired: 'pause' }), 'Paused since'],
  [
    'connecting',
    status({ kind: 'connecting', sinceMs: AT_MS }, { stopping: 'reconfigured' }),
    'Stopping (reconfigured)',
  ],
  ['removed', status({ kind: 'removed', sinceMs: AT_MS }), 'Stopped (cancelled) at 2025-12-14 01:30:00Z'],
  ['removed', status({ kind: 'removed', sinceMs: AT_MS }, { desired: 'pause' }), 'Start its workflow again'],
  ['removed', status({ kind: 'removed', sinceMs: AT_MS }), 'The camera was stopped or taken out of the configuration.'],
  [
    'unassigned',
    status({ kind: 'unassigned', sinceMs: AT_MS, cause: 'moved' }),
    'The camera moved from one recorder to another.',
  ],
] as const)('a camera that is %s says so in words', (word, given, expected) => {
  expect(detailsOf(given)).toContain(expected);
  expect(stateWordOf(given)).toBe(word);
});

test('a camera that nobody takes says who does not, why, and what to do', () => {
  const declined = DECLINES.map((decline, index) => ({
    recorder: parseRecorderId(`r${index}`),
    decline,
    detail: redact('it said so'),
    sinceMs: AT_MS,
  }));
  const lines = detailsOf(status({ kind: 'unassigned', sinceMs: AT_MS }, { recorder: null, declined })).split('\n');
  expect(lines[0]).toBe('**Waiting for a recorder since 2025-12-14 01:30:00Z**');
  expect(lines.filter((line) => line.startsWith('- '))).toEqual(
    DECLINES.map((decline, index) => {
      const { what, todo } = declineTexts[decline];
      return `- \`r${index}\` does not take it since 2025-12-14 01:30:00Z: ${what} ${todo} It said: it said so.`;
    }),
  );
});

test.each([
  ['Europe/Berlin', '2025-12-14 02:30:00 UTC+01:00'],
  ['America/St_Johns', '2025-12-13 22:00:00 UTC-03:30'],
  ['UTC', '2025-12-14 01:30:00 UTC+00:00'],
  [null, '2025-12-14 01:30:00Z'],
  ['Mars/Olympus_Mons', '2025-12-14 01:30:00Z'],
])('every time is written in the zone of the site: %s', (timezone, moment) => {
  const segment = parseSegmentId('camera-1_20251214T013000Z-7f3a_0000');
  const recent = [{ segment, fromMs: AT_MS, toMs: AT_MS + 900_000, sizeBytes: 498_000_000 }];
  const details = detailsOf(status({ ...down, retryAtMs: AT_MS }, { timezone, recent }));
  expect(details).toContain(`Not recording since ${moment}:`);
  expect(details).toContain(`Next try at ${moment}.`);
  expect(details).toContain(`| ${moment} | 900 |`);
  expect(recent.map((one) => segmentSummaryOf(one, stampIn(timezone)))).toEqual([`${moment}, 900 s, 498.0 MB`]);
});

test('the newest five segments are listed, newest first, by their workflow ids', () => {
  const recent = Array.from({ length: 7 }, (_, index) => ({
    segment: parseSegmentId(`camera-1_20251214T013000Z-7f3a_000${index}`),
    fromMs: AT_MS + index * 900_000,
    toMs: AT_MS + (index + 1) * 900_000,
    sizeBytes: 498_000_000,
  }));
  const rows = detailsOf(status({ kind: 'connecting', sinceMs: AT_MS }, { recent }))
    .split('\n')
    .filter((line) => line.includes('upload/'));
  expect(rows).toHaveLength(5);
  expect(rows[0]).toBe('| `upload/camera-1_20251214T013000Z-7f3a_0006` | 2025-12-14 03:00:00Z | 900 | 498.0 MB |');
  expect(recent.slice(0, 1).map((one) => segmentSummaryOf(one, stampIn(null)))).toEqual([
    '2025-12-14 01:30:00Z, 900 s, 498.0 MB',
  ]);
});
