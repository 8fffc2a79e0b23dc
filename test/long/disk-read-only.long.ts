import { beforeAll, describe, expect, it } from 'vitest';
import type { SystemAudit } from '../support/audit/system-audit.js';
import { startDiskBench } from '../support/faults/disk-bench.js';
import type { Fault } from '../support/faults/fault.js';
import type { FaultBench } from '../support/faults/fault-bench.js';
import { diskFaultsOf, type OwnDisk } from '../support/faults/own-disk.js';
import { proveFault } from '../support/faults/single-fault.js';
import { waitFor } from '../support/wait-for.js';

const SEGMENT_SEC = 15;
/** By then the file of this segment has been synced, with its name: what had not been may be gone with the disk's memory. */
const SYNCED_MS = 8_000;
const HELD_MS = 20_000;
/** Of a program that cannot seal: its stop waits for that until its deadline of 40 s. */
const STOP_AND_START_MS = 75_000;

describe('a disk that turned read-only', () => {
  let disk: OwnDisk;
  let bench: FaultBench;
  let audit: SystemAudit;
  beforeAll(async () => {
    ({ disk, bench, audit } = await startDiskBench(SEGMENT_SEC));
  });

  it('costs what cannot be written until it was repaired, and every frame is counted', async () => {
    const { readOnly } = diskFaultsOf(disk);
    const repaired: Fault = {
      ...readOnly,
      inject: async (victim) => ({
        ...(await readOnly.inject(victim)),
        heal: async () => {
          expect(await bench.system.status(victim.id)).toMatchObject({
            level: 'bad',
            state: expect.stringContaining('cannot be written'),
          });
          await bench.system.recorder.stop();
          await disk.repair();
          bench.startAgain();
        },
      }),
    };
    const isSynced = (): boolean => Date.now() % (SEGMENT_SEC * 1_000) > SYNCED_MS;
    await waitFor(isSynced, { what: 'a file that is synced', deadlineMs: 2 * SEGMENT_SEC * 1_000 });
    await proveFault(bench, [0, 1], {
      what: 'the disk is read-only for 20 s, and repaired',
      fault: repaired,
      holdMs: HELD_MS,
      causes: ['recorder-restarted'],
      mostLostMs: HELD_MS + STOP_AND_START_MS,
    });
    expect((await audit.finish()).complaints).toEqual([]);
  });
});
