/** What was not told of in an outage of Temporal is told of as soon as it is back, whatever failed before and in which order. */
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { type CameraId, parseCameraId, partsOf } from '../../src/domain/ids.js';
import { Announcer } from '../../src/workers/announce.js';
import { ItemRetries } from '../../src/workers/item-retries.js';
import { createLink } from '../../src/workers/link.js';
import type { TemporalSession } from '../../src/workers/temporal/connection.js';
import { UploadLedger } from '../../src/workers/upload-ledger.js';
import type { SegmentNotice } from '../../src/workflows/contract.js';
import { policiesOf } from '../../src/workflows/policies.js';
import { MemorySpool } from '../support/memory-spool.js';
import { segmentOf } from '../support/worker-harness.js';

const CAMERAS = ['camera-1', 'camera-2'].map(parseCameraId);
const UNTIL_ABORTED = new AbortController().signal;

/** A segment of each camera waits. `fails`: what Temporal does when it is told of a camera. */
function waitingSegments(fails: (camera: CameraId) => boolean) {
  const log = pino({ level: 'silent' });
  const clock = systemClock;
  const spool = new MemorySpool('announcing');
  for (const camera of CAMERAS) {
    const segment = segmentOf(camera, spool, 0);
    spool.segments.set(segment.id, { kind: 'sealed', segment, sealedAtMs: 0 });
  }
  const told: CameraId[] = [];
  const signal = async (camera: CameraId, notices: readonly SegmentNotice[]): Promise<void> => {
    if (fails(camera)) throw new Error('deadline exceeded');
    told.push(...notices.map(({ segment }) => partsOf(segment).camera));
  };
  const client = {
    workflow: { getHandle: (id: CameraId) => ({ signal: async (_: string, n: never) => await signal(id, n) }) },
  };
  const session = {
    ask: async (rpc: (with_: unknown) => Promise<unknown>) => await rpc(client),
  } as unknown as TemporalSession;
  const announcer = new Announcer({
    spool,
    ledger: new UploadLedger({ clock, log, store: createLink('store', clock, log) }),
    policies: policiesOf(),
    timezone: 'UTC',
    retries: new ItemRetries({ name: 'announce', everyMs: 30_000, clock, log, failed: () => undefined }),
    clock,
    log,
  });
  return { announcer, told, pass: async () => await announcer.announce(session, UNTIL_ABORTED) };
}

test('a camera whose announcement failed in an outage is announced when Temporal is back, not when its back-off is over', async () => {
  let isAway = true;
  const { announcer, told, pass } = waitingSegments((camera) => isAway && camera === 'camera-1');
  await pass();
  isAway = false;
  await pass();
  expect(told).toEqual(['camera-2']);
  announcer.forgive();
  await pass();
  expect(told).toEqual(['camera-2', 'camera-1']);
});

test('also when Temporal comes back while its announcement is still failing', async () => {
  let hasComeBack = false;
  const { announcer, told, pass } = waitingSegments((camera) => {
    if (camera !== 'camera-1' || hasComeBack) return false;
    hasComeBack = true;
    announcer.forgive();
    return true;
  });
  await pass();
  await pass();
  expect(told).toEqual(['camera-2', 'camera-1']);
});
