/** A disk of its own stalls, and then is full; two cameras are recorded meanwhile. Needs the right to mount. */
import { beforeAll, describe, expect, it } from 'vitest';
import { diskFull } from '../fault/single/disk-full.js';
import { diskStalled } from '../fault/single/disk-stalled.js';
import type { SystemAudit } from '../support/audit/system-audit.js';
import { startDiskBench } from '../support/faults/disk-bench.js';
import type { FaultBench } from '../support/faults/fault-bench.js';
import { diskFaultsOf, type OwnDisk } from '../support/faults/own-disk.js';
import { proveFault } from '../support/faults/single-fault.js';

const SEGMENT_SEC = 4;

describe('two cameras are recorded, and every frame counted, when', () => {
  let disk: OwnDisk;
  let bench: FaultBench;
  let audit: SystemAudit;
  beforeAll(async () => {
    ({ disk, bench, audit } = await startDiskBench(SEGMENT_SEC));
  });

  it.each([diskStalled, diskFull])('$what', async (single) => {
    await proveFault(bench, [0, 1], { ...single, fault: single.faultOf(diskFaultsOf(disk)) });
  });

  it('and the program leaves nothing', async () => {
    expect((await audit.finish()).complaints).toEqual([]);
  });
});
