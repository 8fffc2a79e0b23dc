/** Temporal and the spool outlive a process that dies while it announces; INV-3 holds when the next one has announced. */
import { WorkflowNotFoundError } from '@temporalio/client';
import { expect, it } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { type CameraId, parseCameraId } from '../../src/domain/ids.js';
import { Announcer } from '../../src/workers/announce.js';
import { ItemRetries } from '../../src/workers/item-retries.js';
import { createLink } from '../../src/workers/link.js';
import { UploadLedger } from '../../src/workers/upload-ledger.js';
import { type SegmentNotice, uploadWorkflowIdOf } from '../../src/workflows/contract.js';
import { type FailingDisk, failingDisk } from '../spool/failing-disk.js';
import { silent } from '../spool/segments.js';
import { MemorySpool } from '../support/memory-spool.js';
import { segmentOf, TEST_POLICIES } from '../support/worker-harness.js';

const [OPEN, CLOSED] = [parseCameraId('open'), parseCameraId('closed')];

/** What Temporal knows outlives the process. */
class KnownSegments {
  readonly signalled = new Set<string>();
  readonly started = new Set<string>();
}

async function announce(spool: MemorySpool, temporal: KnownSegments, power: FailingDisk): Promise<void> {
  const ofBoth = { clock: systemClock, log: silent };
  const announcer = new Announcer({
    ...ofBoth,
    spool,
    policies: TEST_POLICIES,
    timezone: 'UTC',
    ledger: new UploadLedger({ ...ofBoth, store: createLink('store', systemClock, silent) }),
    retries: new ItemRetries({ ...ofBoth, name: 'announce', everyMs: 1, failed: () => undefined }),
  });
  const signal = async (of: CameraId, notices: readonly SegmentNotice[]): Promise<void> => {
    await power.step('signal');
    if (of === CLOSED) throw new WorkflowNotFoundError('closed', of, undefined);
    for (const { segment } of notices) temporal.signalled.add(segment);
    await power.step('signal answered');
  };
  const start = async (_type: string, { workflowId }: { readonly workflowId: string }): Promise<void> => {
    await power.step('start');
    temporal.started.add(workflowId);
    await power.step('start answered');
  };
  const getHandle = (of: CameraId) => ({
    signal: async (_name: string, notices: readonly SegmentNotice[]) => await signal(of, notices),
  });
  const ask = async (rpc: (client: unknown) => Promise<unknown>) => await rpc({ workflow: { getHandle, start } });
  await announcer.announce({ ask } as never, AbortSignal.timeout(20_000));
}

it('a process that dies before any step of announcing leaves no segment untold, and starts no upload twice', async () => {
  for (let step = 0; ; step += 1) {
    const temporal = new KnownSegments();
    const spool = new MemorySpool('announces');
    const segments = [OPEN, CLOSED].flatMap((of) => Array.from({ length: 60 }, (_, n) => segmentOf(of, spool, n)));
    for (const segment of segments) spool.add(segment);
    const power = failingDisk();
    power.crashAt(step);
    await announce(spool, temporal, power).catch(() => undefined);
    if (!power.hasCrashed) {
      expect(power.steps.filter((name) => name === 'signal')).toHaveLength(2 + 2);
      expect(power.steps.filter((name) => name === 'start')).toHaveLength(60);
      break;
    }
    await announce(spool, temporal, failingDisk());
    const told = segments.filter(
      ({ id }) => temporal.signalled.has(id) || temporal.started.has(uploadWorkflowIdOf(id)),
    );
    expect(told).toHaveLength(segments.length);
    // Of the camera without a workflow, each by its own id; of the other one none: its workflow does that.
    expect([...temporal.started].toSorted()).toEqual(
      segments
        .filter((one) => one.camera === CLOSED)
        .map(({ id }) => uploadWorkflowIdOf(id))
        .toSorted(),
    );
  }
});
