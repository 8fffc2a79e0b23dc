import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseCameraId, parseSessionId } from '../../src/domain/ids.js';
import { parseKeeperEvent, parseKeeperRequest } from '../../src/keeper/parse-message.js';
import type { KeeperEvent, KeeperRequest } from '../../src/keeper/protocol.js';

const session = parseSessionId('20251214T013002Z-7f3a');
const camera = parseCameraId('camera-1');
const process = { session, camera, pid: 1, startedAtMs: 2 };

const requests: readonly KeeperRequest[] = [
  { kind: 'spawn', id: 1, session, camera, argv: ['ffmpeg', '-version'], ffconcat: 'x', cwd: '/spool' },
  { kind: 'signal', id: 2, session, signal: 'SIGKILL' },
  { kind: 'list', id: 3 },
  { kind: 'heard', session },
  { kind: 'alive' },
  { kind: 'ready' },
];
const events: readonly KeeperEvent[] = [
  { kind: 'spawned', id: 1, process },
  { kind: 'spawn-failed', id: 1, code: 'ENOENT', message: 'x' },
  { kind: 'signalled', id: 2, delivered: true },
  { kind: 'listed', id: 3, processes: [process] },
  { kind: 'exited', session, code: null, signal: 'SIGKILL' },
  { kind: 'leave', mode: 'detach' },
  {
    kind: 'supervision',
    supervision: {
      starts: { first: 1, upgrade: 2, memory: 3, hung: 4, crashed: 5 },
      recentFailures: 6,
      memory: { limitBytes: 7, allowedBytes: 8, usedBytes: 9, isTooLow: true },
    },
  },
];

test.each(requests)('the request $kind is understood, also with fields of a later version', (request) => {
  expect(parseKeeperRequest(JSON.parse(JSON.stringify({ ...request, later: 1 })))).toEqual(request);
});

test.each(events)('the event $kind is understood, also with fields of a later version', (event) => {
  expect(parseKeeperEvent(JSON.parse(JSON.stringify({ ...event, later: 1 })))).toEqual(event);
});

test.each([
  null,
  'list',
  {},
  { kind: 'dance' },
  { kind: 'list' },
  { kind: 'list', id: Number.NaN },
  { ...requests[0], session: '../..' },
  { ...requests[0], camera: 'Not A Camera' },
  { ...requests[0], argv: ['ffmpeg', 1] },
  { ...requests[0], cwd: undefined },
  { ...requests[1], signal: 'SIGSTOP' },
])('%j is no request', (message) => {
  expect(parseKeeperRequest(message)).toBeUndefined();
});

test.each([
  { kind: 'spawned', id: 1, process: null },
  { kind: 'listed', id: 1, processes: {} },
  { kind: 'exited', session, code: '1', signal: null },
  { kind: 'supervision', supervision: { starts: { first: 1 }, recentFailures: 0, memory: null } },
])('%j is no event', (message) => {
  expect(parseKeeperEvent(message)).toBeUndefined();
});

test('whatever arrives, parsing it never throws', () => {
  const kinds = [...requests, ...events].map(({ kind }) => kind);
  const message = fc.record({
    kind: fc.constantFrom(...kinds),
    id: fc.anything(),
    session: fc.anything(),
    process: fc.anything(),
    processes: fc.anything(),
  });
  fc.assert(
    fc.property(fc.oneof(message, fc.anything()), (anything) => {
      parseKeeperRequest(anything);
      parseKeeperEvent(anything);
    }),
  );
});
